// @ts-check
/** The classes as buttons, each with its key and, where the model proposes, its probability. */

import { make, the, write } from "./dom.js";
import { fresh, named } from "./keys.js";
import { percent } from "./words.js";

/** @typedef {import("./api.js").Proposal} Proposal */

/** More classes than this are found by typing; the keys then belong to the likeliest. */
export const MANY = 20;
const SHORTLIST = 10;
const ROOM = 54; // em, beside the panel

export class Choices {
  #names;
  #keys;
  #root = the("choices");
  #filter = /** @type {HTMLInputElement} */ (the("filter"));
  #likely = the("likely");
  #every = the("every");
  /** @type {Choice[]} one a class, in the task's order */
  #all;
  /** @type {Choice[]} with many classes: the likeliest, or those chosen last */
  #short;
  /** @type {number[]} classes, the one chosen last first */
  #recent = [];
  /** @type {number | null} */
  #proposed = null;

  /**
   * @param {string[]} names
   * @param {string[]} keys
   * @param {(index: number) => void} choose
   * @param {(key: string) => boolean} press for keys that the empty filter passes on
   */
  constructor(names, keys, choose, press) {
    const long = names.length > MANY;
    this.#names = names;
    this.#keys = long ? [] : keys;
    this.#all = names.map((name, index) => new Choice(index, name, this.#keys[index] ?? "", choose));
    this.#short = long ? names.slice(0, SHORTLIST).map((name, i) => new Choice(i, name, `${(i + 1) % 10}`, choose)) : [];
    this.#every.replaceChildren(...this.#all.map((choice) => choice.button));
    this.#likely.replaceChildren(...this.#short.map((choice) => choice.button));
    this.#likely.hidden = the("filtering").hidden = !long;
    this.#root.dataset.size = long ? "many" : "few";
    this.#root.style.setProperty("--columns", String(columns(long ? this.#short.map(() => "") : names)));
    this.#filter.oninput = () => this.#narrow();
    this.#filter.onkeydown = (event) => this.#typed(event, choose, press);
  }

  /** The class that `key` stands for at the moment. @param {string} key @returns {number | undefined} */
  at(key) {
    const found = (this.#short.length ? this.#short : this.#all).find((choice) => choice.key === key);
    return found && !found.button.hidden ? found.index : undefined;
  }

  /** The class that the model proposes, if it does. @returns {number | null} */
  get proposed() {
    return this.#proposed;
  }

  /** @param {Proposal | null} proposal @param {number | null} given the answer there is already */
  draw(proposal, given) {
    const chances = this.#names.map((name) => proposal?.probabilities[name] ?? null);
    this.#proposed = proposal ? this.#names.indexOf(String(proposal.label)) : null;
    if (this.#proposed === -1) this.#proposed = chances.indexOf(Math.max(...chances.map((p) => p ?? 0)));
    if (this.#short.length) this.#rank(chances);
    const [numbered, plain] = this.#short.length ? [this.#short, this.#all] : [this.#all, []];
    const draw = (/** @type {Choice} */ choice, /** @type {number | null} */ chance) =>
      choice.draw(chance, choice.index === this.#proposed, choice.index === given);
    for (const choice of numbered) draw(choice, chances[choice.index]);
    for (const choice of plain) draw(choice, null);
    if (this.#filter.value) {
      this.#filter.value = "";
      this.#narrow();
    }
  }

  /** @param {number} index */
  chosen(index) {
    this.#recent = [index, ...this.#recent.filter((other) => other !== index)];
  }

  /** @param {boolean} off */
  disable(off) {
    this.#root.toggleAttribute("inert", off);
  }

  /** Go to the filter, when there is one. */
  search() {
    if (!the("filtering").hidden) this.#filter.focus();
  }

  /** @param {(number | null)[]} chances */
  #rank(chances) {
    const order = this.#names.map((_, index) => index);
    const recent = this.#recent.concat(order.filter((index) => !this.#recent.includes(index)));
    const best = chances.every((p) => p === null) ? recent : order.sort((a, b) => (chances[b] ?? 0) - (chances[a] ?? 0));
    this.#short.forEach((choice, place) => choice.become(best[place], this.#names[best[place]]));
  }

  #narrow() {
    const wanted = this.#filter.value.trim().toLowerCase();
    const matches = this.#matches(wanted);
    const kept = new Set(matches);
    for (const choice of this.#all) {
      choice.button.hidden = !kept.has(choice.index);
      choice.button.classList.toggle("first", wanted !== "" && choice.index === matches[0]);
    }
    this.#every.append(...matches.map((index) => this.#all[index].button));
    this.#likely.hidden = wanted !== "";
    write(the("matches"), wanted ? (matches.length ? `Enter: ${this.#names[matches[0]]}` : "no class is called that") : "");
  }

  /** Classes whose name holds `wanted`, those that begin with it first. @param {string} wanted @returns {number[]} */
  #matches(wanted) {
    const rank = (/** @type {string} */ name) => {
      const at = name.toLowerCase().indexOf(wanted);
      return at <= 0 ? at : /[a-z0-9]/i.test(name[at - 1]) ? 2 : 1;
    };
    const ranks = this.#names.map(rank);
    return this.#names
      .map((_, index) => index)
      .filter((index) => ranks[index] >= 0)
      .sort((a, b) => ranks[a] - ranks[b] || a - b);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(index: number) => void} choose
   * @param {(key: string) => boolean} press
   */
  #typed(event, choose, press) {
    const key = named(event);
    const empty = this.#filter.value.trim() === "";
    if (key === "escape") {
      this.#filter.value = "";
      this.#narrow();
      this.#filter.blur();
    } else if (key === "enter" && !empty) {
      const [first] = this.#matches(this.#filter.value.trim().toLowerCase());
      if (first !== undefined && fresh(event)) choose(first);
    } else if (empty && (/^[0-9]$/.test(key) || ["enter", "space", "ctrl+z"].includes(key))) {
      if (fresh(event)) press(key);
    } else {
      return;
    }
    event.preventDefault();
  }
}

/** How many columns make even rows, side by side on a wide screen. @param {string[]} names */
function columns(names) {
  const widest = Math.max(...names.map((name) => name.length));
  const fitting = Math.max(1, Math.floor(ROOM / (8 + 0.5 * Math.min(widest, 40)))); // em: key and number, then the name
  return Math.ceil(names.length / Math.ceil(names.length / fitting));
}

/** The name, with places where it may be broken. @param {string} name */
function breakable(name) {
  return name.split(/(?<=[_./-])/).flatMap((part) => [part, make("wbr")]);
}

/** One class on the screen. */
class Choice {
  #kbd;
  #name = make("span", { className: "name", dir: "auto" });
  #chance = make("span", { className: "chance" });
  #mark = make("span", { className: "mark" });
  #bar = make("span", { className: "bar" });
  #drawn = "";

  /** @param {number} index @param {string} name @param {string} key @param {(index: number) => void} choose */
  constructor(index, name, key, choose) {
    this.index = index;
    this.key = key;
    this.#kbd = make("kbd", { hidden: !key }, key.toUpperCase());
    this.button = make("button", { type: "button", className: "choice" });
    this.button.append(this.#kbd, this.#name, this.#mark, this.#chance, this.#bar);
    if (key) this.button.setAttribute("aria-keyshortcuts", key);
    this.button.onclick = () => choose(this.index);
    this.become(index, name);
  }

  /** @param {number} index @param {string} name */
  become(index, name) {
    this.index = index;
    if (this.#name.textContent !== name) this.#name.replaceChildren(...breakable(name));
    this.button.title = name;
  }

  /** @param {number | null} chance @param {boolean} proposed @param {boolean} given */
  draw(chance, proposed, given) {
    const drawn = `${chance} ${proposed} ${given}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const mark = given ? "✓ your answer" : proposed ? "Enter" : "";
    write(this.#chance, chance === null ? "" : percent(chance));
    write(this.#mark, mark);
    this.#bar.style.transform = `scaleX(${chance ?? 0})`;
    this.button.classList.toggle("proposed", proposed);
    this.button.classList.toggle("given", given);
    if (given) this.button.ariaPressed = "true";
    else this.button.ariaPressed = null;
  }
}
