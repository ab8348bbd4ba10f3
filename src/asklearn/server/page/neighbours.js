// @ts-check
/** Other tabs of this browser on the same project: what they hold is not shown here too. */

const FORGET = 150_000; // ms; leases are over by then

export class Neighbours {
  #held;
  #channel;
  #me = Math.random();
  /** @type {Map<number, {items: string[], at: number}>} */
  #others = new Map();

  /** @param {string} scope @param {() => string[]} held what this tab holds */
  constructor(scope, held) {
    this.#held = held;
    this.#channel = "BroadcastChannel" in window ? new BroadcastChannel(`asklearn ${scope}`) : null;
    if (!this.#channel) return;
    this.#channel.onmessage = ({ data: { from, items, hello } }) => {
      this.#others.set(from, { items, at: Date.now() });
      if (hello) this.tell();
    };
    this.tell(true);
  }

  /** @returns {string[]} */
  get items() {
    const lately = [...this.#others.values()].filter(({ at }) => Date.now() - at < FORGET);
    return lately.flatMap(({ items }) => items);
  }

  /** Say what this tab holds. @param {boolean} [hello] and ask the others */
  tell(hello = false) {
    this.#channel?.postMessage({ from: this.#me, items: this.#held(), hello });
  }

  /** This tab holds nothing any more. */
  leave() {
    this.#channel?.postMessage({ from: this.#me, items: [], hello: false });
  }
}
