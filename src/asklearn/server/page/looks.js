// @ts-check
/** Light or dark, and how large the text is: as this browser was told last. */

import { the } from "./dom.js";

/** Look so, and go by the fields that change it. */
export function start() {
  for (const name of ["theme", "size"]) {
    const field = /** @type {HTMLSelectElement} */ (the(name));
    const place = `asklearn ${name}`;
    const kept = localStorage.getItem(place);
    if ([...field.options].some(({ value }) => value === kept)) field.value = kept ?? "";
    field.onchange = () => localStorage.setItem(place, (document.documentElement.dataset[name] = field.value));
    document.documentElement.dataset[name] = field.value;
  }
}
