// @ts-check
/** What answers are given with, by the task: the same at the desk and in the review. */

import { assign } from "./keys.js";
import { Amount } from "./number.js";
import { Several } from "./several.js";
import { Single } from "./single.js";

/**
 * @typedef {import("./api.js").Label} Label
 * @typedef {import("./api.js").Question} Question
 * @typedef {import("./api.js").Status} Status
 *
 * @typedef {object} Widget it gives a label to whoever made it
 * @property {Label | null} draft what is chosen and not sent yet, where that can be
 * @property {(question: Question, given: Label | null, draft: Label | null) => void} show another item, with the answer
 *   that it has already, or what was chosen for it before
 * @property {() => void} accept the key Enter
 * @property {(key: string) => boolean} press any other key: whether it meant something
 * @property {(question: Question) => void} [paint] show the item in a way of its own
 * @property {RegExp} [held] keys that go on while they are held
 *
 * @typedef {object} Place where that happens
 * @property {HTMLElement} item
 * @property {HTMLElement} choices empty; its id begins those inside
 * @property {(label: Label) => void} give
 * @property {(key: string) => boolean} press for keys that a field passes on
 */

/** @param {Status} status @param {Place} place @returns {Promise<Widget>} */
export async function answering(status, place) {
  const names = written(status);
  const keys = assign(names, status.keys);
  if (status.task === "multilabel") return new Several(names, status.labels, keys, place);
  if (status.task === "number") return new Amount(status, place);
  if (status.task !== "spans") return new Single(names, keys, place);
  const { Spans } = await import("./spans.js");
  return new Spans(names, keys, place);
}

/** The labels as they are written. @param {Status} status */
export function written({ shown_labels, labels }) {
  return shown_labels ?? labels.map(String);
}
