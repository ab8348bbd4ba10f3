// @ts-check
/** A number: a digit begins it, arrows step, Enter sends it or what the model proposes. */

import { button, make, write } from "./dom.js";
import { fresh, named } from "./keys.js";
import { say } from "./notices.js";

/** @typedef {import("./api.js").Label} Label @typedef {import("./answering.js").Widget} Widget */

const EDITING = /^([\d.,e+-]|delete|home|end|(shift\+)?tab|)$/; // keys that are always the field's own
const TYPED = /^(backspace|ctrl\+z|(shift\+|ctrl\+)?arrow(left|right))$/; // and those that are once something was typed

/** @implements {Widget} */
export class Amount {
  #give;
  #low = -Infinity;
  #high = Infinity;
  #step;
  #touched = false;
  /** @type {number | null} */
  #proposed = null;
  #said = ""; // of the model, below the field
  #field = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", enterKeyHint: "send" });
  #words = make("p", { ariaLive: "polite" });

  /** @param {import("./api.js").Status} status @param {import("./answering.js").Place} place */
  constructor({ range, unit }, { choices, give, press }) {
    this.#give = give;
    if (range) [this.#low, this.#high] = range;
    this.#step = range ? 10 ** Math.round(Math.log10((this.#high - this.#low) / 100)) : 1;
    [this.#field.id, this.#words.id] = [`${choices.id}-amount`, `${choices.id}-said`];
    const label = make("label", { htmlFor: this.#field.id }, `Number${range ? `, ${range.join(" to ")}` : ""}`);
    const entry = make("div", { className: "entry" }, this.#field, unit ?? "", button("Send", "Enter", () => this.accept(), "primary"));
    this.#field.setAttribute("aria-describedby", this.#words.id);
    this.#field.oninput = () => this.#changed();
    this.#field.onkeydown = (event) => {
      const key = named(event);
      const typed = this.#touched && this.#field.value !== "";
      if (EDITING.test(key) || (typed && TYPED.test(key))) return;
      event.preventDefault(); // what is no number means what it means elsewhere, but not in the middle of “5 kg”
      if (key === "escape") this.#field.blur();
      else if (typed && /^(.|space)$/.test(key)) return;
      else if (fresh(event) || key.startsWith("arrow")) press(key);
    };
    choices.ariaLabel = "Number";
    choices.append(make("div", { className: "amount" }, label, entry, this.#words));
  }

  /** @returns {number | null} */
  get draft() {
    return this.#touched ? this.#value : null;
  }

  /** @param {string} key */
  press(key) {
    const steps = { arrowup: 1, arrowdown: -1, "shift+arrowup": 10, "shift+arrowdown": -10 }[key];
    if (/^[\d.,-]$/.test(key)) {
      this.#field.focus();
      this.#field.value = key;
    } else if (steps) {
      const middle = Number.isFinite(this.#low) ? (this.#low + this.#high) / 2 : 0;
      const from = this.#value ?? this.#proposed ?? middle;
      this.#field.value = String(Number(this.#within(from + steps * this.#step).toFixed(9)));
    } else {
      return false;
    }
    this.#changed();
    return true;
  }

  accept() {
    const empty = this.#field.value.trim() === "";
    const value = empty ? this.#proposed : this.#value;
    if (value !== null && !this.#wrong) this.#give(value);
    else say(this.#wrong || "The model proposes nothing here: type a number.");
  }

  /** @param {import("./api.js").Question} question @param {Label | null} given @param {Label | null} draft */
  show({ proposal }, given, draft) {
    const { label, low = NaN, high = NaN } = proposal ?? {};
    const digits = high > low ? Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(high - low)))) : 6;
    const brief = (/** @type {unknown} */ value) => Number(Number(value).toFixed(digits));
    this.#proposed = proposal ? this.#within(brief(label)) : null;
    const interval = high > low ? `; in 4 cases of 5 it is ${brief(low)} to ${brief(high)}` : "";
    this.#said = proposal ? `The model proposes ${this.#proposed}${interval}. Enter accepts it.` : "";
    this.#field.value = String(draft ?? given ?? "");
    this.#field.placeholder = proposal ? String(this.#proposed) : "";
    this.#changed();
    this.#touched = draft !== null;
    if (document.activeElement === this.#field) this.#field.select();
  }

  /** What is typed, if it is a number. */
  get #value() {
    const text = this.#field.value.trim().replace(",", ".").replace("−", "-");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : null;
  }

  /** What is wrong with what is typed, if anything; a sign alone is a beginning. */
  get #wrong() {
    const text = this.#field.value.trim();
    if (/^[+-]?$/.test(text)) return "";
    if (this.#value === null) return `“${text}” is no number.`;
    return this.#within(this.#value) === this.#value ? "" : `It must be from ${this.#low} to ${this.#high}.`;
  }

  /** @param {number} value */
  #within(value) {
    return Math.min(this.#high, Math.max(this.#low, value));
  }

  #changed() {
    this.#touched = true;
    this.#field.ariaInvalid = String(this.#wrong !== "");
    write(this.#words, this.#wrong || this.#said);
  }
}
