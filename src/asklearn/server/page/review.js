// @ts-check
/** The room of review: an item in doubt, answered blind, then everybody's answers, then a decision; and how people answer. */

import { answering, written } from "./answering.js";
import { call, Trouble } from "./api.js";
import { button, make, write } from "./dom.js";
import { show, summary } from "./item.js";
import { speak } from "./notices.js";
import { card } from "./overview.js";
import { said } from "./words.js";

/**
 * @typedef {import("./api.js").Label} Label
 * @typedef {import("./api.js").Question & {words: string, yours: Label | null}} Case
 * @typedef {{label: Label, words: string, by: string[]}} Given an answer, and whose it is
 * @typedef {{votes: {you: boolean, kind: string, label: Label}[], given: Given[], cards: import("./overview.js").Card[]}} Heard
 */

const TABS = ["Decide", "People", "Agreement", "Suspects"];
const tabs = TABS.map((name, i) => make("button", { type: "button", role: "tab", onclick: () => turn(i) }, name));
const told = make("p", { role: "status" });
const wrong = make("p", { className: "failing", role: "alert", hidden: true });
const place = make("article", { tabIndex: 0, ariaLabel: "Item" });
const choices = make("section", { className: "choices", id: "choosing", ariaLabel: "Classes" });
const given = make("div", { className: "answers", role: "group", ariaLabel: "Answers given" });
const heard = make("div", { className: "cards" });
const line = make("input", { type: "text", maxLength: 2000, autocomplete: "off", dir: "auto", onkeydown: typed });
const lining = make("label", { className: "asking" }, "A line for the guideline (N)", line);
const deciding = button("Decide", "Enter", accept, "primary");
const final = make("p", { className: "sending" }, deciding, button("Later", "Space", later), button("Undo", "⌫", undo));
const desk = make("section", { className: "deciding", ariaLabel: "To be decided" }, make("div", { className: "case" }, place), choices, given, heard, lining, final);
const lists = make("div", { className: "cards" });
desk.onclick = desk.oninput = compare;
// As at the desk: a mouse moves no focus to a button, or the next space would press it again.
for (const area of [choices, given]) area.onmousedown = ({ target }) => target instanceof HTMLInputElement;

/** @type {import("./api.js").Status} */
let status;
let tab = 0;
/** @type {Case[]} */
let cases = [];
let left = 0;
let asked = ""; // the item that somebody wants to see first
/** @type {Heard | null} null as long as the item is seen blind */
let open = null;
/** @type {Promise<import("./answering.js").Widget> | null} */
let made = null;
/** @type {import("./answering.js").Widget} the same as at the desk */
let widget;
/** @type {Label | null} of classes the one that Enter decides for; other tasks keep what is chosen in the widget */
let marked = null;
let since = 0;
/** @type {{item: string, key: string}[]} decisions of this visit, that can be undone */
const decided = [];
/** @type {string[]} put off in this visit */
let put = [];
let sent = { body: "", key: "" };

/** @type {import("./views.js").View} */
export const review = {
  async show(root, now, press) {
    status = now;
    if (!root.firstChild) root.append(make("div", { role: "tablist", className: "views", ariaLabel: "Review" }, ...tabs), told, wrong, desk, lists);
    made ??= answering(now, { item: place, choices, give, press });
    widget = await made;
    turn(tab);
  },
  hide() {},
  press(key) {
    const step = { arrowleft: -1, arrowright: 1, "ctrl+arrowleft": -1, "ctrl+arrowright": 1 }[key];
    const here = !tab && cases.length > 0;
    if (here && document.activeElement?.role !== "tab" && widget.press(key)) compare();
    else if (step) turn((tab + step + TABS.length) % TABS.length, true);
    else if (!here) return key === "backspace" && !tab ? (undo(), true) : false;
    else if (key === "enter") accept();
    else if (key === "space") later();
    else if (key === "backspace" || key === "ctrl+z") undo();
    else if (key === "a" && open?.given.length) another();
    else if (key === "n" && open) line.focus();
    else return false;
    return true;
  },
};

/** @param {number} wanted @param {boolean} [focus] */
function turn(wanted, focus) {
  tab = wanted;
  tabs.forEach((one, i) => Object.assign(one, { ariaSelected: String(i === tab), tabIndex: i === tab ? 0 : -1 }));
  if (focus) tabs[tab].focus();
  desk.hidden = tab > 0 || !cases.length;
  lists.hidden = tab === 0;
  if (tab) reported(list);
  else if (asked || !cases.length) reported(more);
  else drawn();
}

/** Do it; what goes wrong is said. @param {() => Promise<unknown>} work */
async function reported(work) {
  wrong.hidden = true;
  try {
    await work();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    write(wrong, trouble.message);
    wrong.hidden = false;
  }
}

/** The next items, that which was asked for first. */
async function more() {
  write(told, "One moment …");
  const found = await call("GET", `review?n=${Math.min(50, 20 + put.length)}${asked && `&item=${encodeURIComponent(asked)}`}`);
  cases = found.items.filter((/** @type {Case} */ one) => one.item === asked || !put.includes(one.item));
  left = found.left;
  asked = "";
  await begin();
}

/** Show the first of the items, blind. */
async function begin() {
  const [first] = cases;
  open = marked = null;
  line.value = "";
  since = performance.now();
  drawn();
  if (first) widget.show(first, null, null);
  if (first && first.yours !== null) await look();
}

function drawn() {
  const [first] = cases;
  desk.hidden = tab > 0;
  for (const part of desk.children) /** @type {HTMLElement} */ (part).hidden = !first;
  final.hidden = !first && !decided.length;
  lining.hidden = heard.hidden = deciding.hidden = !open;
  given.hidden = !open?.given.length;
  desk.classList.toggle("open", Boolean(open));
  if (!first) return write(told, put.length ? "What is left is what you put off." : "Nothing is in doubt.");
  const known = first.yours !== null ? `You said ${said(first.yours)} before, so nothing is hidden. ` : "";
  const blind = first.yours === null ? "Answer first; then you see what others said." : "";
  const how = open?.given.length ? "Take an answer or change it; Enter decides." : open ? "Enter keeps what is marked." : blind;
  write(told, `${first.words} ${known}${how} ${left} to decide.`);
  if (place.dataset.item !== first.item) {
    if (widget.paint) widget.paint(first);
    else show(place, first);
    place.dataset.item = first.item;
  }
  given.replaceChildren(...(open ? [make("p", {}, make("kbd", {}, "A"), " Answers given"), ...open.given.map(option)] : []));
  heard.replaceChildren(...(open?.cards.map(card) ?? []));
  compare();
}

/** @param {Given} answer */
function option({ label, words, by }) {
  return make("button", { type: "button", onclick: () => take(label) }, make("b", { dir: "auto" }, words), make("span", { className: "quiet" }, by.join(", ")));
}

/** Which of the answers is what is chosen now. */
function compare() {
  if (!open) return;
  const now = stamp(widget.draft);
  open.given.forEach(({ label }, i) => (given.querySelectorAll("button")[i].ariaPressed = String(stamp(label) === now)));
}

/** The next of the answers given. */
function another() {
  const all = /** @type {Heard} */ (open).given;
  const now = stamp(widget.draft);
  const { label, words, by } = all[(all.findIndex((one) => stamp(one.label) === now) + 1) % all.length];
  take(label);
  speak(`${words}: ${by.join(", ")}`);
}

/** Choose what was said already, to be decided for or changed. @param {Label} label */
function take(label) {
  const classes = (status.task ?? "classes") === "classes";
  marked = classes ? written(status)[status.labels.indexOf(/** @type {string} */ (label))] ?? label : null;
  widget.show(cases[0], null, marked ?? label);
  compare();
}

/** What the widget sends: blind it is an answer, then of a class a mark, else the decision. @param {Label} label */
function give(label) {
  if (!open) return cases[0].yours === null && reported(() => look(label));
  if (marked === null) decide(label);
  else take(label);
}

function accept() {
  if (open && marked !== null) decide(marked);
  else widget.accept();
}

/** What everybody said, for the reviewer's own answer. @param {Label} [label] */
async function look(label) {
  const [first] = cases;
  const body = { item: first.item, label };
  /** @type {Heard} */
  const found = await call("POST", "review/look", { key: keyed(body), seconds: (performance.now() - since) / 1000, ...body });
  if (first !== cases[0]) return; // put off meanwhile
  open = found;
  drawn();
  take(/** @type {Label} */ (open.votes.find(({ you }) => you)?.label));
  if (choices.contains(document.activeElement)) place.focus({ preventScroll: true }); // keys decide from here on
}

/** @param {Label} label */
function decide(label) {
  const [first] = cases;
  reported(async () => {
    const body = { item: first.item, label, guideline: line.value.trim() };
    const { settled } = await call("POST", "review/settle", { key: keyed(body), ...body });
    if (first !== cases[0]) return; // it was sent twice
    decided.push({ item: body.item, key: settled });
    next();
  });
}

function later() {
  put.push(cases[0].item);
  next();
}

function next() {
  cases.shift();
  left -= 1;
  line.blur();
  reported(cases.length ? begin : more);
}

function undo() {
  const last = decided.pop();
  if (!last) return write(told, "There is no decision of yours to take back.");
  reported(async () => {
    await call("POST", "answers", [{ key: keyed(last), kind: "undo", of: last.key }]);
    asked = last.item;
    await more();
  });
}

/** An answer in one way of writing: a passage is where it is and what, nothing more. @param {Label | null} label */
function stamp(label) {
  return JSON.stringify(label, Array.isArray(label) && typeof label[0] === "object" ? ["start", "end", "label"] : null);
}

/** The same key for the same request, so that it counts once however often it is sent. @param {object} body */
function keyed(body) {
  const now = JSON.stringify(body);
  if (sent.body !== now) sent = { body: now, key: crypto.randomUUID() };
  return sent.key;
}

/** @param {KeyboardEvent} event */
function typed(event) {
  if (event.key === "Enter") accept();
  else if (event.key === "Escape") line.blur();
  else return;
  event.preventDefault();
}

async function list() {
  write(told, "One moment …");
  const found = await call("GET", "quality");
  const shown = found.cards[TABS[tab].toLowerCase()]?.map(card) ?? [make("ul", { className: "suspects" }, ...found.suspects.map(suspect))];
  lists.replaceChildren(...shown);
  write(told, shown.length && (tab < 3 || found.suspects.length) ? "" : "There is nothing to tell yet: it takes items that several people answered.");
}

/** @param {any} one */
function suspect(one) {
  const what = `${one.annotator} said ${said(one.label)}, likelier is ${said(one.likely)}: ${one.content ? summary(one) : one.item}`;
  return make("li", {}, make("button", { type: "button", onclick: () => ((asked = one.item), turn(0)) }, what));
}
