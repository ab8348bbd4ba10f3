// @ts-check
/** One of several classes: a key chooses and goes on. */

import { Choices } from "./choices.js";
import { say } from "./notices.js";

/** @typedef {import("./api.js").Label} Label @typedef {import("./desk.js").Widget} Widget */

/** @implements {Widget} */
export class Single {
  draft = null; // nothing is ever half chosen
  #names;
  #give;
  #choices;
  /** @type {string | null} */
  #proposed = null;

  /** @param {string[]} names @param {string[]} keys @param {(label: Label) => void} give @param {(key: string) => boolean} press */
  constructor(names, keys, give, press) {
    this.#names = names;
    this.#give = give;
    this.#choices = new Choices(names, keys, (index) => this.#choose(index), press);
  }

  /** @param {string} key */
  press(key) {
    const index = this.#choices.at(key);
    if (index !== undefined) this.#choose(index);
    return index !== undefined;
  }

  accept() {
    if (this.#proposed !== null) this.#choose(this.#names.indexOf(this.#proposed));
    else say("The model proposes nothing here: choose a class.");
  }

  /** @param {import("./api.js").Question} question @param {Label | null} given */
  show({ proposal }, given) {
    const chances = this.#names.map((name) => proposal?.probabilities?.[name] ?? null);
    this.#proposed = proposal ? likeliest(this.#names, String(proposal.label), chances) : null;
    this.#choices.draw(
      this.#names.map((name, index) => {
        const [proposed, chosen] = [name === this.#proposed, name === given];
        return { chance: chances[index], mark: chosen ? "✓ your answer" : proposed ? "Enter" : "", proposed, chosen };
      }),
    );
  }

  /** @param {number} index */
  #choose(index) {
    this.#choices.chosen(index);
    this.#give(this.#names[index]);
  }
}

/** The label proposed, or where it is written in another way the likeliest. @param {string[]} names @param {string} label @param {(number | null)[]} chances */
function likeliest(names, label, chances) {
  if (names.includes(label)) return label;
  return names[chances.indexOf(Math.max(...chances.map((p) => p ?? 0)))] ?? null;
}
