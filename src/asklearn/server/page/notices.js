// @ts-check
/** What the page says: what is saved, what is wrong and what to do about it, what there is when nothing is asked. */

import { painted, the, write } from "./dom.js";
import { count, many } from "./words.js";

/**
 * @typedef {import("./api.js").Status} Status
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./queue.js").Queue} Queue
 */

/** A sentence for eyes and ears, for a few seconds. @param {string} text */
export function say(text) {
  const toast = the("toast");
  toast.textContent = text;
  toast.classList.remove("up");
  void toast.offsetWidth; // so that the same message twice is seen twice
  toast.classList.add("up");
}

/** A sentence for ears only. @param {string} text */
export function speak(text) {
  painted(() => write(the("spoken"), text));
}

/** "saved 412 of 412", and how many answers are stuck here. @param {Outbox} outbox */
export function saved(outbox) {
  const { given, saved } = outbox.count;
  const unsent = outbox.waiting.length;
  write(the("saved"), given ? `saved ${count(saved)} of ${count(given)}` : "nothing to save yet");
  the("saved").classList.toggle("all", given > 0 && saved === given);
  the("unsent").hidden = !unsent || !outbox.trouble;
  write(the("unsent"), `${outbox.trouble?.status ? "" : "offline, "}${count(unsent)} unsent`);
}

/** @param {Outbox} outbox */
export function savedInWords(outbox) {
  const { given } = outbox.count;
  const unsaved = outbox.entries.length;
  if (unsaved) return `Not saved yet: ${many(unsaved, "answer")}.`;
  return given ? `All saved: ${many(given, "answer")}.` : "There is nothing to save yet.";
}

/** What is wrong, if anything, and what to do. @param {Outbox} outbox @param {Queue} queue @param {string} project */
export function trouble(outbox, queue, project) {
  const text = wrong(outbox, queue, project);
  the("alert").hidden = !text;
  write(the("alert-text"), text);
  the("refused").hidden = !outbox.refused.length;
  write(the("refused-count"), `${many(outbox.refused.length, "answer")} not accepted.`);
}

/** @param {Outbox} outbox @param {Queue} queue @param {string} project */
function wrong(outbox, queue, project) {
  const found = outbox.trouble ?? queue.trouble;
  const n = outbox.waiting.length;
  const safe = n ? ` ${many(n, "answer")} ${n === 1 ? "is" : "are"} kept in this browser and will be sent.` : "";
  if (found?.status === 401) return `${signIn(project)}${safe}`;
  if (outbox.fragile) return "This browser cannot store anything: keep the page open until every answer is saved.";
  if (found?.status === 507) return `The server's disk is full, so nothing can be saved there.${safe}`;
  if (found?.status) return `The server is in trouble: ${found.message}.${safe} Trying again by itself.`;
  return found ? `No connection.${safe} Trying again by itself.` : "";
}

/** @param {string} project */
export function signIn(project) {
  return `Your session is over. To come back, ask who runs the project for a new link, or run “asklearn label ${project}” at its own machine; open it here or in another tab.`;
}

/** What there is to say when there is nothing to show. @param {Queue} queue @param {Status} status */
export function end(queue, status) {
  const [title, text] = nothing(queue, status);
  write(the("end-title"), title);
  write(the("end-text"), text);
  the("end-take").hidden = !queue.dry || Boolean(queue.trouble) || !status.rights?.includes("labels");
}

/** @param {Queue} queue @param {Status} status @returns {[string, string]} */
function nothing(queue, { rows, labelled, flagged, skipped, held, cost, role, rights }) {
  if (!rights?.includes("answer")) return ["Nothing is asked of you", `As ${role} you see how the project stands.`];
  if (queue.trouble) return ["Waiting for the server", "The questions at hand are used up. More come as soon as it answers."];
  if (!queue.dry) return ["One moment", "The next question is on its way."];
  if (cost?.limits.some(({ used, limit }) => used >= limit)) return ["The budget is used up", `${many(labelled, "label")} were given, as planned.`];
  if (labelled + flagged >= rows) return ["Everything is labelled", `All ${many(rows, "item")} have an answer. Thank you.`];
  if (held > 0) return ["The rest is with others", `Somebody else is busy with ${many(held, "item")}. What they leave comes here by itself.`];
  if (skipped > 0) return ["Only skipped items are left", `${many(skipped, "item")} skipped. Open one in the list of decisions to answer it after all.`];
  return ["Nothing to ask at the moment", "New questions are looked for every few seconds."];
}
