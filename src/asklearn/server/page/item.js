// @ts-check
/** The item itself: a text, an image or the row of a table, as large as it reads best. */

import { url } from "./api.js";
import { make } from "./dom.js";
import { brief, count } from "./words.js";
import { fit } from "./zoom.js";

/** @typedef {import("./api.js").Question} Question */

const LONG = 12_000; // characters painted at once; the rest on request
const SMALL = 200; // pixels; images up to this size are enlarged by a whole factor, square by square
const PATIENCE = 8_000; // ms until a question whose image is still coming is shown anyway

/** @typedef {{image: HTMLImageElement, state: "coming" | "here" | "broken", settled: Promise<void>}} Picture */

/** @type {WeakMap<Question, Picture>} */
const pictures = new WeakMap();

/** Load and decode what the question shows, so that showing it takes no time. @param {Question} question */
export async function prepare(question) {
  const found = picture(question);
  if (found) await Promise.race([found.settled, new Promise((done) => setTimeout(done, PATIENCE))]);
}

/** Whether a person has had a chance to see it. @param {Question} question */
export function visible(question) {
  return picture(question)?.state !== "coming";
}

/** The item in a few words. @param {Question} question */
export function summary(question) {
  const { content } = question;
  if (content.kind === "text") return brief(content.text);
  if (content.kind === "image") return `image ${brief(question.item, 24)}`;
  return brief(content.fields.map(([name, value]) => `${name} ${value ?? "–"}`).join(", "));
}

/** Show the question's item, and nothing else, in `place`. @param {HTMLElement} place @param {Question} question */
export function show(place, question) {
  const { content } = question;
  place.className = content.kind;
  zoomable(place, null);
  if (content.kind === "text") place.replaceChildren(...text(content.text));
  else if (content.kind === "image") place.replaceChildren(image(place, question));
  else place.replaceChildren(table(content.fields));
  place.scrollTop = 0;
}

/** @param {string} whole */
function text(whole) {
  const size = whole.length < 160 ? "short" : whole.length < 1200 ? "middling" : "long";
  const paragraph = make("p", { className: size, dir: "auto" }, whole.slice(0, LONG));
  if (whole.length <= LONG) return [paragraph];
  const more = make("button", { type: "button" }, `Show the other ${count(whole.length - LONG)} characters`);
  more.onclick = () => {
    paragraph.append(whole.slice(LONG));
    more.remove();
  };
  return [paragraph, more];
}

/** @param {[string, unknown][]} fields */
function table(fields) {
  const rows = fields.map(([name, value]) => {
    const missing = value === null || value === undefined || value === "";
    const cell = make("dd", { dir: "auto" }, missing ? "no value" : String(value));
    cell.classList.toggle("missing", missing);
    cell.classList.toggle("number", typeof value === "number");
    return make("div", {}, make("dt", { dir: "auto" }, name), cell);
  });
  return make("dl", {}, ...rows);
}

/** @param {HTMLElement} place @param {Question} question */
function image(place, question) {
  const found = /** @type {Picture} */ (picture(question));
  if (found.state === "broken") {
    return make("p", { className: "broken" }, "This image cannot be shown. Skip it, or flag it for whoever looks after the data.");
  }
  if (found.state === "here") return fitted(place, found.image);
  found.settled.then(() => {
    if (place.firstChild === waiting) place.replaceChildren(image(place, question));
  });
  const waiting = make("p", { className: "coming" }, "The image is on its way …");
  return waiting;
}

/** @param {HTMLElement} place @param {HTMLImageElement} image */
function fitted(place, image) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const small = Math.max(width, height) <= SMALL;
  image.className = small ? "small" : "large";
  if (small) {
    const room = Math.min(place.clientWidth - 48, place.clientHeight - 48, 448);
    const factor = Math.max(1, Math.floor(room / Math.max(width, height)));
    image.width = factor * width;
    image.height = factor * height;
  }
  zoomable(place, image);
  return image;
}

/** At the desk an image can be seen closer up. @param {HTMLElement} place @param {HTMLImageElement | null} image */
function zoomable(place, image) {
  if (place.id === "item") fit(image);
}

/** @param {Question} question @returns {Picture | undefined} */
function picture(question) {
  if (question.content.kind !== "image") return undefined;
  const known = pictures.get(question);
  if (known) return known;
  const image = make("img", { alt: `item ${question.item}`, decoding: "sync", draggable: false });
  image.src = question.image ?? url(`items/${encodeURIComponent(question.item)}/image`);
  /** @type {Picture} */
  const found = { image, state: "coming", settled: Promise.resolve() };
  found.settled = image.decode().then(
    () => void (found.state = "here"),
    () => void (found.state = "broken"),
  );
  pictures.set(question, found);
  return found;
}
