// @ts-check
/** Answers that the server did not accept: why, and what can be done with each. */

import { make, the } from "./dom.js";
import { said } from "./words.js";

/**
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./shelf.js").Entry} Entry
 */

/**
 * @param {Outbox} outbox
 * @param {(entry: Entry) => (() => void) | null} anew what shows the item again, if it can be shown
 */
export function open(outbox, anew) {
  const dialog = /** @type {HTMLDialogElement} */ (the("refusals"));
  const draw = () => {
    the("refusal-list").replaceChildren(...outbox.refused.map((entry) => row(outbox, entry, anew(entry), draw)));
    if (!outbox.refused.length) dialog.close();
  };
  draw();
  dialog.showModal();
}

/** @param {Outbox} outbox @param {Entry} entry @param {(() => void) | null} again @param {() => void} draw */
function row(outbox, entry, again, draw) {
  const { answer, about, refused } = entry;
  const what = answer.kind === "undo" ? "taken back" : said(answer.label ?? answer.kind);
  const choices = [
    button("Send again", () => outbox.again(entry).then(draw)),
    button("Discard", () => outbox.drop(entry).then(draw)),
  ];
  if (again) choices.unshift(button("Answer anew", () => (again(), outbox.drop(entry).then(draw))));
  const title = make("p", {}, make("strong", { dir: "auto" }, about || answer.item || ""), `: ${what}`);
  return make("li", {}, title, make("p", { className: "quiet" }, refused ?? ""), make("p", {}, ...choices));
}

/** @param {string} text @param {() => void} act */
function button(text, act) {
  return make("button", { type: "button", onclick: act }, text);
}
