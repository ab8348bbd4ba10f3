// @ts-check
/** Any number of labels: a key switches one on or off, Enter sends them all. */

import { Choices } from "./choices.js";
import { button, make } from "./dom.js";
import { say, speak } from "./notices.js";
import { said } from "./words.js";

/** @typedef {import("./api.js").Label} Label @typedef {import("./answering.js").Widget} Widget */

/** @implements {Widget} */
export class Several {
  #names;
  #labels;
  #give;
  #choices;
  #none = button("None of them", "0", () => this.#clear());
  /** @type {Set<number>} by their places */
  #on = new Set();
  /** @type {Set<number>} */
  #proposed = new Set();
  /** @type {(number | null)[]} */
  #chances = [];
  #given = false; // what is on was an answer already
  #decided = false; // somebody, or the model, has said something: without that, none at all is no answer

  /** @param {string[]} names @param {Label[]} labels @param {string[]} keys @param {import("./answering.js").Place} place */
  constructor(names, labels, keys, place) {
    this.#names = names;
    this.#labels = labels;
    this.#give = place.give;
    this.#choices = new Choices(names, keys, place, (index) => this.#toggle(index), true);
    if (this.#choices.at("0") !== undefined) this.#none.firstElementChild?.replaceChildren("X");
    place.choices.append(make("div", { className: "sending" }, this.#none, button("Send", "Enter", () => this.accept(), "primary")));
  }

  /** @returns {Label | null} */
  get draft() {
    return this.#decided ? /** @type {string[]} */ (this.#labels.filter((_, index) => this.#on.has(index))) : null;
  }

  /** @param {string} key */
  press(key) {
    if (this.#choices.press(key)) return true;
    if (key !== "0" && key !== "x") return false;
    this.#clear();
    return true;
  }

  accept() {
    if (this.draft) this.#give(this.draft);
    else say("The model proposes nothing here: choose labels, or none of them.");
  }

  /** @param {import("./api.js").Question} question @param {Label | null} given @param {Label | null} draft */
  show({ proposal }, given, draft) {
    const places = (/** @type {Label | null | undefined} */ label) => new Set(/** @type {string[]} */ (label ?? []).map((one) => this.#labels.indexOf(one)));
    const start = draft ?? given ?? proposal?.label ?? null;
    this.#proposed = places(proposal?.label);
    this.#on = places(start);
    this.#given = given !== null;
    this.#decided = start !== null;
    this.#chances = this.#names.map((name) => proposal?.probabilities?.[name] ?? null);
    this.#draw(false);
  }

  /** @param {number} index */
  #toggle(index) {
    if (!this.#on.delete(index)) this.#on.add(index);
    this.#choices.chosen(index);
    this.#changed();
  }

  #clear() {
    this.#on.clear();
    this.#changed();
  }

  #changed() {
    this.#decided = true;
    this.#draw(true);
    speak(`Chosen: ${said(this.draft ?? [])}`);
  }

  /** @param {boolean} again */
  #draw(again) {
    const looks = this.#names.map((_, index) => {
      const [proposed, chosen] = [this.#proposed.has(index), this.#on.has(index)];
      const mark = proposed ? "proposed" : chosen && this.#given ? "your answer" : "";
      return { chance: this.#chances[index], mark: `${chosen ? "✓ " : ""}${mark}`.trim(), proposed, chosen };
    });
    this.#choices.draw(looks, again);
    this.#none.ariaPressed = String(this.#decided && !this.#on.size);
  }
}
