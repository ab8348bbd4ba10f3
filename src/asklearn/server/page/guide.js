// @ts-check
/** How to decide: the project's rules, and for one class its own rule with items as examples. */

import { call, Trouble } from "./api.js";
import { make, painted, the } from "./dom.js";

/** @typedef {{item: string, content: import("./api.js").Content, image?: string, words: string}} Example */

/** @type {Map<string, Promise<{good: Example[], confusing: Example[]}>>} */
const known = new Map();
let text = "";
let shown = "";

/** @param {string} rules @param {string[]} names of the classes that have examples */
export function start(rules, names) {
  text = rules;
  the("guide-text").replaceChildren(...written(rules));
  const which = /** @type {HTMLSelectElement} */ (the("which"));
  which.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
  which.onchange = () => about(which.value);
  the("about").hidden = !names.length;
}

/** Say more of a class, when the pane is open; examples come when the network brings them. @param {string | null} [wanted] */
export function about(wanted) {
  const which = /** @type {HTMLSelectElement} */ (the("which"));
  const name = wanted || shown || which.value;
  if (the("guide").hidden) {
    shown = "";
    known.clear(); // more may be known when it is opened again
  }
  if (the("guide").hidden || the("about").hidden || !name || name === shown) return;
  which.value = shown = name;
  the("definition").replaceChildren(...written(section(text, name)));
  the("examples").replaceChildren();
  painted(async () => {
    try {
      const found = known.get(name) ?? call("GET", `examples?label=${encodeURIComponent(name)}`);
      known.set(name, found);
      const { good, confusing } = await found;
      if (name === shown) the("examples").replaceChildren(...listed("Good examples", good), ...listed("Easily confused", confusing));
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      known.delete(name); // the rules are here all the same
    }
  });
}

/** @param {string} title @param {Example[]} items */
function listed(title, items) {
  if (!items.length) return [];
  const rows = items.map(({ item, content, image, words }) => {
    const what =
      content.kind === "image"
        ? make("img", { src: image ?? "", alt: `item ${item}` })
        : make("q", { dir: "auto" }, content.kind === "text" ? content.text : content.fields.map((field) => field.join(" ")).join(", "));
    return make("li", {}, what, words && make("span", { className: "quiet" }, ` ${words}`));
  });
  return [make("h4", {}, title), make("ul", {}, ...rows)];
}

/** What stands under the heading with this name. @param {string} rules @param {string} name */
function section(rules, name) {
  const lines = rules.split("\n");
  const from = lines.findIndex((line) => heading(line)?.toLowerCase() === name.toLowerCase());
  if (from < 0) return "";
  const length = lines.slice(from + 1).findIndex((line) => heading(line) !== undefined);
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join("\n");
}

/** @param {string} line */
function heading(line) {
  return /^#{1,6}\s+(.*?)[\s#]*$/.exec(line)?.[1];
}

/** Plain text with headings (#) and lists (-, *, 1.) as elements. @param {string} plain */
function written(plain) {
  /** @type {HTMLElement[]} */
  const parts = [];
  let open = ""; // the kind of the last part, if a line may go on with it
  for (const line of plain.trim().split("\n")) {
    const title = heading(line);
    const point = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/.exec(line);
    const kind = title !== undefined ? "h3" : point ? (point[1] ? "ol" : "ul") : line.trim() ? "p" : "";
    if (kind === "h3" || (kind && kind !== open)) parts.push(make(/** @type {"p"} */ (kind), { dir: "auto" }));
    const last = parts.at(-1);
    if (point) last?.append(make("li", { dir: "auto" }, point[2]));
    else if (kind) last?.append(last.hasChildNodes() ? "\n" : "", title ?? line);
    open = kind === "h3" ? "" : kind;
  }
  return parts;
}
