// @ts-check
/** A text in pieces: words and signs for the cursor, blocks for the screen, code points for everybody else. */

/** @typedef {{start: number, end: number}} Piece in UTF-16 units, the end exclusive, as strings are counted here */

const BLOCK = 1_000; // units; a block ends at the next line break
const LONGEST = 8_000; // or, where no line break comes, at the next space after so many

// A word, or one sign; scripts that put no spaces between words go sign by sign.
const DENSE = "[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmr}\\p{sc=Mymr}]";
const TOKEN = new RegExp(`${DENSE}\\p{M}*|[[\\p{L}\\p{M}\\p{N}_]--${DENSE}]+|\\S`, "gv");

/** @param {string} text @returns {Piece[]} */
export function tokens(text) {
  return [...text.matchAll(TOKEN)].map(({ index, 0: { length } }) => ({ start: index, end: index + length }));
}

/** Blocks that together are the whole text. @param {string} text @returns {Piece[]} */
export function blocks(text) {
  const found = [];
  for (let start = 0; start < text.length; ) {
    const line = text.indexOf("\n", start + BLOCK);
    const space = text.indexOf(" ", start + LONGEST);
    const ends = [line, space].filter((at) => at >= 0);
    const end = ends.length ? Math.min(...ends) + 1 : text.length;
    found.push({ start, end });
    start = end;
  }
  return found;
}

/** The tokens that a piece touches: [first, last], or null. @param {Piece[]} all @param {number} start @param {number} end @returns {[number, number] | null} */
export function touched(all, start, end) {
  const first = below(all.length, (i) => all[i].end <= start);
  const last = below(all.length, (i) => all[i].start < Math.max(end, start + 1)) - 1;
  return first <= last ? [first, last] : null;
}

/** Offsets in code points, as the server counts them, of offsets in this text, and back. */
export class Points {
  /** @type {number[]} where a sign begins that takes two units */
  #wide;

  /** @param {string} text */
  constructor(text) {
    this.#wide = [...text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)].map(({ index }) => index);
  }

  /** @param {number} unit */
  of(unit) {
    return unit - below(this.#wide.length, (i) => this.#wide[i] < unit);
  }

  /** @param {number} point */
  unit(point) {
    return point + below(this.#wide.length, (i) => this.#wide[i] - i < point);
  }
}

/** How many of 0..n-1 come before the first that does not hold: those that do come first. @param {number} n @param {(i: number) => boolean} holds */
function below(n, holds) {
  let low = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
