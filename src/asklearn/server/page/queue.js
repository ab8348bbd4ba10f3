// @ts-check
/**
 * Questions waiting in the browser, so that nobody ever waits for the network: five ahead, more where a refill takes
 * longer, the newest model's first.
 */

import { call, farewell, Trouble } from "./api.js";

/**
 * @typedef {import("./api.js").Question} Question
 * @typedef {import("./api.js").Status} Status
 */

const AHEAD = 5;
const LOW = 2; // fewer missing than this are not worth a request
const FAST = 200; // ms; whoever decides as quickly as this finds the queue filled all the same
const DEEPEST = 25;
const AT_ONCE = 20; // questions a request
const PAUSE = 10_000; // ms
const KEPT = 100; // seconds of a lease (120) within which it can be counted on

export class Queue {
  /** @type {Question[]} */
  ahead = [];
  /** @type {Trouble | null} why the last request brought nothing */
  trouble = null;
  /** Whether the server had nothing more to ask. */
  dry = false;

  #depth = AHEAD;
  #along = false;
  #asking = false;
  #failures = 0;
  #timer = 0;
  #confirmed = Date.now(); // when the leases were known to hold
  /** @type {string | null} */
  #version = null;
  #patient = 0; // until then the same model is no reason to exchange anything again
  /** @type {Set<string>} items chosen by an older model, to be exchanged */
  #stale = new Set();
  /** @type {Question[]} */
  #arriving = [];
  #hooks;

  /**
   * @param {object} hooks
   * @param {() => string[]} hooks.busy items that must not come: on screen, unsent, in another tab
   * @param {(question: Question) => Promise<void>} hooks.prepare load what the question shows
   * @param {() => void} hooks.came questions came, or could not
   * @param {(status: Status) => void} hooks.heard the server said how it stands
   */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** @returns {string[]} */
  get items() {
    return [...this.ahead, ...this.#arriving].map((question) => question.item);
  }

  /** The next question, at once, or nothing. @returns {Question | undefined} */
  take() {
    return this.ahead.shift();
  }

  /** @param {Question} question */
  putBack(question) {
    this.ahead.unshift(question);
  }

  /** These were answered by other means. @param {string[]} items */
  forget(items) {
    const gone = new Set(items);
    this.ahead = this.ahead.filter(({ item }) => !gone.has(item));
    this.fill();
  }

  /** The model is `version` now: what an older one chose is exchanged as soon as better is here. @param {string | null} version */
  model(version) {
    // A server that has just started may name a model before it chooses by it: then another try, some time later.
    if (this.#along || (version === this.#version && Date.now() < this.#patient)) return;
    this.#version = version;
    this.#stale = new Set(this.ahead.filter((question) => question.model !== version).map((question) => question.item));
    if (this.#stale.size) this.#patient = Date.now() + PAUSE;
  }

  /** Ask for what is missing. @param {{now?: boolean}} [options] now: even when little is missing, or a pause is on */
  async fill({ now = false } = {}) {
    const missing = this.#depth - this.ahead.filter((question) => !this.#stale.has(question.item)).length;
    if (this.#asking || missing < (now || !this.ahead.length ? 1 : LOW) || (this.#timer && !now)) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#asking = true;
    const began = performance.now();
    try {
      const have = [...this.#hooks.busy(), ...this.items];
      const { questions, status } = await call("POST", "questions", { n: Math.min(missing, AT_ONCE), have });
      this.trouble = null;
      this.#failures = 0;
      this.dry = questions.length === 0;
      this.model(status.model?.version ?? null);
      const known = new Set([...this.#hooks.busy(), ...this.items]); // a lease that ran out may be given anew
      await this.#admit(questions.filter((/** @type {Question} */ { item }) => !known.has(item)));
      const meanwhile = Math.floor((performance.now() - began) / FAST);
      if (!this.#along) this.#depth = Math.min(DEEPEST, AHEAD + meanwhile);
      if (this.dry) this.#stale.clear(); // nothing better is to be had
      this.#hooks.heard(status);
      this.#hooks.came();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      this.trouble = trouble;
      this.#hooks.came();
    } finally {
      this.#asking = false;
    }
    if (this.trouble) this.#later(Math.max(this.trouble.after, Math.min(15, 2 ** this.#failures++)));
    else if (this.dry) this.#later(this.ahead.length ? 30 : 10);
    else this.fill();
  }

  /** Hold `n` questions, for work without a connection. @param {number} n */
  along(n) {
    this.#along = true;
    this.#depth = n;
    this.fill({ now: true });
  }

  /** The leases have just been renewed. */
  renewed() {
    this.#confirmed = Date.now();
  }

  /** Back after a pause: what is no longer ours to count on is asked anew. */
  awake() {
    if (Date.now() - this.#confirmed > 1000 * KEPT && !this.#along) this.ahead = [];
    this.fill({ now: true });
  }

  /** Give everything back. @param {string[]} more items */
  leave(more) {
    const release = [...this.items, ...more];
    if (release.length) farewell("leases", { release });
    this.#confirmed = 0;
  }

  /** @param {Question[]} questions */
  async #admit(questions) {
    this.#arriving = [...questions];
    const surplus = [];
    for (const prepared of questions.map(this.#hooks.prepare)) {
      await prepared;
      const question = /** @type {Question} */ (this.#arriving.shift());
      const first = this.ahead.findIndex((other) => this.#stale.has(other.item));
      this.ahead.splice(first < 0 ? this.ahead.length : first, 0, question);
      if (this.ahead.length > this.#depth && first >= 0) surplus.push(/** @type {Question} */ (this.ahead.pop()).item);
      this.#hooks.came();
    }
    for (const item of surplus) this.#stale.delete(item);
    if (surplus.length) call("POST", "leases", { release: surplus }).catch(() => {}); // they run out by themselves
  }

  /** @param {number} seconds */
  #later(seconds) {
    this.#timer = setTimeout(() => this.fill({ now: true }), 1000 * seconds);
  }
}
