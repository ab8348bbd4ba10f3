// @ts-check
/** Many items at once: a map of the pool to draw a line on, a grid of the most doubtful, and one key for a label. */

import { call, Trouble } from "./api.js";
import { Cards } from "./cards.js";
import { button, make, write } from "./dom.js";
import { assign } from "./keys.js";
import { say, speak } from "./notices.js";
import { uuid } from "./outbox.js";
import { Plot } from "./plot.js";
import { brief, count, many, said } from "./words.js";

/** @typedef {import("./api.js").Status} Status */

const SAMPLE = 20; // of what was drawn around
const GRID = 60;
const MOST = 2000; // labelled at once
const CROWD = 20; // points that N adds
const SOON = 1500; // ms until another look at a map that is being made
const PAUSE = 150; // ms; who chooses point by point is not done yet
const WHY = "Here many items get one class, or one set of labels, at a time. In this project each answer is made for one item: there is nothing to give to many.";
const HOW = "Draw a line around points (Shift: more), or walk with the arrows: Shift chooses on the way, Space one, N the neighbours. Zoom with + and − or the wheel, move with the right button.";
/** @type {{count: number, items: string[]}} */
const NOTHING = { count: 0, items: [] };
/** @type {Record<string, string>} */
const MAKING = { waiting: "The map comes once the features are there …", rough: "A rough map; a better one is on its way …" };
const LEGEND = { "d0": "sure", "d4": "in doubt", "taken": "with others" };

/** @param {(items: string[]) => void} swept they need not be asked any more @returns {import("./views.js").View} */
export function bulk(swept) {
  const plot = new Plot((polygon, more) => look({ polygon, points: more ? [...plot.chosen] : null }), picked, at);
  const cards = new Cards(tell);
  /** @type {string[][]} */
  let [names, keys] = [[], []];
  const [title, news, where] = [make("h2"), make("p", { className: "quiet" }), make("p", { className: "where" })];
  /** @type {any} */
  let map = { stage: "waiting", acts: [], item: [] };
  let found = NOTHING;
  let [grid, shown, again, soon, turn, began] = [false, false, 0, 0, 0, 0];
  let act = { key: "", body: "" };
  let several = false; // whether an item has a set of labels
  /** @type {Set<number>} of these, what is on */
  const on = new Set();
  const classes = make("div", { className: "sweeping" });

  /** @param {HTMLElement} root @param {Status} status */
  async function show(root, status) {
    shown = true;
    several = status.task === "multilabel";
    if (!several && (status.task ?? "classes") !== "classes") return root.replaceChildren(make("p", {}, WHY));
    if (!root.firstChild) {
      names = status.shown_labels ?? status.labels.map(String);
      keys = assign(names, status.keys);
      plot.root.ariaLabel = `Map of the pool. ${HOW}`;
      const legend = Object.entries(LEGEND).map(([kind, words]) => make("span", { className: kind }, words));
      const quiet = [make("p", { className: "quiet legend" }, ...legend, make("span", {}, "yours: its key")), make("p", { className: "quiet" }, HOW)];
      const others = [button("Grid", "B", flip), button("All, or none", "A", () => cards.all()), button("Take back", "⌫", undo)];
      classes.append(...names.map((name, index) => button(name, keys[index].toUpperCase(), () => label(index))));
      if (several) classes.append(button("Label", "Enter", give, "primary"));
      root.append(
        make("div", { className: "bulk" }, make("div", {}, plot.root, where, ...quiet), make("section", {}, title, news, cards.root)),
        classes,
        make("div", { className: "actions" }, ...others),
      );
    }
    await load();
    plot.root.focus({ preventScroll: true });
  }

  /** The map as it is now; again, as long as it is being made. */
  async function load() {
    clearTimeout(again);
    map = (await tried("GET", "map")) ?? map;
    plot.show(
      map.item.map((/** @type {string} */ _, /** @type {number} */ i) => {
        const free = map.state[i] === "free";
        const sign = map.state[i] === "yours" ? [map.label[i]].flat().map((name) => keys[names.indexOf(name)] || name?.[0]).join("") || "–" : "";
        return { x: map.x[i], y: map.y[i], kind: free ? `d${Math.round(4 * (map.doubt?.[i] ?? 0))}` : map.state[i], sign };
      }),
    );
    tell();
    if (shown && map.stage !== "final") again = setTimeout(load, SOON);
  }

  /** What is there to be labelled. @param {object} region */
  async function look(region) {
    const mine = ++turn;
    found = NOTHING; // a key pressed now must not label what was chosen before
    const reply = await tried("POST", "map/inside", { ...region, n: grid ? GRID : MOST, doubtful: grid });
    const items = reply && (await tried("POST", "map/items", { items: reply.items.slice(0, grid ? GRID : SAMPLE) }));
    if (!items || mine !== turn) return; // something else is chosen by now
    plot.chosen = new Set(reply.points);
    plot.mark();
    [found, began] = [reply, performance.now()];
    cards.show(items, !grid);
    tell();
    speak(title.textContent ?? "");
  }

  function picked() {
    found = NOTHING;
    plot.mark();
    clearTimeout(soon);
    soon = setTimeout(() => look({ points: [...plot.chosen] }), PAUSE);
  }

  /** The cursor is there. @param {number} i */
  async function at(i) {
    const [one] = (await tried("POST", "map/items", { items: [map.item[i]] })) ?? [];
    if (!one || plot.cursor !== i) return;
    const whose = map.state[i] === "yours" ? ` · you said ${said(map.label[i]) || "nothing"}` : map.state[i] === "taken" ? " · with others" : "";
    const words = `${brief(one.content.text ?? one.item, 120)}${whose}${map.behind[i] > 1 ? ` · and ${many(map.behind[i] - 1, "item")} like it` : ""}`;
    where.replaceChildren(...(one.image ? [make("img", { src: one.image, alt: "" })] : []), words);
    speak(words);
  }

  /** @returns {string[]} what a key would label */
  function wanted() {
    const not = new Set(cards.items(false));
    return grid ? cards.items(true) : found.items.filter((item) => !not.has(item));
  }

  function tell() {
    const n = wanted().length;
    const few = !grid && found.items.length < found.count ? ` of ${count(found.count)}, drawn at random` : "";
    const what = grid ? "The most doubtful come first. Choose those of one kind." : "Choose points, or look at the grid.";
    write(title, n ? `${many(n, "item")} chosen${few}` : "Nothing chosen yet");
    write(news, map.error ?? MAKING[map.stage] ?? (n ? `A key labels them all; each counts half until somebody answers it singly.${grid ? "" : " Take out what does not belong."}` : what));
  }

  async function flip() {
    grid = !grid;
    plot.root.closest(".view")?.classList.toggle("grid", grid);
    await look(plot.chosen.size || !grid ? { points: [...plot.chosen] } : {});
    if (grid) cards.focus();
    else plot.root.focus();
  }

  /** @param {number} index */
  function label(index) {
    if (!several) return sweep(names[index]);
    if (!on.delete(index)) on.add(index);
    classes.children[index].ariaPressed = String(on.has(index));
    speak(`${names[index]} ${on.has(index) ? "on" : "off"}`);
  }

  const give = () => sweep(names.filter((_, index) => on.has(index)));

  /** @param {string | string[]} label */
  async function sweep(label) {
    const items = wanted();
    if (!items.length) return say("Nothing is chosen yet.");
    const body = JSON.stringify([items, label]);
    if (act.body !== body) act = { key: uuid(), body }; // said again after trouble, it counts once
    const seconds = Math.min(600, (performance.now() - began) / 1000);
    const reply = await tried("POST", "sweep", { key: act.key, items, label, seconds });
    if (!reply) return;
    swept(items);
    say(`${many(reply.labelled, "item")} labelled ${said(label)}${reply.left ? `, ${count(reply.left)} left to others` : ""}. ⌫ takes it back.`);
    await clear();
  }

  async function undo() {
    const [last] = map.acts;
    if (!last) return say("There is nothing to take back.");
    const done = await tried("POST", "answers", [{ key: uuid(), kind: "undo", of: last.key }]);
    if (done) say(`Taken back: ${many(last.items, "item")} as ${said(last.label)}.`);
    await clear();
  }

  async function clear() {
    plot.chosen.clear();
    found = NOTHING;
    cards.show([], false);
    await load();
    if (grid) await look({});
  }

  /** @type {Record<string, () => unknown>} */
  const ACTIONS = { b: flip, a: () => cards.all(), n: () => plot.grow(CROWD), backspace: undo, "ctrl+z": undo };

  /** @param {string} key */
  function press(key) {
    const index = keys.indexOf(key);
    if (!names.length) return false;
    if (index >= 0) label(index);
    else if (key === "enter" && several) give();
    else if (key in ACTIONS) ACTIONS[key]();
    else if (key === "escape" && grid) flip();
    else if (key === "escape" && found.items.length) clear();
    else return false;
    return true;
  }

  const hide = () => (clearTimeout(again), (shown = false));
  return { show, hide, press };
}

/** What the server says; nothing, and a word why, when there is trouble. @param {"GET" | "POST"} method @param {string} path @param {unknown} [body] */
async function tried(method, path, body) {
  try {
    return await call(method, path, body);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    say(`That did not work: ${trouble.message}. Try again.`);
  }
}
