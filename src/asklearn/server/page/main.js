// @ts-check
/** The labelling page: a person, a keyboard, one item at a time. */

import { answering, written } from "./answering.js";
import { call, Trouble } from "./api.js";
import { Desk } from "./desk.js";
import { painted, the, write } from "./dom.js";
import * as guide from "./guide.js";
import { History } from "./history.js";
import { prepare } from "./item.js";
import { listen } from "./keys.js";
import * as looks from "./looks.js";
import { recollect, remember } from "./memory.js";
import { Neighbours } from "./neighbours.js";
import * as notices from "./notices.js";
import { Outbox } from "./outbox.js";
import * as panel from "./panel.js";
import { Queue } from "./queue.js";
import * as refusals from "./refusals.js";
import { shelf } from "./shelf.js";
import { Views } from "./views.js";
import * as zoom from "./zoom.js";

/** @typedef {import("./api.js").Status} Status */

const RENEW = 45_000; // ms; a lease lasts 120 s
const LOOK = 30_000; // ms between looks at the status, when no answer brings it
const SOON = 1_500; // ms, while a model is learning
const ALONG = 200; // questions for work without a connection

looks.start();
const [disk, first] = await Promise.all([shelf(), reached()]);
const scope = `asklearn ${first.name} ${first.you}`;
const kept = recollect(scope);
const names = written(first);
const widget = await answering(first, { item: the("item"), choices: the("choices"), give: (label) => desk.give(label), press });
const history = new History();
const outbox = new Outbox(disk, scope, { before: kept.saved, changed: refresh, replied: applied });
const queue = new Queue({ busy, prepare, came, heard: applied });
const desk = new Desk({ widget, history, outbox, queue, after: turned });
const neighbours = new Neighbours(scope, held);
let status = first;
const views = new Views(
  [
    { name: "overview", title: "Overview", key: "d", right: "read", load: async () => (await import("./overview.js")).overview },
    { name: "review", title: "Review", key: "g", right: "review", load: async () => (await import("./review.js")).review },
    { name: "map", title: "Map", key: "v", right: "answer", load: async () => (await import("./map.js")).bulk((items) => queue.forget(items)) },
    { name: "people", title: "People", key: "p", right: "manage", load: async () => (await import("./people.js")).people },
  ],
  () => status,
);

// ---- keys and buttons

/** @type {Record<string, () => unknown>} what returns false leaves the key to the browser */
const ACTIONS = {
  enter: () => desk.accept(),
  a: () => desk.accept(),
  space: () => desk.decide("skip"),
  u: () => desk.decide("unsure"),
  f: () => desk.decide("flag"),
  n: () => desk.write(),
  backspace: () => desk.undo(),
  "ctrl+z": () => desk.undo(),
  arrowleft: () => desk.walk(-1),
  arrowright: () => desk.walk(1),
  "ctrl+arrowleft": () => desk.walk(-1), // where the plain arrows move a cursor
  "ctrl+arrowright": () => desk.walk(1),
  escape: () => (history.open ? desk.back() : rules(false)),
  h: () => rules(),
  "?": () => keys(),
  "ctrl+s": () => (outbox.hurry(), notices.say(notices.savedInWords(outbox))),
  arrowup: () => scroll(-0.15),
  arrowdown: () => scroll(0.15),
  pageup: () => scroll(-0.85),
  pagedown: () => scroll(0.85),
};

/** @type {Record<string, () => unknown>} */
const BUTTONS = {
  "do-skip": ACTIONS.space,
  "do-unsure": ACTIONS.u,
  "do-flag": ACTIONS.f,
  "do-note": ACTIONS.n,
  "do-undo": ACTIONS.backspace,
  "do-zoom": () => zoom.press("z"),
  "do-guide": ACTIONS.h,
  "do-keys": ACTIONS["?"],
  "noted-edit": ACTIONS.n,
  "review-back": () => desk.back(),
  "alert-retry": again,
  "end-retry": () => queue.fill({ now: true }),
  "refused-open": () => refusals.open(outbox, anew),
  along: () => (queue.along(ALONG), notices.say(`Taking ${ALONG} questions along.`)),
};

/** @param {string} key @returns {boolean} whether it meant something */
function press(key) {
  if (views.press(key)) return true;
  if (views.open) return false;
  if (!desk.empty && (widget.press(key) || zoom.press(key))) return true;
  return key in ACTIONS && ACTIONS[key]() !== false;
}

/** Try now what did not work before. */
function again() {
  outbox.hurry();
  queue.fill({ now: true });
}

/** @param {boolean} [open] */
function rules(open = Boolean(the("guide").hidden)) {
  the("guide").hidden = !open;
  the("do-guide").ariaExpanded = String(open);
  explain();
}

/** Say more of the class that the model proposes. */
function explain() {
  guide.about(the("choices").querySelector(".proposed")?.getAttribute("title"));
}

function keys() {
  /** @type {HTMLDialogElement} */ (the("keys")).showModal();
}

/** @param {number} share of what is visible */
function scroll(share) {
  const item = the("item");
  if (item.scrollHeight <= item.clientHeight || item.matches(":focus")) return false;
  item.scrollBy(0, share * item.clientHeight);
}

/** @param {import("./shelf.js").Entry} entry */
function anew(entry) {
  const decision = history.decisions.find((other) => other.key === entry.answer.key);
  return decision?.question ? () => desk.again(decision) : null;
}

// ---- what happens

/** The desk has changed, and that has been painted. */
function turned() {
  refresh();
  queue.fill();
  neighbours.tell();
  explain();
}

/** Questions came, or could not. */
function came() {
  if (!queue.trouble && [0, 401].includes(outbox.trouble?.status ?? -1)) outbox.hurry(); // there is a way again
  desk.next();
  refresh();
  neighbours.tell();
}

/** The server says how it stands. @param {Status} news */
function applied(news) {
  status = news;
  panel.draw(news);
  queue.model(news.model?.version ?? null);
  queue.fill();
  refresh();
  look(news.learning?.running ? SOON : LOOK);
}

let due = false;

/** Draw, once and after the next paint, what is not the item itself. */
function refresh() {
  if (due) return;
  due = true;
  painted(() => {
    due = false;
    notices.saved(outbox);
    notices.trouble(outbox, queue, first.name);
    if (desk.empty) notices.end(queue, status);
    const waiting = new Set(outbox.waiting.map((entry) => entry.answer.key));
    const refused = new Set(outbox.refused.map((entry) => entry.answer.key));
    history.draw((key) => (refused.has(key) ? "not accepted" : waiting.has(key) ? "waiting" : "saved"), (past) => desk.look(past));
  });
}

// ---- the server

/** The first status: without it there is nothing to show. @returns {Promise<Status>} */
async function reached() {
  for (let pause = 1000; ; pause = Math.min(15_000, 2 * pause)) {
    try {
      const found = await call("GET", "status");
      the("alert").hidden = true;
      return found;
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      write(the("alert-text"), trouble.status === 401 ? notices.signIn("NAME") : `There is no answer yet: ${trouble.message}. Trying again by itself.`);
      the("alert").hidden = false;
      await new Promise((again) => {
        setTimeout(again, pause);
        the("alert-retry").onclick = again;
      });
    }
  }
}

let looking = 0;

/** Ask how it stands after a while. @param {number} pause ms */
function look(pause) {
  clearTimeout(looking);
  looking = setTimeout(async () => {
    if (document.hidden) return look(LOOK);
    try {
      applied(await call("GET", "status"));
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      look(LOOK); // outbox and queue tell of trouble when it matters
    }
  }, pause);
}

async function renew() {
  const items = held();
  if (document.hidden || !items.length) return;
  try {
    await call("POST", "leases", { renew: items });
    queue.renewed();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
  }
}

/** Items this tab holds. */
function held() {
  return [...onDesk(), ...queue.items];
}

/** Items that must not be asked: on screen, answered but not sent, or in another tab. */
function busy() {
  return [...onDesk(), ...outbox.items, ...neighbours.items];
}

function onDesk() {
  return desk.question ? [desk.question.item] : [];
}

// ---- the page's life

function remembering() {
  const { question, note, chosen } = desk;
  remember(scope, { decisions: history.decisions.slice(-10), question, note, draft: chosen, saved: outbox.count.saved });
}

addEventListener("pagehide", () => {
  remembering();
  outbox.leave();
  queue.leave(onDesk());
  neighbours.leave();
});
addEventListener("online", again);
addEventListener("pageshow", (event) => {
  if (event.persisted) queue.awake();
});
addEventListener("beforeunload", (event) => {
  if (outbox.fragile) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return remembering();
  outbox.hurry();
  queue.awake();
  renew();
});

for (const [id, act] of Object.entries(BUTTONS)) the(id).onclick = act;
for (const area of [the("choices"), the("actions")]) {
  // A mouse must not move the focus to a button: the next space would press it again. Nor count twice.
  area.onmousedown = (event) => event.target instanceof HTMLInputElement || event.preventDefault();
  area.addEventListener("click", (event) => event.detail > 0 && desk.surprising && event.stopPropagation(), true);
}
listen(press, widget.held);
zoom.watch();

guide.start(first.guideline?.trim() || the("guide-text").textContent?.trim() || "", names);
the("choices").addEventListener("focusin", ({ target }) => guide.about(/** @type {Element} */ (target).closest(".choice")?.getAttribute("title")));
document.body.dataset.task = first.task ?? "classes";

await outbox.start();
history.decisions = kept.decisions;
if (!first.rights?.includes("answer")) {
  queue.along(0);
  if (!views.open) views.toggle("overview");
} else if (kept.question && !outbox.items.includes(kept.question.item)) {
  desk.question = kept.question;
  desk.note = kept.note;
  desk.draft = kept.draft;
}
applied(first);
desk.back();
setInterval(renew, RENEW);
history.recall(await call("GET", "history?n=10").catch(() => []), first.labels, names);
refresh();
