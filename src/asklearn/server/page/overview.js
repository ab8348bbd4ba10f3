// @ts-check
/** How the whole project stands, in cards that the server words: quality, order, advice, pace, cost, queue. */

import { call, Trouble, url } from "./api.js";
import { make } from "./dom.js";

/**
 * @typedef {object} Card
 * @property {string} title
 * @property {[string, string][]} [facts]
 * @property {string} [words]
 * @property {[string, string][]} [signs] a mark and what it is about, then how that stands
 * @property {{path: string, version: string, alt: string}} [picture]
 * @property {{head: string[], rows: string[][]}} [table]
 */

const LOOK = 10_000; // ms between looks while it is open

let looking = 0;
/** @type {HTMLElement | null} */
let shown = null;
let drawn = ""; // what is shown: nothing is drawn again for nothing

/** @type {import("./views.js").View} */
export const overview = {
  show(root) {
    shown = root;
    if (!root.firstChild) root.append(make("p", { className: "failing", role: "alert", hidden: true }), make("div", { className: "cards" }));
    look();
  },
  hide() {
    shown = null;
    clearTimeout(looking);
  },
};

async function look() {
  clearTimeout(looking);
  const root = shown;
  if (!root) return;
  const trouble = await news(root).catch((error) => {
    if (error instanceof Trouble) return `There is no news: ${error.message}.`;
    throw error;
  });
  if (root !== shown) return;
  const [place] = root.children;
  place.textContent = trouble;
  /** @type {HTMLElement} */ (place).hidden = !trouble;
  looking = setTimeout(look, document.hidden ? 6 * LOOK : LOOK);
}

/** @param {HTMLElement} root */
async function news(root) {
  /** @type {{cards: Card[]}} */
  const { cards } = await call("GET", "overview");
  const stamp = JSON.stringify(cards);
  if (stamp !== drawn) root.children[1].replaceChildren(...cards.map(card));
  drawn = stamp;
  return "";
}

/** @param {Card} told */
export function card({ title, facts, words, signs, picture, table }) {
  const section = make("section", {}, make("h2", {}, title));
  if (words) section.append(make("p", {}, words));
  if (facts) section.append(make("dl", { className: "facts" }, ...facts.map(([what, value]) => make("div", {}, make("dt", {}, what), make("dd", {}, value)))));
  if (signs?.length) section.append(make("ul", { className: "signs" }, ...signs.map(([mark, said]) => make("li", {}, make("b", {}, `${mark}: `), said))));
  if (picture) section.append(make("img", { className: "chart", alt: picture.alt, src: `${url(picture.path)}?${new URLSearchParams({ version: picture.version })}` }));
  if (table) section.append(grid(table));
  return section;
}

/** @param {{head: string[], rows: string[][]}} table */
function grid({ head, rows }) {
  const body = rows.map(([who, ...cells]) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, who), ...cells.map((cell) => make("td", {}, cell))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...body));
}
