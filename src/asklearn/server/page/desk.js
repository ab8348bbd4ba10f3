// @ts-check
/** One item at a time: what is asked, what is on screen, and what becomes of a decision. */

import { painted, the, write } from "./dom.js";
import { words } from "./history.js";
import { show, summary, visible } from "./item.js";
import { fresh, named } from "./keys.js";
import { say, speak } from "./notices.js";
import { uuid } from "./outbox.js";

/**
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Kind} Kind
 * @typedef {import("./api.js").Label} Label
 * @typedef {import("./api.js").Question} Question
 * @typedef {import("./history.js").Decision} Decision
 *
 * @typedef {object} Parts
 * @property {import("./answering.js").Widget} widget
 * @property {import("./history.js").History} history
 * @property {import("./outbox.js").Outbox} outbox
 * @property {import("./queue.js").Queue} queue
 * @property {() => void} after once the change has been painted
 */

const THOUGHT = 300; // seconds; whoever takes longer was away
const DOUBLE = 200; // ms; the second half of a double click is no decision on the next item

export class Desk {
  /** @type {Question | null} what is asked now */
  question = null;
  note = "";
  /** @type {Label | null} what was chosen for it before something else came on screen */
  draft = null;

  /** @type {Question | null} what is on screen: that, or an item of the history */
  #shown = null;
  /** @type {Decision | null} where that is of the history: which */
  #past = null;
  #shownAt = 0; // performance.now(), moved on by the time the page was out of sight
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    let hiddenAt = 0;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) hiddenAt = performance.now();
      else this.#shownAt += performance.now() - hiddenAt;
    });
  }

  get empty() {
    return !this.#shown;
  }

  /** Whether a click is too early to be meant for what is on screen. */
  get surprising() {
    return performance.now() - this.#shownAt < DOUBLE;
  }

  /** What is chosen for the question and not sent. @returns {Label | null} */
  get chosen() {
    return this.question && this.#shown === this.question ? this.#parts.widget.draft : this.draft;
  }

  /** Something came into the queue: take it, if nothing is asked. */
  next() {
    const { queue } = this.#parts;
    if (this.question || !queue.ahead.length) return;
    this.#step(() => this.#take());
    speak(this.#shown ? `Next: ${summary(this.#shown)}` : "");
  }

  /** @param {Label} label */
  give(label) {
    this.decide("label", label);
  }

  /**
   * One answer to what is on screen, and on to the next.
   *
   * @param {Exclude<Kind, "note">} kind
   * @param {Label} [label]
   */
  decide(kind, label) {
    const { history, outbox } = this.#parts;
    const past = history.open;
    const asked = past?.question ?? this.question;
    if (!asked) return;
    if (kind === "label" && !visible(asked)) return say("The image is still on its way.");
    if (past?.kind === kind && same(past.label, label) && !this.note) return this.back(); // it stands as it is
    const decision = this.#decision(asked, kind, label);
    if (past) decision.corrects = past.key;
    outbox.put(this.#answer(decision), summary(asked));
    history.add(decision);
    this.#step(() => {
      if (past) history.open = null;
      else this.#take();
      this.note = "";
    });
    speak(`${past ? "Corrected to " : ""}${words(decision)}. ${this.#shown ? `Next: ${summary(this.#shown)}` : ""}`);
  }

  /** Send what is chosen, or else what the model proposes. */
  accept() {
    if (this.#shown) this.#parts.widget.accept();
  }

  /** Take back the last decision, or the one that is being looked at. */
  undo() {
    const { history, outbox } = this.#parts;
    const decision = history.open ?? history.last;
    if (!decision) return say("There is nothing to take back.");
    const refused = outbox.refused.find((entry) => entry.answer.key === decision.key);
    if (refused) outbox.drop(refused);
    else outbox.put({ key: uuid(), kind: "undo", of: decision.key }, decision.question ? summary(decision.question) : "");
    const before = history.decisions.find((other) => other.key === decision.corrects);
    this.#step(() => {
      history.drop(decision);
      if (!before) this.#ask(decision);
    });
    say(before ? `Taken back: ${words(before)} counts again.` : `Taken back: ${words(decision)}.`);
  }

  /** Ask once more what was decided. @param {Decision} decision */
  again(decision) {
    this.#step(() => {
      this.#parts.history.drop(decision);
      this.#ask(decision);
    });
  }

  /** One step through the history: -1 back, 1 towards the present. @param {-1 | 1} by */
  walk(by) {
    if (this.#parts.history.walk(by)) this.#step(() => {});
    else if (by < 0) say("There is nothing further back.");
  }

  /** @param {Decision} decision */
  look(decision) {
    this.#step(() => (this.#parts.history.open = decision));
  }

  /** From the history to the question. */
  back() {
    this.#step(() => (this.#parts.history.open = null));
  }

  /** Open a field for a note: it goes with the coming answer, or to the item of the history on screen. */
  write() {
    if (!this.#shown) return;
    const form = the("noting");
    const field = /** @type {HTMLInputElement} */ (the("note"));
    field.value = this.note;
    form.hidden = false;
    field.focus();
    field.onblur = () => {
      this.#noted(field.value.trim());
      form.hidden = true;
    };
    field.onkeydown = (event) => {
      const key = named(event);
      if (key !== "enter" && key !== "escape") return;
      event.preventDefault();
      if (!fresh(event)) return;
      if (key === "escape") field.value = this.note;
      the("item").focus({ preventScroll: true });
    };
  }

  /** @param {string} note */
  #noted(note) {
    if (note === this.note) return;
    this.note = note;
    const past = this.#parts.history.open;
    if (past?.question) {
      const decision = this.#decision(past.question, "note");
      this.#parts.outbox.put(this.#answer(decision), summary(past.question));
      past.note = note;
      this.note = "";
    }
    this.#draw();
    say(past ? "The note is on its way." : note ? "The note goes with your answer." : "No note.");
  }

  #take() {
    this.question = this.#parts.queue.take() ?? null;
    this.draft = null;
  }

  /** @param {Decision} decision */
  #ask({ question, label, note }) {
    if (!question) return; // made before this visit: the server will ask it again
    if (this.question) this.#parts.queue.putBack(this.question);
    this.question = question;
    this.draft = label ?? null;
    this.note = note ?? "";
  }

  /** @param {Question} question @param {Kind} kind @param {Label} [label] @returns {Decision} */
  #decision(question, kind, label) {
    const note = this.note || undefined;
    return { key: uuid(), item: question.item, kind, label, note, question, at: Date.now() / 1000 };
  }

  /** @param {Decision} decision @returns {Answer} */
  #answer({ key, item, kind, label, note, question }) {
    const seconds = Math.min(THOUGHT, (performance.now() - this.#shownAt) / 1000);
    return {
      key,
      item,
      ...(kind === "label" ? { label } : { kind }),
      ...(note && { note }),
      ...(question?.proposal && question.model && { seen: question.model }),
      seconds: Math.round(1000 * seconds) / 1000,
    };
  }

  /** Change what is on screen and paint it at once; everything else comes after. @param {() => void} change */
  #step(change) {
    this.draft = this.chosen;
    change();
    this.#draw();
    painted(this.#parts.after);
  }

  #draw() {
    const { history, widget } = this.#parts;
    const past = history.open;
    const next = past?.question ?? this.question;
    the("desk").hidden = !next;
    the("end").hidden = Boolean(next);
    the("review").hidden = !past;
    if (past) write(the("review-said"), `You said ${words(past)}${past.note ? ` and noted “${past.note}”` : ""}.`);
    the("noted").hidden = !this.note;
    write(the("noted-text"), this.note);
    for (const id of ["do-skip", "do-unsure", "do-flag", "do-note"]) the(id).toggleAttribute("disabled", !next);
    the("choices").toggleAttribute("inert", !next);
    const other = next && next !== this.#shown;
    if (other) {
      if (widget.paint) widget.paint(next);
      else show(the("item"), next);
      reason(next);
      this.#shownAt = performance.now();
    }
    if (next && (other || past !== this.#past)) widget.show(next, past?.label ?? null, past ? null : this.draft);
    this.#shown = next;
    this.#past = past;
  }
}

/** Why this item. @param {Question} question */
function reason({ reason: { strategy, score, words } }) {
  the("why").hidden = !words;
  write(the("words"), words);
  the("words").title = `strategy ${strategy}${score === null ? "" : `, score ${score.toFixed(3)}`}`;
}

/** @param {Label | undefined} one @param {Label | undefined} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
