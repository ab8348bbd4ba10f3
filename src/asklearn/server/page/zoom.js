// @ts-check
/** An image closer up, by keys, wheel and drag: what is under the pointer stays there. */

import { the } from "./dom.js";

const MOST = 16;
const STEP = 1.5;
const CLOSE = 3; // by one press of z
const PAN = 0.2; // of the room, by one press of an arrow

/** @type {HTMLImageElement | null} */
let image = null;
let scale = 1;
let [x, y] = [0, 0]; // px that its centre is moved by
let dragged = 0; // px, since the button went down
/** @type {{x: number, y: number} | null} where the pointer is, while it is over the item */
let pointer = null;

/** Another image, all of it, or none. @param {HTMLImageElement | null} other */
export function fit(other) {
  image = other;
  the("do-zoom").hidden = !image;
  to(1);
}

/** Whether the key meant something. @param {string} key */
export function press(key) {
  const { clientWidth, clientHeight } = the("item");
  const pan = { arrowleft: [1, 0], arrowright: [-1, 0], arrowup: [0, 1], arrowdown: [0, -1] }[key];
  if (!image || (scale === 1 && key !== "z" && key !== "+")) return false;
  if (pan) move(pan[0] * PAN * clientWidth, pan[1] * PAN * clientHeight);
  else if (key === "z") to(scale > 1 ? 1 : CLOSE, pointer);
  else if (key === "+" || key === "-") to(key === "+" ? scale * STEP : scale / STEP, pointer);
  else if (key === "escape" || key === "ctrl+0") to(1);
  else return false;
  return true;
}

/** Listen to pointers, once. */
export function watch() {
  const item = the("item");
  item.onpointerdown = ({ pointerId }) => {
    dragged = 0;
    if (scale > 1) item.setPointerCapture(pointerId);
  };
  item.onpointermove = (event) => {
    pointer = event;
    dragged += Math.hypot(event.movementX, event.movementY);
    if (scale > 1 && item.hasPointerCapture(event.pointerId)) move(event.movementX, event.movementY);
  };
  item.onpointerleave = () => (pointer = null);
  item.addEventListener("click", (event) => {
    if (image && dragged < 6) to(scale > 1 ? 1 : CLOSE, event);
  });
  const wheel = (/** @type {WheelEvent} */ event) => {
    const scrolls = document.documentElement.scrollHeight > innerHeight;
    if (!image || (scrolls && scale === 1 && !event.ctrlKey)) return; // then the wheel moves the page
    event.preventDefault();
    to(scale * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), event);
  };
  item.addEventListener("wheel", wheel, { passive: false });
}

/** @param {number} wanted @param {{x: number, y: number} | null} [about] what is there stays there */
function to(wanted, about = null) {
  const next = Math.min(MOST, Math.max(1, wanted));
  if (image && about) {
    const { left, top, width, height } = image.getBoundingClientRect();
    x += (1 - next / scale) * (about.x - left - width / 2);
    y += (1 - next / scale) * (about.y - top - height / 2);
  }
  scale = next;
  the("item").classList.toggle("zoomed", scale > 1);
  the("do-zoom").ariaPressed = String(scale > 1);
  move(0, 0);
}

/** @param {number} right @param {number} down */
function move(right, down) {
  if (!image) return;
  const { clientWidth, clientHeight } = the("item");
  const [wide, high] = [image.offsetWidth * scale - clientWidth, image.offsetHeight * scale - clientHeight].map((over) => Math.max(0, over / 2));
  x = Math.max(-wide, Math.min(wide, x + right));
  y = Math.max(-high, Math.min(high, y + down));
  image.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
}
