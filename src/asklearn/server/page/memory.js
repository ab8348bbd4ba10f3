// @ts-check
/** What this tab remembers across a reload: sessionStorage, gone when the tab is closed. */

/**
 * @typedef {object} Kept
 * @property {import("./history.js").Decision[]} decisions
 * @property {import("./api.js").Question | null} question what was on screen
 * @property {string} note
 * @property {import("./api.js").Label | null} draft what was chosen for it
 * @property {number} saved answers that the server had
 */

/** @param {string} scope @returns {Kept} */
export function recollect(scope) {
  const nothing = { decisions: [], question: null, note: "", draft: null, saved: 0 };
  return { ...nothing, ...JSON.parse(sessionStorage.getItem(scope) ?? "{}") };
}

/** @param {string} scope @param {Kept} kept */
export function remember(scope, kept) {
  try {
    sessionStorage.setItem(scope, JSON.stringify(kept));
  } catch {
    sessionStorage.removeItem(scope); // items too large to be kept; what was decided is on the server
  }
}
