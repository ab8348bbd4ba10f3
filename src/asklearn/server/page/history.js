// @ts-check
/** The last decisions: listed, walked through, corrected, taken back. */

import { make, the } from "./dom.js";
import { summary } from "./item.js";
import { ago, said } from "./words.js";

/**
 * @typedef {import("./api.js").Kind} Kind
 * @typedef {import("./api.js").Question} Question
 *
 * @typedef {object} Decision
 * @property {string} key
 * @property {string} item
 * @property {Kind} kind
 * @property {import("./api.js").Label} [label] as it is sent: a class as it is written
 * @property {string} [note]
 * @property {number} at seconds since 1970
 * @property {Question} [question] what was shown; without it the item cannot be shown again
 * @property {string} [corrects] key of the decision that this one replaces
 */

const LISTED = 10;
const KEPT = 50;
const SAYS = { skip: "skipped", unsure: "unsure", flag: "flagged", note: "note" };

/** @param {Decision} decision */
export function words(decision) {
  return decision.kind === "label" ? said(decision.label) : SAYS[decision.kind];
}

export class History {
  /** @type {Decision[]} oldest first */
  decisions = [];
  /** @type {Decision | null} the one that is being looked at */
  open = null;

  /** @param {Decision} decision */
  add(decision) {
    this.decisions = [...this.decisions, decision].slice(-KEPT);
  }

  /** @param {Decision} decision */
  drop(decision) {
    if (this.open === decision) this.open = null;
    this.decisions = this.decisions.filter((other) => other !== decision);
  }

  /**
   * Decisions made before this visit, as the server remembers them.
   *
   * @param {import("./api.js").Past[]} older newest first
   * @param {import("./api.js").Status["labels"]} labels
   * @param {string[]} names the labels as they are written
   */
  recall(older, labels, names) {
    const known = new Set(this.decisions.map((decision) => decision.key));
    const unknown = older.filter((past) => !known.has(past.key)).reverse();
    this.decisions = [...unknown.map((past) => remembered(past, labels, names)), ...this.decisions];
  }

  /** Those that still hold: what was corrected is left out. @returns {Decision[]} */
  get standing() {
    const replaced = new Set(this.decisions.map((decision) => decision.corrects));
    return this.decisions.filter((decision) => !replaced.has(decision.key));
  }

  /** @returns {Decision | undefined} */
  get last() {
    return this.standing.at(-1);
  }

  /** One step into the past (-1) or towards the present (1). @param {-1 | 1} step @returns {boolean} whether there was one to take */
  walk(step) {
    const shown = this.standing.filter((decision) => decision.question);
    const at = this.open ? shown.indexOf(this.open) : shown.length;
    if (at + step < 0 || at + step > shown.length || (!this.open && step > 0)) return false;
    this.open = shown[at + step] ?? null;
    return true;
  }

  /**
   * The list, newest first.
   *
   * @param {(key: string) => string} state "saved", "waiting" or "not accepted"
   * @param {(decision: Decision) => void} look
   */
  draw(state, look) {
    const rows = this.standing.slice(-LISTED).reverse().map((decision) => {
      const saved = state(decision.key);
      const what = make("span", { className: "what", dir: "auto" }, decision.question ? summary(decision.question) : decision.item);
      const answer = make("span", { className: `said ${decision.kind}`, dir: "auto" }, words(decision));
      const sign = make("span", { className: `state ${saved}`, title: saved }, { saved: "✓", waiting: "…" }[saved] ?? "!");
      sign.ariaLabel = saved;
      sign.role = "img";
      const button = make("button", { type: "button", disabled: !decision.question }, what, answer, sign);
      button.title = [words(decision), ago(decision.at), decision.note && `note: ${decision.note}`].filter(Boolean).join(", ");
      if (decision === this.open) button.setAttribute("aria-current", "true");
      button.onclick = () => look(decision);
      return make("li", {}, button);
    });
    the("history").replaceChildren(...rows);
    the("no-history").hidden = rows.length > 0;
  }
}

/** @param {import("./api.js").Past} past @param {import("./api.js").Status["labels"]} labels @param {string[]} names @returns {Decision} */
function remembered({ key, item, kind, label, note, at, content, image }, labels, names) {
  const given = label === null ? undefined : (names[labels.findIndex((known) => known === label)] ?? label);
  const reason = { strategy: "", score: null, words: "" };
  const question = content && { item, content, image, reason, model: null, proposal: null };
  return { key, item, kind, label: given, note, at, question };
}
