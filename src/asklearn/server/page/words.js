// @ts-check
/** Numbers as people read them. */

const WHOLE = new Intl.NumberFormat("en");

/** 5952 -> "5,952" @param {number} n */
export function count(n) {
  return WHOLE.format(n);
}

/** "1 label", "12 labels" @param {number} n @param {string} noun */
export function many(n, noun) {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** A probability without false certainty: 0.997 -> ">99%" @param {number} p */
export function percent(p) {
  if (p > 0.99) return ">99%";
  if (p < 0.01) return "<1%";
  return `${Math.round(100 * p)}%`;
}

/** 2460 -> "41 min" @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number} at seconds since 1970 */
export function ago(at) {
  const seconds = Date.now() / 1000 - at;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/** The beginning of a text, in one line. @param {string} text @param {number} [length] */
export function brief(text, length = 60) {
  const line = text.slice(0, 4 * length).replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

/** An answer in a few words, whatever the task. @param {import("./api.js").Label | undefined} label */
export function said(label) {
  if (!Array.isArray(label)) return String(label ?? "");
  return label.map((part) => (typeof part === "object" ? part.label : part)).join(", ") || "none";
}
