// @ts-check
/** One of several classes: a key chooses and goes on. */

import { Choices } from "./choices.js";
import { say } from "./notices.js";

/** @typedef {import("./api.js").Label} Label @typedef {import("./answering.js").Widget} Widget */

/** @implements {Widget} */
export class Single {
  draft = null; // nothing is ever half chosen
  #names;
  #give;
  #choices;
  /** @type {string | null} */
  #proposed = null;
  /** @type {import("./api.js").Question | null} */
  #question = null;

  /** @param {string[]} names @param {string[]} keys @param {import("./answering.js").Place} place */
  constructor(names, keys, place) {
    this.#names = names;
    this.#give = place.give;
    this.#choices = new Choices(names, keys, place, (index) => this.#choose(index));
  }

  /** @param {string} key */
  press(key) {
    return this.#choices.press(key);
  }

  accept() {
    if (this.#proposed !== null) this.#choose(this.#names.indexOf(this.#proposed));
    else say("The model proposes nothing here: choose a class.");
  }

  /** @param {import("./api.js").Question} question @param {Label | null} given @param {Label | null} draft */
  show(question, given, draft) {
    const { proposal } = question;
    const again = question === this.#question;
    this.#question = question;
    const chances = this.#names.map((name) => proposal?.probabilities?.[name] ?? null);
    this.#proposed = proposal ? likeliest(this.#names, String(proposal.label), chances) : null;
    this.#choices.draw(
      this.#names.map((name, index) => {
        const [proposed, chosen] = [name === this.#proposed, name === (draft ?? given)];
        return { chance: chances[index], mark: chosen ? (draft === null ? "✓ your answer" : "✓") : proposed ? "Enter" : "", proposed, chosen };
      }),
      again,
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
