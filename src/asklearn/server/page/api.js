// @ts-check
/**
 * What comes and goes over HTTP: the shapes, and one function that asks.
 *
 * @typedef {{start: number, end: number, label: string, probability?: number, p?: number}} Span offsets in code points
 *
 * @typedef {string | number | boolean | string[] | Span[]} Label
 *
 * @typedef {{kind: "text", text: string} | {kind: "image"} | {kind: "table" | "array", fields: [string, unknown][]}} Content
 *
 * @typedef {object} Proposal
 * @property {Label} label
 * @property {number} [probability]
 * @property {Record<string, number>} [probabilities]
 * @property {number} [low] of a number: from low to high in four cases of five
 * @property {number} [high]
 * @property {Span[]} [spans]
 *
 * @typedef {object} Question
 * @property {string} item
 * @property {Content} content
 * @property {string} [image]
 * @property {{strategy: string, score: number | null, words: string}} reason
 * @property {string | null} model
 * @property {Proposal | null} proposal
 *
 * @typedef {"label" | "skip" | "unsure" | "flag" | "note"} Kind
 *
 * @typedef {object} Answer
 * @property {string} key
 * @property {string} [item]
 * @property {Label} [label]
 * @property {Exclude<Kind, "label"> | "undo"} [kind]
 * @property {string} [of]
 * @property {string} [note]
 * @property {number} [seconds]
 * @property {string} [seen]
 *
 * @typedef {object} Past an answer given before
 * @property {string} key
 * @property {string} item
 * @property {Kind} kind
 * @property {Label | null} label
 * @property {string} note
 * @property {number} at seconds since 1970
 * @property {Content} [content]
 * @property {string} [image]
 *
 * @typedef {object} Status
 * @property {string} name
 * @property {string} you
 * @property {string} [role]
 * @property {string[]} [rights] what the caller may do: answer, read, labels, review, manage, own
 * @property {string} [task] classes, multilabel, number or spans
 * @property {(string | number | boolean)[]} labels
 * @property {[number, number] | null} [range] of a number
 * @property {string} [unit]
 * @property {string[]} [shown_labels]
 * @property {Record<string, string>} [keys]
 * @property {string} [guideline]
 * @property {number} rows
 * @property {number} answered
 * @property {number} labelled
 * @property {number} [swept] items that were labelled in bulk only
 * @property {number} skipped
 * @property {number} flagged
 * @property {number} held
 * @property {number | null} audited null for who must not know
 * @property {number} seconds
 * @property {number | null} budget
 * @property {{version: string, labels: number, at: number, age_labels: number | null} | null} model
 * @property {{value: number, low: number, high: number, n: number, metric: string} | null} estimate
 * @property {{annotators: number, agreement: {value: number, low: number, high: number, n: number} | null}} [people]
 * @property {{stop: boolean, why: string | string[], forecast: {labels: number, value: number}[]} | null} advice
 * @property {{running: boolean, error: string | null, features: string}} [learning]
 * @property {{status: "well" | "doubtful" | "broken", words: string}} [canary]
 * @property {Cost} [cost]
 *
 * @typedef {object} Cost
 * @property {number} seconds
 * @property {number | null} each seconds an answer takes
 * @property {number | null} money
 * @property {string} currency
 * @property {{unit: string, used: number, limit: number}[]} limits
 */

/** Why a request brought nothing: `status` is HTTP's, 0 when nobody answered. */
export class Trouble extends Error {
  /** @param {number} status @param {string} message @param {number} [after] seconds the server asks to wait */
  constructor(status, message, after = 0) {
    super(message);
    this.status = status;
    this.after = after;
  }

  /** Whether the same request, sent again later, may well succeed. */
  get passing() {
    return this.status === 0 || this.status >= 500 || [401, 403, 408, 425, 429].includes(this.status);
  }
}

const PATIENCE = 30_000; // ms

/**
 * The JSON that `path` answers. Throws `Trouble`.
 *
 * @param {"GET" | "POST"} method
 * @param {string} path below /api/v1/
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  const given = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  let response;
  let said;
  try {
    response = await fetch(url(path), { method, cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...given });
    said = await response.text();
  } catch {
    throw new Trouble(0, "the server cannot be reached");
  }
  if (!response.ok) throw new Trouble(response.status, sentence(said, response), wait(response));
  return JSON.parse(said);
}

/**
 * The last words of a page that is being closed: sent without waiting for an answer.
 *
 * @param {string} path
 * @param {unknown} body
 */
export function farewell(path, body) {
  navigator.sendBeacon(url(path), new Blob([JSON.stringify(body)], { type: "application/json" }));
}

/** @param {string} path */
export function url(path) {
  return `/api/v1/${path}`;
}

/** @param {string} said @param {Response} response */
function sentence(said, response) {
  try {
    return String(JSON.parse(said).error.message);
  } catch {
    return `the server answered ${response.status} ${response.statusText}`.trim();
  }
}

/** @param {Response} response */
function wait(response) {
  const after = response.headers.get("Retry-After");
  if (!after) return 0;
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
  return Math.max(0, seconds || 0);
}
