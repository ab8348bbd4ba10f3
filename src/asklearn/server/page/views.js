// @ts-check
/** The page's other rooms: each is drawn when somebody goes there; labelling waits where it stood. */

import { make, the } from "./dom.js";

/**
 * @typedef {import("./api.js").Status} Status
 *
 * @typedef {object} View
 * @property {string} name of its address: /#overview
 * @property {string} title what its button says
 * @property {string} key that opens it, "" for none; never a class's key
 * @property {string} right without which it is not offered
 * @property {(root: HTMLElement, status: Status) => unknown} show draw into `root`, which is empty the first time
 * @property {() => void} hide stop whatever runs only while it is looked at
 * @property {(key: string) => boolean} [press] whether a key meant something here; Escape comes only if it returns false
 */

export class Views {
  /** @type {View | null} the one that is open; null while labelling */
  open = null;
  /** @type {Map<string, HTMLElement>} */
  #rooms = new Map();
  /** @type {Map<string, HTMLElement>} */
  #buttons = new Map();
  #offered;
  #status;

  /** @param {View[]} all @param {() => Status} status the newest */
  constructor(all, status) {
    this.#status = status;
    const rights = status().rights ?? [];
    this.#offered = all.filter((view) => rights.includes(view.right));
    for (const view of this.#offered) {
      const button = make("button", { type: "button", id: `go-${view.name}`, onclick: () => this.toggle(view.name) }, `${view.title} `);
      if (view.key) {
        button.append(make("kbd", {}, view.key.toUpperCase()));
        button.setAttribute("aria-keyshortcuts", view.key);
      }
      this.#buttons.set(view.name, button);
      the("views").append(button);
    }
    addEventListener("hashchange", () => this.#follow());
    this.#follow();
  }

  /** Go there, or back to labelling when there already. @param {string} name */
  toggle(name) {
    location.hash = this.open?.name === name ? "" : name;
  }

  /** Whether the key meant something: to the open room, or as the way into one or out. @param {string} key */
  press(key) {
    if (this.open?.press?.(key)) return true;
    const wanted = this.#offered.find((view) => view.key === key);
    if (wanted) this.toggle(wanted.name);
    else if (this.open && key === "escape") this.toggle(this.open.name);
    else return false;
    return true;
  }

  #follow() {
    const wanted = this.#offered.find((view) => view.name === location.hash.slice(1)) ?? null;
    if (wanted === this.open) return;
    this.open?.hide();
    this.open = wanted;
    for (const [name, button] of this.#buttons) button.ariaCurrent = name === wanted?.name ? "page" : null;
    for (const room of this.#rooms.values()) room.hidden = true;
    for (const element of [the("labelling"), the("standing")]) element.hidden = wanted !== null;
    if (wanted === null) {
      the("item").focus({ preventScroll: true });
      return;
    }
    const room = this.#room(wanted);
    room.hidden = false;
    room.focus({ preventScroll: true });
    wanted.show(room, this.#status());
  }

  /** @param {View} view */
  #room(view) {
    const there = this.#rooms.get(view.name);
    if (there) return there;
    const room = make("main", { className: "view", id: `view-${view.name}`, tabIndex: 0, ariaLabel: view.title });
    this.#rooms.set(view.name, room);
    the("labelling").before(room);
    return room;
  }
}
