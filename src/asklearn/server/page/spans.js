// @ts-check
/**
 * Passages of a text. The browser's own selection is the cursor, taken word by word; a key labels what it holds; Enter
 * sends all of them. The whole text is in the document, but laid out only near what is seen.
 */

import { Choices } from "./choices.js";
import { button, make } from "./dom.js";
import { say, speak } from "./notices.js";
import { blocks, Points, tokens, touched } from "./tokens.js";
import { brief, percent } from "./words.js";

/**
 * @typedef {import("./api.js").Label} Label
 * @typedef {import("./api.js").Question} Question
 * @typedef {import("./api.js").Span} Span
 * @typedef {import("./tokens.js").Piece} Piece
 * @typedef {import("./answering.js").Widget} Widget
 * @typedef {Piece & {label: string, p?: number}} Mark p: the model's, until a person has said so
 * @typedef {Piece & {element: HTMLElement, drawn?: string}} Block
 */

/** @implements {Widget} */
export class Spans {
  held = /arrow|^home$|^end$/;
  #names;
  #give;
  #choices;
  #root;
  #place;
  #text = "";
  #points = new Points("");
  /** @type {Piece[]} */
  #tokens = [];
  /** @type {Block[]} */
  #blocks = [];
  /** @type {Mark[]} in the order of the text, none over another */
  #marks = [];
  /** @type {Mark[][]} as they were before each change */
  #before = [];
  #decided = false; // somebody, or the model, has said something: without that, no passage is no answer
  /** @type {Set<Mark>} proposals that were looked at */
  #visited = new Set();

  /** @param {string[]} names @param {string[]} keys @param {import("./answering.js").Place} place */
  constructor(names, keys, place) {
    this.#names = names;
    this.#give = place.give;
    this.#root = place.choices;
    this.#place = place.item;
    this.#choices = new Choices(names, keys, place, (index) => this.#label(names[index]));
    const none = button("None", "X", () => this.#reject());
    this.#root.append(make("div", { className: "sending" }, none, button("Send", "Enter", () => this.accept(), "primary")));
    this.#choices.buttons.forEach((choice, index) => this.#colour(choice, names[index]));
    this.#place.addEventListener("click", () => this.#pointed());
    document.addEventListener("selectionchange", () => this.#looks());
  }

  /** @returns {Label | null} */
  get draft() {
    return this.#decided ? this.#marks.map((mark) => ({ ...mark, start: this.#points.of(mark.start), end: this.#points.of(mark.end) })) : null;
  }

  /** @param {Question} question */
  paint({ content }) {
    this.#text = content.kind === "text" ? content.text : "";
    this.#points = new Points(this.#text);
    this.#tokens = tokens(this.#text);
    this.#blocks = blocks(this.#text).map((piece) => ({ ...piece, element: make("div", { dir: "auto" }) }));
    this.#place.className = "passages";
    this.#place.replaceChildren(...this.#blocks.map((block) => block.element));
    this.#place.scrollTop = 0;
  }

  /** @param {Question} question @param {Label | null} given @param {Label | null} draft */
  show({ proposal }, given, draft) {
    const start = /** @type {Span[] | null} */ (draft ?? given ?? proposal?.spans ?? proposal?.label ?? null);
    this.#decided = start !== null;
    this.#marks = (start ?? []).map(({ start, end, label, p, probability = p }) => ({ start: this.#points.unit(start), end: this.#points.unit(end), label, p: probability }));
    this.#before = [];
    this.#visited.clear();
    this.#draw();
  }

  accept() {
    const spans = /** @type {Span[] | null} */ (this.draft);
    if (spans) this.#give(spans.map(({ start, end, label }) => ({ start, end, label })));
    else say("The model proposes nothing here: mark the words, or press X where there is nothing to mark.");
  }

  /** @param {string} key */
  press(key) {
    if (this.#choices.press(key)) return true;
    if (/^(shift\+)?(arrow\w+|home|end)$/.test(key)) this.#move(key.replace("shift+", ""), key.startsWith("shift"));
    else if (key === "delete") this.#remove(this.#touching);
    else if (key === "x") this.#reject();
    else if (key === "tab") return this.#uncertain();
    else if (key === "ctrl+z" && this.#before.length) this.#restore();
    else if (key === "escape" && this.#at) getSelection()?.removeAllRanges();
    else return false;
    return true;
  }

  // ---- what is marked

  /** The tokens that are selected: where that began, and where it ends. @returns {[number, number] | null} */
  get #at() {
    const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = /** @type {Selection} */ (getSelection());
    if (isCollapsed || !this.#place.contains(anchorNode) || !this.#place.contains(focusNode)) return null;
    const [from, to] = [this.#unit(/** @type {Node} */ (anchorNode), anchorOffset), this.#unit(/** @type {Node} */ (focusNode), focusOffset)];
    const found = touched(this.#tokens, Math.min(from, to), Math.max(from, to));
    return found && (from < to ? found : [found[1], found[0]]);
  }

  /** @param {[number, number]} at @returns {Piece} */
  #piece([anchor, focus]) {
    return { start: this.#tokens[Math.min(anchor, focus)].start, end: this.#tokens[Math.max(anchor, focus)].end };
  }

  /** The marks that the cursor touches. */
  get #touching() {
    const at = this.#at;
    const { start, end } = at ? this.#piece(at) : { start: 0, end: 0 };
    return this.#marks.filter((mark) => mark.start < end && start < mark.end);
  }

  /** @param {string} label */
  #label(label) {
    const at = this.#at;
    if (!at) return say("Choose the words first: with the arrow keys, or by dragging over them.");
    const there = this.#touching;
    const { start, end } = at[0] === at[1] && there.length ? there[0] : this.#piece(at); // a cursor in a passage means all of it
    this.#change([...this.#marks.filter((mark) => !there.includes(mark)), { start, end, label }]);
    speak(`${label}: ${brief(this.#text.slice(start, end))}`);
  }

  /** Take off what the cursor touches, or without one all. */
  #reject() {
    if (this.#at) return this.#remove(this.#touching);
    this.#change([]);
    say("Nothing is marked. Enter sends that.");
  }

  /** @param {Mark[]} gone */
  #remove(gone) {
    if (!gone.length) return say("There is no passage at the cursor.");
    this.#change(this.#marks.filter((mark) => !gone.includes(mark)));
    speak(`Removed: ${gone.map(({ label }) => label).join(", ")}`);
  }

  #restore() {
    this.#marks = /** @type {Mark[]} */ (this.#before.pop());
    this.#draw();
    speak(`Undone. Marked: ${this.#marks.map(({ label }) => label).join(", ") || "nothing"}`);
  }

  /** @param {Mark[]} marks */
  #change(marks) {
    this.#before.push(this.#marks);
    this.#marks = marks.sort((one, other) => one.start - other.start);
    this.#decided = true;
    this.#draw();
  }

  // ---- the cursor

  /** @param {string} key @param {boolean} extend */
  #move(key, extend) {
    const last = this.#tokens.length - 1;
    const at = this.#at;
    const from = at?.[1] ?? 0;
    if (last < 0) return;
    const rightwards = getComputedStyle(this.#block(this.#tokens[from].start).element).direction === "rtl" ? -1 : 1;
    const steps = { home: -last, end: last, arrowleft: -rightwards, arrowright: rightwards }[key];
    const wanted = steps === undefined ? this.#line(from, key === "arrowdown") : at || Math.abs(steps) > 1 ? from + steps : from;
    const to = Math.min(last, Math.max(0, wanted));
    this.#select([extend && at ? at[0] : to, to]);
  }

  /** The token above or below, as the lines break now. @param {number} token @param {boolean} down */
  #line(token, down) {
    const selection = /** @type {Selection} */ (getSelection());
    selection.collapse(...this.#spot(this.#tokens[token].start));
    selection.modify("move", down ? "forward" : "backward", "line");
    const { focusNode, focusOffset } = selection;
    const unit = this.#place.contains(focusNode) ? this.#unit(/** @type {Node} */ (focusNode), focusOffset) : this.#tokens[token].start;
    return (touched(this.#tokens, unit, this.#text.length) ?? [this.#tokens.length - 1])[0];
  }

  /** Go to the proposal that is least certain of those not looked at. @returns {boolean} whether there was one */
  #uncertain() {
    const waiting = this.#marks.filter((mark) => mark.p !== undefined && !this.#visited.has(mark));
    const busy = document.activeElement !== document.body && document.activeElement !== this.#place;
    if (busy || !waiting.length) return false; // the key goes on to the next button, as everywhere
    const next = waiting.reduce((one, other) => ((other.p ?? 1) < (one.p ?? 1) ? other : one));
    this.#visited.add(next);
    this.#select(touched(this.#tokens, next.start, next.end));
    return true;
  }

  /** A click takes the passage or the word there, a drag whole words. */
  #pointed() {
    const { isCollapsed, focusNode, focusOffset } = /** @type {Selection} */ (getSelection());
    if (!isCollapsed || !this.#place.contains(focusNode)) return this.#select(this.#at);
    const unit = this.#unit(/** @type {Node} */ (focusNode), focusOffset);
    const { start, end } = this.#marks.find((mark) => mark.start <= unit && unit < mark.end) ?? { start: unit, end: unit };
    this.#select(touched(this.#tokens, start, end));
  }

  /** @param {[number, number] | null} at */
  #select(at) {
    if (!at) return;
    const { start, end } = this.#piece(at);
    const [from, to] = at[0] <= at[1] ? [start, end] : [end, start];
    const selection = /** @type {Selection} */ (getSelection());
    selection.setBaseAndExtent(...this.#spot(from), ...this.#spot(to));
    this.#reveal(this.#tokens[at[1]]);
    const labels = this.#touching.map(({ label, p }) => `, ${label}${p === undefined ? "" : ` proposed, ${percent(p)}`}`);
    speak(`${brief(this.#text.slice(start, end))}${labels.join("")}`);
  }

  /** Scroll to where a token is. @param {Piece} token */
  #reveal({ start, end }) {
    const range = document.createRange();
    range.setStart(...this.#spot(start));
    range.setEnd(...this.#spot(end));
    const { top, bottom } = range.getBoundingClientRect();
    const own = this.#place.scrollHeight > this.#place.clientHeight;
    const [above, below] = own ? [this.#place.getBoundingClientRect().top, this.#place.getBoundingClientRect().bottom] : [0, this.#root.getBoundingClientRect().top];
    (own ? this.#place : window).scrollBy(0, Math.min(0, top - above - 24) || Math.max(0, bottom - below + 24));
  }

  // ---- on the screen

  #draw() {
    const at = this.#at;
    for (const block of this.#blocks) this.#fill(block);
    this.#select(at);
    this.#looks();
  }

  #looks() {
    const here = new Set(this.#touching.map(({ label }) => label));
    const count = (/** @type {string} */ name) => this.#marks.filter(({ label }) => label === name).length || "";
    this.#choices.draw(this.#names.map((name) => ({ chance: null, mark: String(count(name)), chosen: here.has(name) })), true);
  }

  /** The block's text with its marks, unless it stands there already. @param {Block} block */
  #fill(block) {
    const inside = this.#marks.filter(({ start, end }) => start < block.end && block.start < end);
    const drawn = JSON.stringify(inside);
    if (drawn === block.drawn) return;
    block.drawn = drawn;
    const parts = [];
    let at = block.start;
    for (const { start, end, label, p } of inside) {
      const [from, to] = [Math.max(start, block.start), Math.min(end, block.end)];
      const element = make("mark", { className: p === undefined ? "" : "proposed" }, this.#text.slice(from, to));
      // What the style sheet writes behind it is no part of the text: offsets and copies stay right.
      if (to === end) element.dataset.label = p === undefined ? label : `${label} ${percent(p)}?`;
      this.#colour(element, label);
      parts.push(this.#text.slice(at, from), element);
      at = to;
    }
    block.element.replaceChildren(...parts, this.#text.slice(at, block.end));
  }

  /** A colour for each label, beside its name. @param {HTMLElement} element @param {string} label */
  #colour(element, label) {
    element.style.setProperty("--hue", String((20 + 137.5 * this.#names.indexOf(label)) % 360));
  }

  /** @param {number} unit */
  #block(unit) {
    return this.#blocks.find(({ end }) => unit < end) ?? this.#blocks[this.#blocks.length - 1];
  }

  /** Where in the document an offset of the text is. @param {number} unit @returns {[Node, number]} */
  #spot(unit) {
    const block = this.#block(unit);
    let left = unit - block.start;
    for (const part of block.element.childNodes) {
      const length = part.textContent?.length ?? 0;
      if (left <= length) return [part.firstChild ?? part, left];
      left -= length;
    }
    return [block.element, block.element.childNodes.length];
  }

  /** The offset in the text of a place in the document. @param {Node} node @param {number} offset */
  #unit(node, offset) {
    const block = this.#blocks.find(({ element }) => element.contains(node));
    if (!block) return this.#blocks[offset]?.start ?? this.#text.length;
    const range = document.createRange();
    range.setStart(block.element, 0);
    range.setEnd(node, offset);
    return block.start + range.toString().length;
  }
}
