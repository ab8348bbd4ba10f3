// @ts-check
/** The document, found and made without ever reading markup from a string. */

/**
 * The element with this id. The page is of one piece: a missing one is a mistake in index.html.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export function the(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return /** @type {E} */ (element);
}

/**
 * A new element: `make("dd", { className: "missing" }, "no value")`. Strings become text, whatever they hold.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties]
 * @param {(Node | string)[]} inside
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}

/** A button that shows its key. @param {string} text @param {string} key @param {() => unknown} act @param {string} [className] */
export function button(text, key, act, className = "") {
  return make("button", { type: "button", className, onclick: act }, make("kbd", {}, key), ` ${text}`);
}

/** Put text there, if it is not there already. @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Run `work` once what is on screen now has been painted. @param {() => void} work */
export function painted(work) {
  requestAnimationFrame(() => setTimeout(work));
}
