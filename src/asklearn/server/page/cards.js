// @ts-check
/** Many items side by side, chosen one by one or in rows. */

import { make } from "./dom.js";
import { brief } from "./words.js";

/** @typedef {{item: string, content: import("./api.js").Content, image?: string}} Shown */

const TEXT = 240; // characters of a text on its card

export class Cards {
  root = make("div", { className: "cards", role: "listbox", ariaMultiSelectable: "true", ariaLabel: "Items" });
  /** @type {{item: string, card: HTMLElement}[]} */
  #all = [];
  #at = 0;
  #from = 0; // where a range begins
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.root.onkeydown = (event) => this.#key(event);
    this.root.onclick = (event) => {
      const index = this.#all.findIndex(({ card }) => card.contains(/** @type {Node} */ (event.target)));
      if (index >= 0) this.#press(index, event.shiftKey);
    };
  }

  /** @param {Shown[]} shown @param {boolean} chosen whether they all are, to begin with */
  show(shown, chosen) {
    this.#all = shown.map((one) => ({ item: one.item, card: card(one) }));
    this.root.replaceChildren(...this.#all.map(({ card }) => card));
    this.#choose(0, shown.length - 1, chosen);
    this.#from = 0;
    this.#go(0);
  }

  focus() {
    this.#all[this.#at]?.card.focus();
  }

  /** Items that are chosen, or are not. @param {boolean} chosen @returns {string[]} */
  items(chosen) {
    return this.#all.filter(({ card }) => (card.ariaSelected === "true") === chosen).map(({ item }) => item);
  }

  /** Choose all, or none where all are. */
  all() {
    this.#choose(0, this.#all.length - 1, this.items(false).length > 0);
    this.#changed();
  }

  /** @param {number} one @param {number} other @param {boolean} chosen */
  #choose(one, other, chosen) {
    for (const { card } of this.#all.slice(Math.min(one, other), Math.max(one, other) + 1)) card.ariaSelected = String(chosen);
  }

  /** @param {number} index @param {boolean} range from where the last one was chosen */
  #press(index, range) {
    if (range) this.#choose(this.#from, index, true);
    else this.#choose(index, index, this.#all[index].card.ariaSelected !== "true");
    if (!range) this.#from = index;
    this.#go(index)?.focus();
    this.#changed();
  }

  /** The card that keys act on. @param {number} index */
  #go(index) {
    this.#all.forEach(({ card }, other) => (card.tabIndex = other === index ? 0 : -1));
    this.#at = index;
    return this.#all[index]?.card;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.#all.filter(({ card }) => card.offsetTop === this.#all[0].card.offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, " ": 0 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = this.#at + step;
    if (!this.#all[to]) return;
    if (!step || event.shiftKey) return this.#press(to, step !== 0);
    this.#from = to;
    this.#go(to)?.focus();
  }
}

/** @param {Shown} shown */
function card({ item, content, image }) {
  const option = make("div", { className: "card", role: "option" });
  if (content.kind === "image") {
    const picture = make("img", { src: image, alt: `item ${item}`, draggable: false });
    picture.onload = () => picture.classList.toggle("small", picture.naturalWidth <= 100);
    option.append(picture);
  } else {
    const text = content.kind === "text" ? content.text : content.fields.map(([name, value]) => `${name} ${value ?? "–"}`).join(", ");
    option.append(make("p", { dir: "auto" }, brief(text, TEXT)));
  }
  return option;
}
