// The divider between before and after: dragged, or moved by the arrow keys.

import { $, clamp } from "./dom.js";
import { isBeside, onView, room, setSplit, splitNow, viewSize, visible } from "./viewer.js";

const handle = $("#divider");
const REST = 0; // where it comes to rest when a photo is first shown: all in colour
const KNOB = 22; // CSS pixels that its knob needs on either side
const TOOLS = 62; // CSS pixels from the top that the tools have for themselves where the stage is narrow
const BESIDE = 100; // and from the left, where they lie beside the photo
let held = null;

onView(() => {
  const seen = visible();
  handle.hidden = !viewSize().width || isBeside();
  handle.style.transform = `translate(${seen.left + seen.width * splitNow()}px, ${seen.top}px)`;
  handle.style.height = `${seen.height}px`;
  const [x, width] = [seen.left + seen.width * splitNow(), $("#stage").clientWidth];
  const least = KNOB + ($("#stage").dataset.tools === "left" ? BESIDE : 0);
  handle.style.setProperty("--nudge", `${clamp(x, least, Math.max(width - KNOB, least)) - x}px`);
  const percent = Math.round(splitNow() * 100);
  handle.setAttribute("aria-valuenow", percent);
  handle.setAttribute("aria-valuetext", percent ? `${percent}% shown before` : "all in colour");
  const half = room(); // what lies beside is as far from it as the halves are apart
  const tools = width < 480 && $("#stage").dataset.tools === "top" ? TOOLS : 0;
  const top = Math.max(seen.top + 12, tools - half.top);
  if (isBeside()) tag("#tag-before", seen.left - half.left + 12, Math.max(seen.top - half.top + 12, tools), false);
  else tag("#tag-before", seen.left + 12, top, splitNow() * seen.width < 82);
  tag("#tag-after", seen.left + seen.width - 12, top, (1 - splitNow()) * seen.width < 74);
});

function tag(selector, x, y, out) {
  const element = $(selector);
  const left = selector === "#tag-after" ? x - element.offsetWidth : x;
  element.style.transform = `translate(${left}px, ${y}px)`;
  element.classList.toggle("out", out || !viewSize().width);
}

handle.addEventListener("pointerdown", (event) => {
  handle.setPointerCapture(event.pointerId);
  held = { x: event.clientX, split: splitNow() };
});
handle.addEventListener("pointermove", (event) => {
  if (held) setSplit(held.split + (event.clientX - held.x) / Math.max(visible().width, 1));
});
for (const type of ["pointerup", "pointercancel"]) handle.addEventListener(type, () => (held = null));

handle.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.1 : 0.02;
  const to = {
    ArrowLeft: splitNow() - step,
    ArrowDown: splitNow() - step,
    ArrowRight: splitNow() + step,
    ArrowUp: splitNow() + step,
    PageDown: splitNow() - 0.1,
    PageUp: splitNow() + 0.1,
    Home: 0,
    End: 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  setSplit(clamp(to, 0, 1));
});

let sweep = 0;

/** Move the divider to a share; at once for people who asked for less motion. */
export function glide(to, ms = 900) {
  cancelAnimationFrame(sweep);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return setSplit(to);
  const from = splitNow();
  const start = performance.now();
  const frame = (now) => {
    const t = clamp((now - start) / ms, 0, 1);
    setSplit(from + (to - from) * (1 - (1 - t) ** 3));
    if (t < 1 && !held) sweep = requestAnimationFrame(frame);
  };
  sweep = requestAnimationFrame(frame);
  return undefined;
}

/** Let colour come into a photo that is shown for the first time. */
export function develop() {
  setSplit(1);
  glide(REST, 1400);
}
