// @ts-check
/** The page's other rooms: each is fetched and drawn when somebody goes there; labelling waits where it stood. */

import { make, the } from "./dom.js";
import { say } from "./notices.js";

/**
 * @typedef {import("./api.js").Status} Status
 *
 * @typedef {object} Door
 * @property {string} name of its address: /#overview
 * @property {string} title what its button says
 * @property {string} key that opens it, "" for none; never a class's key
 * @property {string} right without which it is not offered
 * @property {() => Promise<View>} load
 *
 * @typedef {object} View
 * @property {(root: HTMLElement, status: Status, press: (key: string) => boolean) => unknown} show draw into `root`, which is
 *   empty the first time; `press` is for keys that a field there passes on
 * @property {() => void} hide stop whatever runs only while it is looked at
 * @property {(key: string) => boolean} [press] whether a key meant something here; Escape comes only if it returns false
 */

export class Views {
  /** @type {Door | null} the way to where one is; null while labelling */
  open = null;
  /** @type {View | null} what is there, once it has been fetched */
  #view = null;
  /** @type {Map<string, {root: HTMLElement, view: View}>} */
  #rooms = new Map();
  /** @type {Map<string, HTMLElement>} */
  #buttons = new Map();
  #offered;
  #status;

  /** @param {Door[]} all @param {() => Status} status the newest */
  constructor(all, status) {
    this.#status = status;
    const rights = status().rights ?? [];
    this.#offered = all.filter((door) => rights.includes(door.right));
    for (const door of this.#offered) {
      const button = make("button", { type: "button", id: `go-${door.name}`, onclick: () => this.toggle(door.name) }, `${door.title} `);
      if (door.key) {
        button.append(make("kbd", {}, door.key.toUpperCase()));
        button.setAttribute("aria-keyshortcuts", door.key);
      }
      this.#buttons.set(door.name, button);
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
    if (this.#view?.press?.(key)) return true;
    const wanted = this.#offered.find((door) => door.key === key);
    if (wanted) this.toggle(wanted.name);
    else if (this.open && key === "escape") this.toggle(this.open.name);
    else return false;
    return true;
  }

  async #follow() {
    const wanted = this.#offered.find((door) => door.name === location.hash.slice(1)) ?? null;
    if (wanted === this.open) return;
    this.#view?.hide();
    this.#view = null;
    this.open = wanted;
    for (const [name, button] of this.#buttons) button.ariaCurrent = name === wanted?.name ? "page" : null;
    for (const { root } of this.#rooms.values()) root.hidden = true;
    for (const element of [the("labelling"), the("standing")]) element.hidden = wanted !== null;
    if (wanted === null) {
      the("item").focus({ preventScroll: true });
      return;
    }
    const room = this.#rooms.get(wanted.name) ?? (await this.#built(wanted));
    if (this.open !== wanted) return; // somebody went elsewhere meanwhile
    if (!room) return this.toggle(wanted.name);
    this.#view = room.view;
    room.root.hidden = false;
    room.root.focus({ preventScroll: true });
    room.view.show(room.root, this.#status(), (key) => this.press(key));
  }

  /** @param {Door} door */
  async #built(door) {
    try {
      const view = await door.load();
      const root = make("main", { className: "view", id: `view-${door.name}`, tabIndex: 0, ariaLabel: door.title, hidden: true });
      if (!this.#rooms.has(door.name)) the("labelling").before(root);
      const room = this.#rooms.get(door.name) ?? { root, view };
      this.#rooms.set(door.name, room);
      return room;
    } catch (error) {
      console.error(error);
      say("That could not be fetched; try again when the server can be reached.");
    }
  }
}
