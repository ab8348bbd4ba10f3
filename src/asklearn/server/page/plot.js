// @ts-check
/** Points in a plane: to look at, to move about in, to draw a line around. */

/** @typedef {{x: number, y: number, kind: string, sign: string}} Point x, y: 0..1 */

const SVG = "http://www.w3.org/2000/svg";
const CORNERS = 900; // of a line
const STEP = 0.004; // shares of what is seen: between corners,
const NEAR = 0.025; // and from a click to its point
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Plot {
  root = make("svg", { class: "plot", tabindex: 0, role: "application" });
  /** @type {Set<number>} */
  chosen = new Set();
  cursor = -1;
  /** @type {Point[]} */
  #points = [];
  #line = make("polygon");
  /** @type {[number, number][]} */
  #corners = [];
  #x = 0;
  #y = 0;
  #side = 1;
  #drawn;
  #picked;
  #at;

  /**
   * @param {(polygon: [number, number][], more: boolean) => void} drawn
   * @param {() => void} picked points were chosen one by one
   * @param {(index: number) => void} at the cursor is there
   */
  constructor(drawn, picked, at) {
    this.#drawn = drawn;
    this.#picked = picked;
    this.#at = at;
    const { root } = this;
    root.onpointerdown = (event) => {
      root.setPointerCapture(event.pointerId);
      this.#corners = event.isPrimary && event.button === 0 ? [this.#there(event)] : [];
    };
    root.onpointermove = (event) => this.#move(event);
    root.onpointerup = (event) => this.#up(event.shiftKey);
    root.onpointercancel = () => this.#drop();
    root.oncontextmenu = (event) => event.preventDefault(); // that button moves the map
    root.onkeydown = (event) => this.#key(event);
    root.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(Math.exp(event.deltaY / 400), this.#there(event));
    });
    this.#look(0, 0);
  }

  /** @param {Point[]} points */
  show(points) {
    this.#points = points;
    const marks = points.map(({ x, y, kind, sign }) => make(sign ? "text" : "circle", { class: kind, cx: x, cy: y, x, y }, sign));
    this.root.replaceChildren(...marks, this.#line);
    this.mark();
  }

  /** Show what is chosen, and where the cursor is. */
  mark() {
    this.#points.forEach((_, index) => {
      const { classList } = this.root.children[index];
      classList.toggle("chosen", this.chosen.has(index));
      classList.toggle("at", index === this.cursor);
    });
  }

  /** Choose those nearest to the cursor, so many more. @param {number} n */
  grow(n) {
    const at = this.#points[this.cursor];
    for (let more = n; at && more > 0; more--) {
      this.chosen.add(this.#best((point, index) => (this.chosen.has(index) ? Infinity : apart(point, at))));
    }
    this.#picked();
  }

  /** The point of the least cost below `most`, -1 for none. @param {(point: Point, index: number) => number} cost */
  #best(cost, most = Infinity) {
    let best = -1;
    this.#points.forEach((point, index) => {
      const found = cost(point, index);
      if (found < most) [best, most] = [index, found];
    });
    return best;
  }

  /** @param {[number, number]} place */
  #nearest([x, y]) {
    return this.#best((point) => apart(point, { x, y }), NEAR * this.#side);
  }

  /** @param {number} factor @param {number[]} [about] what stays where it is */
  #zoom(factor, [x, y] = [this.#x + this.#side / 2, this.#y + this.#side / 2]) {
    const before = this.#side;
    this.#side = Math.min(1, Math.max(0.02, before * factor));
    const share = this.#side / before;
    this.#look(x + (this.#x - x) * share, y + (this.#y - y) * share);
  }

  /** @param {number} x @param {number} y of the corner */
  #look(x, y) {
    const [side, room] = [this.#side, 0.03 * this.#side];
    [this.#x, this.#y] = [x, y].map((value) => Math.min(1 - side, Math.max(0, value)));
    set(this.root, { viewBox: [this.#x - room, this.#y - room, side + 2 * room, side + 2 * room] });
    this.root.style.setProperty("--unit", `${side ** 0.7}px`);
  }

  /** Where in the plane that is. @param {MouseEvent} event @returns {[number, number]} */
  #there({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.root.getScreenCTM()?.inverse());
    return [x, y];
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#there(event);
    const [last] = this.#corners.slice(-1);
    if (!last && !event.buttons) return this.#go(this.#nearest(at));
    const scale = this.root.getScreenCTM()?.a ?? 1;
    if (!last) return this.#look(this.#x - event.movementX / scale, this.#y - event.movementY / scale);
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) < STEP * this.#side) return;
    this.#corners.push(at);
    set(this.#line, { points: this.#corners });
  }

  /** @param {boolean} more */
  #up(more) {
    const corners = this.#corners;
    this.#drop();
    const every = Math.ceil(corners.length / CORNERS);
    if (corners.length > 3) return this.#drawn(corners.filter((_, index) => index % every === 0), more);
    if (!corners.length) return;
    this.#go(this.#nearest(corners[0]));
    this.#toggle(this.#nearest(corners[0]));
  }

  #drop() {
    this.#corners = [];
    set(this.#line, { points: "" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const way = WAYS[/** @type {keyof typeof WAYS} */ (event.key)];
    if (way) this.#step(way[0], way[1], event.shiftKey);
    else if ("+=-".includes(event.key)) this.#zoom(event.key === "-" ? 1.5 : 1 / 1.5);
    else if (event.key === " ") this.#toggle(this.cursor);
    else return;
    event.preventDefault();
  }

  /** To the next point that way. @param {number} dx @param {number} dy @param {boolean} choose both, too */
  #step(dx, dy, choose) {
    const half = this.#side / 2;
    const from = this.#points[this.cursor] ?? { x: this.#x + half, y: this.#y + half };
    const to = this.#best(({ x, y }) => {
      const along = (x - from.x) * dx + (y - from.y) * dy;
      const across = Math.abs((x - from.x) * dy + (y - from.y) * dx);
      return along > 0 && along >= across ? along + 2 * across : Infinity;
    });
    if (to < 0) return;
    const both = [this.cursor, to].filter((index) => index >= 0);
    this.#go(to);
    const { x, y } = this.#points[to];
    if (Math.max(Math.abs(x - this.#x - half), Math.abs(y - this.#y - half)) > half) this.#look(x - half, y - half);
    if (!choose) return;
    both.forEach((index) => this.chosen.add(index));
    this.#picked();
  }

  /** @param {number} index */
  #go(index) {
    if (index < 0 || index === this.cursor) return;
    this.root.children[this.cursor]?.classList.remove("at");
    this.root.children[index].classList.add("at");
    this.cursor = index;
    this.#at(index);
  }

  /** @param {number} index */
  #toggle(index) {
    if (index < 0) return;
    if (!this.chosen.delete(index)) this.chosen.add(index);
    this.#picked();
  }
}

/** @param {{x: number, y: number}} one @param {{x: number, y: number}} other */
const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

/** @param {Element} element @param {object} given */
function set(element, given) {
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, String(value));
}

/** @template {"svg" | "polygon" | "text" | "circle"} T @param {T} tag @param {object} [given] @param {string} [text] */
function make(tag, given = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  set(element, given);
  element.textContent = text;
  return element;
}
