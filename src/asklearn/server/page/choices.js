// @ts-check
/** The labels as buttons, each with its key and, where the model proposes, its probability. */

import { make, write } from "./dom.js";
import { fresh, named } from "./keys.js";
import { percent } from "./words.js";

/**
 * @typedef {object} Look
 * @property {number | null} chance
 * @property {string} mark in words, beside the name
 * @property {boolean} [proposed]
 * @property {boolean} [chosen]
 */

/** More classes than this are found by typing; the keys then belong to the likeliest. */
export const MANY = 20;
const SHORTLIST = 10;
const ROOM = 54; // em, beside the panel

export class Choices {
  #names;
  #keys;
  #choose;
  #filter = make("input", { type: "search", autocomplete: "off", spellcheck: false, dir: "auto", placeholder: "type a part of its name" });
  #found = make("p", { className: "quiet", ariaLive: "polite" });
  #likely = make("div", { className: "likely" });
  #every = make("div", { className: "every" });
  /** @type {Choice[]} one a class, in the task's order */
  #all;
  /** @type {Choice[]} with many classes: the likeliest, or those chosen last */
  #short;
  /** @type {number[]} classes, the one chosen last first */
  #recent = [];
  #toggles;

  /**
   * @param {string[]} names
   * @param {string[]} keys
   * @param {import("./answering.js").Place} place
   * @param {(index: number) => void} choose
   * @param {boolean} [toggles] whether each can be on or off by itself
   */
  constructor(names, keys, { choices: root, press }, choose, toggles = false) {
    this.#toggles = toggles;
    this.#choose = choose;
    const long = names.length > MANY;
    this.#names = names;
    this.#keys = long ? [] : keys;
    this.#all = names.map((name, index) => new Choice(index, name, this.#keys[index] ?? "", choose));
    this.#short = long ? names.slice(0, SHORTLIST).map((name, i) => new Choice(i, name, `${(i + 1) % 10}`, choose)) : [];
    this.#every.replaceChildren(...this.#all.map((choice) => choice.button));
    this.#likely.replaceChildren(...this.#short.map((choice) => choice.button));
    root.append(...(long ? [this.#likely, this.#filtering(root.id)] : []), this.#every);
    root.dataset.size = long ? "many" : "few";
    root.style.setProperty("--columns", String(columns(long ? this.#short.map(() => "") : names)));
    this.#filter.oninput = () => this.#narrow();
    this.#filter.onkeydown = (event) => this.#typed(event, press);
  }

  /** The buttons, in the task's order. */
  get buttons() {
    return this.#all.map((choice) => choice.button);
  }

  /** Whether the key meant something. @param {string} key */
  press(key) {
    const index = this.at(key);
    if (index !== undefined) this.#choose(index);
    else if (key === "/" && this.#short.length) this.#filter.focus();
    else return false;
    return true;
  }

  /** The class that `key` stands for at the moment. @param {string} key @returns {number | undefined} */
  at(key) {
    const found = (this.#short.length ? this.#short : this.#all).find((choice) => choice.key === key);
    return found && !found.button.hidden ? found.index : undefined;
  }

  /** @param {Look[]} looks one a label @param {boolean} [again] the item is the same: every label stays in its place */
  draw(looks, again = false) {
    if (this.#short.length && !again) this.#rank(looks.map((look) => look.chance));
    const [numbered, plain] = this.#short.length ? [this.#short, this.#all] : [this.#all, []];
    for (const choice of numbered) choice.draw(looks[choice.index], this.#toggles);
    for (const choice of plain) choice.draw({ ...looks[choice.index], chance: null }, this.#toggles);
    if (this.#filter.value) {
      this.#filter.value = "";
      this.#narrow();
    }
  }

  /** @param {string} id */
  #filtering(id) {
    [this.#filter.id, this.#found.id] = [`${id}-filter`, `${id}-found`];
    this.#filter.setAttribute("aria-describedby", this.#found.id);
    const label = make("label", { htmlFor: this.#filter.id }, "Find a class ", make("kbd", {}, "/"));
    return make("div", { className: "filtering" }, label, this.#filter, this.#found);
  }

  /** @param {number} index */
  chosen(index) {
    this.#recent = [index, ...this.#recent.filter((other) => other !== index)];
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
    write(this.#found, wanted ? (matches.length ? `Enter: ${this.#names[matches[0]]}` : "no class is called that") : "");
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

  /** @param {KeyboardEvent} event @param {(key: string) => boolean} press */
  #typed(event, press) {
    const key = named(event);
    const empty = this.#filter.value.trim() === "";
    if (key === "escape") {
      this.#filter.value = "";
      this.#narrow();
      this.#filter.blur();
    } else if (key === "enter" && !empty) {
      const [first] = this.#matches(this.#filter.value.trim().toLowerCase());
      if (first !== undefined && fresh(event)) this.#choose(first);
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

  /** @param {Look} look @param {boolean} toggle */
  draw({ chance, mark, proposed = false, chosen = false }, toggle) {
    const drawn = `${chance} ${mark} ${proposed} ${chosen}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    write(this.#chance, chance === null ? "" : percent(chance));
    write(this.#mark, mark);
    this.#bar.style.transform = `scaleX(${chance ?? 0})`;
    this.button.classList.toggle("proposed", proposed);
    this.button.classList.toggle("given", chosen);
    this.button.ariaPressed = toggle || chosen ? String(chosen) : null;
  }
}
