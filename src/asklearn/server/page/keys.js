// @ts-check
/** Which key means what, and one decision a key press, however long the key is held. */

const DIGITS = [..."1234567890"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
/** Letters that never stand for a class: accept, grid, overview, flag, review, guidelines, note, people, unsure, map, none, zoom. */
const TAKEN = new Set("abdfghnpuvxz");
const REPEATS = /^(shift\+)?(arrow(up|down)|page(up|down))$/;
const ONCE = /^([a-z0-9?/]|enter|space|backspace|delete|ctrl\+[sz])$/; // held, these mean nothing at all
const BOUNCE = 40; // ms; a worn switch closes twice within this, a finger does not

/**
 * A key for each label, in order: digits, then a letter of the label's own name where one is free, then any; "" when
 * none is left. `given` are keys that somebody chose.
 *
 * @param {string[]} labels
 * @param {Record<string, string>} [given]
 * @returns {string[]}
 */
export function assign(labels, given = {}) {
  const free = new Set([...DIGITS, ...LETTERS.filter((letter) => !TAKEN.has(letter))]);
  for (const key of Object.values(given)) free.delete(key);
  const taken = (/** @type {string | undefined} */ key) => {
    if (key) free.delete(key);
    return key ?? "";
  };
  return labels.map((label, index) => {
    if (given[label]) return given[label];
    if (index < DIGITS.length && free.has(DIGITS[index])) return taken(DIGITS[index]);
    const letters = [...free].filter((key) => LETTERS.includes(key));
    return taken([...label.toLowerCase()].find((sign) => letters.includes(sign)) ?? letters[0]);
  });
}

/**
 * The name of a key press: "1", "u", "enter", "space", "shift+arrowup", "ctrl+z"; "" for those that are none of ours.
 *
 * @param {KeyboardEvent} event
 */
export function named(event) {
  if (event.altKey || event.isComposing) return "";
  const key = plain(event);
  if (!event.ctrlKey && !event.metaKey) return event.shiftKey && /^(arrow|tab|home|end)/.test(key) ? `shift+${key}` : key;
  return /^([zs0]|arrow(left|right))$/.test(key) ? `ctrl+${key}` : "";
}

/** @param {KeyboardEvent} event */
function plain(event) {
  const { key, code, shiftKey } = event;
  if (key === " ") return "space";
  if (key.length > 1) return key.toLowerCase();
  if (/^[0-9a-z?/]$/i.test(key)) return key.toLowerCase();
  // Other layouts and scripts: the key that sits where ours would.
  const place = /^(?:Digit|Numpad)(\d)$|^Key([A-Z])$/.exec(code);
  if (place && !shiftKey) return (place[1] ?? place[2]).toLowerCase();
  return key === "=" ? "+" : "+-.,".includes(key) ? key : "";
}

/** @type {WeakSet<Event>} */
const echoes = new WeakSet();

/** Whether a finger has just gone down: not a held key, not a worn switch. @param {KeyboardEvent} event */
export function fresh(event) {
  return !echoes.has(event);
}

/** Keep track of what is down, before anybody else hears of a key. */
function track() {
  /** @type {Set<string>} */
  const down = new Set();
  /** @type {Map<string, number>} */
  const released = new Map();
  const heard = (/** @type {KeyboardEvent} */ event) => {
    const { code, timeStamp } = event;
    if (event.repeat || down.has(code) || timeStamp - (released.get(code) ?? -BOUNCE) < BOUNCE) echoes.add(event);
    if (!event.metaKey) down.add(code); // macOS tells of no key going up while Command is down
  };
  const lifted = (/** @type {KeyboardEvent} */ event) => {
    down.delete(event.code);
    released.set(event.code, event.timeStamp);
  };
  addEventListener("keydown", heard, true);
  addEventListener("keyup", lifted, true);
  addEventListener("blur", () => down.clear());
}

/**
 * Call `press` once for each key that goes down outside of a text field. It says whether the key meant something.
 *
 * @param {(key: string) => boolean} press
 * @param {RegExp} [repeats] keys that go on while they are held
 */
export function listen(press, repeats = REPEATS) {
  track();
  addEventListener("keydown", (event) => {
    const key = named(event);
    const target = /** @type {Element} */ (event.target);
    if (!key || event.defaultPrevented || target.closest("dialog")) return;
    if (target.matches("input, textarea, select") && key !== "ctrl+s") return;
    const own = (key === "enter" || key === "space") && target.matches("button, a"); // it presses that button
    if (own && fresh(event)) return;
    const meant = !own && (fresh(event) || repeats.test(key)) ? press(key) : ONCE.test(key) && !fresh(event);
    if (meant) event.preventDefault();
  });
}
