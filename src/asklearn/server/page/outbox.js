// @ts-check
/** Answers on their way: kept until the server says that it has them, sent in order, never lost, never twice. */

import { call, farewell, Trouble } from "./api.js";

/**
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Status} Status
 * @typedef {import("./shelf.js").Entry} Entry
 * @typedef {import("./shelf.js").Shelf} Shelf
 */

const BATCH = 50;
const BEACON = 100; // answers; browsers carry 64 kB
const LONGEST = 30; // seconds between tries
// Another tab may just be sending what lies on the shelf: keys make that harmless, the lock makes it rare.
const LOCK = "asklearn-outbox";

export class Outbox {
  /** @type {Entry[]} what the server does not have yet, oldest first */
  entries = [];
  /** @type {Trouble | null} why nothing can be sent at the moment */
  trouble = null;

  #shelf;
  #scope;
  #changed;
  #replied;
  /** @type {Set<string>} answers (not undos) that this tab has seen */
  #seen = new Set();
  /** @type {Set<string>} saved or dropped */
  #done = new Set();
  #before;
  #due = false; // something was put while a batch was on its way
  #hurried = false; // somebody wants no pause after it
  #wake = () => {};
  #rush = () => {};
  /** @type {Promise<Entry[]>} */
  #reading = Promise.resolve([]);
  #tabs = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;

  /**
   * @param {Shelf} shelf
   * @param {string} scope
   * @param {object} options
   * @param {number} options.before answers saved before, in this tab
   * @param {() => void} options.changed
   * @param {(status: Status) => void} options.replied
   */
  constructor(shelf, scope, { before, changed, replied }) {
    this.#shelf = shelf;
    this.#scope = scope;
    this.#before = before;
    this.#changed = changed;
    this.#replied = replied;
  }

  /** Take up what an earlier visit left behind, and keep sending from now on. */
  async start() {
    await this.#read();
    if (this.#tabs) this.#tabs.onmessage = () => this.#read(); // another tab has put, sent or dropped something
    this.#run();
  }

  /** How many answers this tab knows of, and how many of them the server has. */
  get count() {
    const waiting = this.entries.filter((entry) => entry.answer.kind !== "undo").length;
    const given = this.#before + this.#seen.size;
    return { given, saved: given - waiting };
  }

  /** Items whose answers are not saved. @returns {string[]} */
  get items() {
    return this.entries.flatMap((entry) => entry.answer.item ?? []);
  }

  /** Whether closing the page would lose an answer. */
  get fragile() {
    return !this.#shelf.lasting && this.waiting.length > 0;
  }

  /** @returns {Entry[]} */
  get refused() {
    return this.entries.filter((entry) => entry.refused);
  }

  /** @returns {Entry[]} */
  get waiting() {
    return this.entries.filter((entry) => !entry.refused);
  }

  /** @param {Answer} answer @param {string} about the item in a few words */
  put(answer, about) {
    /** @type {Entry} */
    const entry = { scope: this.#scope, answer, about };
    this.#add(entry);
    this.#changed();
    this.#keep(entry);
  }

  /** Try now, whatever the waiting time. */
  hurry() {
    this.#hurried = true;
    this.#rush();
    this.#stir();
  }

  /** Give a refused answer another key and send it again. @param {Entry} entry */
  async again(entry) {
    await this.drop(entry);
    this.put({ ...entry.answer, key: uuid() }, entry.about ?? "");
  }

  /** Forget an answer that the server refused. @param {Entry} entry */
  async drop(entry) {
    await this.#remove([entry]);
    this.#seen.delete(entry.answer.key);
    this.#changed();
  }

  /** The page is being closed: send what is waiting without hearing back. What arrives twice counts once. */
  leave() {
    const last = this.waiting.slice(0, BEACON).map((entry) => entry.answer);
    if (last.length) farewell("answers", last);
  }

  async #run() {
    let failures = 0;
    for (;;) {
      try {
        this.#due = this.#hurried = false;
        const sent = await alone(() => this.#send());
        failures = 0;
        if (!sent && !this.#due) await new Promise((wake) => (this.#wake = () => wake(null)));
      } catch (trouble) {
        if (!(trouble instanceof Trouble)) throw trouble;
        this.#troubled(trouble);
        await this.#pause(Math.max(trouble.after, Math.min(LONGEST, 0.5 * 2 ** failures++) * (0.75 + Math.random() / 2)));
      }
    }
  }

  /** Send the oldest batch. @returns {Promise<boolean>} whether there was one */
  async #send() {
    const batch = (await this.#read()).filter((entry) => !entry.refused).slice(0, BATCH);
    if (batch.length) await this.#deliver(batch);
    this.#troubled(null);
    return batch.length > 0;
  }

  /** @param {Entry[]} batch @returns {Promise<void>} */
  async #deliver(batch) {
    let reply;
    try {
      reply = await call("POST", "answers", batch.map((entry) => entry.answer));
    } catch (trouble) {
      if (!(trouble instanceof Trouble) || trouble.passing) throw trouble;
      if (batch.length === 1) return this.#refuse(batch[0], trouble.message);
      // The server takes all or nothing: halve until the one it refuses stands alone.
      const half = batch.length >> 1;
      await this.#deliver(batch.slice(0, half));
      return this.#deliver(batch.slice(half));
    }
    const saved = new Set(reply.saved);
    await this.#remove(batch.filter((entry) => saved.has(entry.answer.key)));
    this.#changed();
    this.#replied(reply.status);
    if (saved.size < batch.length) throw new Trouble(0, "the server did not say that it saved every answer");
  }

  /** @param {Entry} entry @param {string} why */
  async #refuse(entry, why) {
    const of = entry.answer.kind === "undo" ? this.refused.find((other) => other.answer.key === entry.answer.of) : null;
    if (of) {
      await this.#remove([entry]);
      return this.drop(of); // what is taken back was never taken
    }
    const mine = this.entries.find((other) => other.answer.key === entry.answer.key);
    if (mine) mine.refused = why;
    await this.#shelf.put({ ...entry, refused: why });
    this.#changed();
  }

  /** @param {Entry} entry */
  async #keep(entry) {
    entry.seq = await this.#shelf.put(entry);
    this.#tabs?.postMessage(null);
    this.#stir();
  }

  /** @param {Entry[]} entries */
  async #remove(entries) {
    for (const { answer } of entries) this.#done.add(answer.key);
    this.entries = this.entries.filter((entry) => !this.#done.has(entry.answer.key));
    for (const { seq } of entries) if (seq !== undefined) await this.#shelf.remove(seq).catch(() => {});
    this.#tabs?.postMessage(null);
  }

  /** What can be sent, after `entries` was made to agree with the shelf. @returns {Promise<Entry[]>} */
  #read() {
    this.#reading = this.#reading.then(async () => {
      const before = new Set(this.entries.filter((entry) => entry.seq !== undefined).map((entry) => entry.answer.key));
      const found = await this.#shelf.all(this.#scope).catch(() => null); // the database went: memory still knows
      if (found) {
        const stored = found.filter((entry) => !this.#done.has(entry.answer.key));
        const known = new Set([...before, ...stored.map((entry) => entry.answer.key)]);
        const fresh = this.entries.filter((entry) => !known.has(entry.answer.key)); // not on the shelf yet
        this.entries = [];
        for (const entry of [...stored, ...fresh]) this.#add(entry);
        this.#changed();
      }
      return this.entries.filter((entry) => entry.seq !== undefined);
    });
    return this.#reading;
  }

  #stir() {
    this.#due = true;
    this.#wake();
  }

  /** @param {Entry} entry */
  #add(entry) {
    this.entries.push(entry);
    if (entry.answer.kind !== "undo") this.#seen.add(entry.answer.key);
  }

  /** @param {Trouble | null} trouble */
  #troubled(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.#changed();
  }

  /** @param {number} seconds */
  async #pause(seconds) {
    if (this.#hurried) return;
    await new Promise((done) => {
      const timer = setTimeout(done, 1000 * seconds);
      this.#rush = () => {
        clearTimeout(timer);
        done(null);
      };
    });
  }
}

/** @param {() => Promise<boolean>} work @returns {Promise<boolean>} */
async function alone(work) {
  return navigator.locks ? await navigator.locks.request(LOCK, work) : work();
}

/** A random key; `crypto.randomUUID` exists only where the page came over TLS or loopback. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
