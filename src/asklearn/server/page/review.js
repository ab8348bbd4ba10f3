// @ts-check
/** The room of review: an item in doubt, chosen blind, then everybody's answers, then a decision; and how people answer. */

import { call, Trouble } from "./api.js";
import { button, make, write } from "./dom.js";
import { show, summary } from "./item.js";
import { assign } from "./keys.js";
import { card } from "./overview.js";
import { said } from "./words.js";

/**
 * @typedef {import("./api.js").Label} Label
 * @typedef {import("./api.js").Question & {words: string, yours: Label | null}} Case
 * @typedef {{votes: {you: boolean, kind: string, label: Label}[], cards: import("./overview.js").Card[]}} Heard
 */

const TABS = ["Decide", "People", "Agreement", "Suspects"];
const tabs = TABS.map((name, i) => make("button", { type: "button", role: "tab", onclick: () => turn(i) }, name));
const told = make("p", { role: "status" });
const wrong = make("p", { className: "failing", role: "alert", hidden: true });
const place = make("div");
const choices = make("div", { className: "actions", role: "group", ariaLabel: "Classes" });
const heard = make("div", { className: "cards" });
const line = make("input", { type: "text", maxLength: 2000, autocomplete: "off", dir: "auto", onkeydown: typed });
const lining = make("label", { className: "asking" }, "A line for the guideline (N)", line);
const deciding = button("Decide", "Enter", decide, "primary");
const final = make("p", { className: "sending" }, deciding, button("Later", "Space", later), button("Undo", "⌫", undo));
const desk = make("section", { className: "deciding", ariaLabel: "To be decided" }, make("article", { className: "case", tabIndex: 0 }, place), choices, heard, lining, final);
const lists = make("div", { className: "cards" });

/** @type {import("./api.js").Status} */
let status;
let tab = 0;
/** @type {Case[]} */
let cases = [];
let left = 0;
let asked = ""; // the item that somebody wants to see first
/** @type {Heard | null} null as long as the item is seen blind */
let open = null;
/** @type {Label[]} */
let labels = [];
/** @type {string[]} */
let keys = [];
let chosen = -1;
let since = 0;
/** @type {{item: string, key: string}[]} decisions of this visit, that can be undone */
const decided = [];
/** @type {string[]} put off in this visit */
let put = [];
let sent = { body: "", key: "" };

/** @type {import("./views.js").View} */
export const review = {
  show(root, now) {
    status = now;
    if (!root.firstChild) root.append(make("div", { role: "tablist", className: "views", ariaLabel: "Review" }, ...tabs), told, wrong, desk, lists);
    turn(tab);
  },
  hide() {},
  press(key) {
    const step = { arrowleft: -1, arrowright: 1 }[key];
    if (step) turn((tab + step + TABS.length) % TABS.length, true);
    else if (tab || !cases.length) return key === "backspace" && !tab ? (undo(), true) : false;
    else if (keys.includes(key)) choose(keys.indexOf(key));
    else if (key === "enter") decide();
    else if (key === "space") later();
    else if (key === "backspace" || key === "ctrl+z") undo();
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
  desk.hidden = tab > 0;
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
  open = null;
  chosen = -1;
  line.value = "";
  since = performance.now();
  const [first] = cases;
  if (first && (first.yours !== null || status.task !== "classes")) await look();
  drawn();
}

function drawn() {
  const [first] = cases;
  for (const part of desk.children) /** @type {HTMLElement} */ (part).hidden = !first;
  final.hidden = !first && !decided.length;
  lining.hidden = heard.hidden = deciding.hidden = !open;
  if (!first) return write(told, put.length ? "What is left is what you put off." : "Nothing is in doubt.");
  const known = first.yours !== null ? `You said ${said(first.yours)} before, so nothing is hidden. ` : "";
  write(told, `${first.words} ${known}${open ? "Enter keeps what is marked." : "Choose first; then you see what others said."} ${left} to decide.`);
  if (place.dataset.item !== first.item) show(place, first);
  place.dataset.item = first.item;
  const names = open && status.task !== "classes" ? labels.map(said) : status.shown_labels ?? status.labels.map(String);
  if (status.task === "classes") labels = status.labels;
  keys = assign(names, status.keys);
  const at = [...choices.children].indexOf(/** @type {Element} */ (document.activeElement));
  choices.replaceChildren(...names.map((name, i) => option(name, i)));
  /** @type {HTMLElement | undefined} */ (choices.children[at])?.focus();
  if (open) heard.replaceChildren(...open.cards.map(card));
}

/** @param {string} name @param {number} i */
function option(name, i) {
  const made = button(name, keys[i].toUpperCase(), () => choose(i));
  made.ariaPressed = String(i === chosen);
  return made;
}

/** @param {number} i */
function choose(i) {
  chosen = i;
  if (open) drawn();
  else reported(look);
}

/** What everybody said, for the reviewer's own answer. */
async function look() {
  const [first] = cases;
  const body = { item: first.item, label: first.yours === null ? labels[chosen] : undefined };
  open = await call("POST", "review/look", { key: keyed(body), seconds: (performance.now() - since) / 1000, ...body });
  const { votes } = /** @type {Heard} */ (open);
  const given = new Map(votes.filter(({ kind }) => kind === "label").map(({ label }) => [JSON.stringify(label), label]));
  if (status.task !== "classes") labels = [...given.values()];
  const mine = JSON.stringify(votes.find(({ you }) => you)?.label);
  chosen = labels.findIndex((label) => JSON.stringify(label) === mine);
  drawn();
}

function decide() {
  if (!open || chosen < 0) return;
  reported(async () => {
    const body = { item: cases[0].item, label: labels[chosen], guideline: line.value.trim() };
    const { settled } = await call("POST", "review/settle", { key: keyed(body), ...body });
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

/** The same key for the same request, so that it counts once however often it is sent. @param {object} body */
function keyed(body) {
  const now = JSON.stringify(body);
  if (sent.body !== now) sent = { body: now, key: crypto.randomUUID() };
  return sent.key;
}

/** @param {KeyboardEvent} event */
function typed(event) {
  if (event.key === "Enter") decide();
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
