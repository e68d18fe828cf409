// How far the open hint reaches: a ring around it, dragged; a slider; the keys [ and ]. Meanwhile an outline shows what
// the hint changes, as the engine finds it.

import * as api from "./api.js";
import { contour } from "./contour.js";
import { $, announce, clamp, isTyping } from "./dom.js";
import * as marks from "./pointmarks.js";
import { pickedMark } from "./picker.js";
import { asHints, hintsBut, optionsOf, withPhoto } from "./remote.js";
import { edit, on, state } from "./store.js";
import { onView, toPhoto, toStage } from "./viewer.js";

const USUAL = 0.5; // the engine's own reach, which a hint has that names none
const NEAREST = 30; // CSS pixels of the ring's radius at a reach of 0
const SPAN = 90; // and how many more at 1
const KEY_STEP = 0.05;
const SEEN = 4; // CIELAB units; what a hint changes by less is hardly seen
const EDGE = 256; // pixels of the map; reach has no fine detail
const LINGER = 1800; // ms that the outline stays after the last change
const ring = $("#ring");
const slider = $("#picker-reach");
const outline = $("#outline");
let gesture = 0;
let drag = null;
let asking = null; // the request for the outline
let again = false; // whether something changed meanwhile
let fading = 0;

on("marks edit picture select network", show);
onView(show);

const open = () => {
  const mark = pickedMark() && marks.findMark(pickedMark());
  return mark && mark.kind !== "protected" ? mark : null;
};
const reachOf = (mark) => mark.reach ?? USUAL;

function show() {
  const mark = open();
  ring.toggleAttribute("hidden", !mark);
  if (!mark) return hideOutline();
  const { x, y } = toStage(mark.x, mark.y);
  const radius = NEAREST + SPAN * reachOf(mark);
  ring.style.transform = `translate(${x}px, ${y}px)`;
  for (const circle of ring.querySelectorAll(".round-line")) circle.setAttribute("r", radius);
  const side = radius * Math.SQRT1_2;
  $(".handle", ring).setAttribute("transform", `translate(${side}, ${side})`);
  const percent = Math.round(reachOf(mark) * 100);
  if (Number(slider.value) !== percent) slider.value = percent;
  slider.style.setProperty("--at", percent / 100);
  slider.setAttribute("aria-valuetext", `${percent}%: ${words(percent)}`);
  $("#picker-reach-value").textContent = words(percent);
  return undefined;
}

/** As docs/options.md has them. */
function words(percent) {
  if (percent === 0) return "Its place alone";
  if (percent < 35) return "Part of its thing";
  if (percent < 65) return "Its thing";
  return percent < 100 ? "Its thing and the like" : "All that is alike";
}

function setReach(reach, how) {
  marks.change(pickedMark(), { reach: Math.round(clamp(reach, 0, 1) * 100) / 100 }, how);
  ask();
}

ring.addEventListener("pointerdown", (event) => {
  if (event.button > 0 || !open()) return;
  event.preventDefault();
  ring.setPointerCapture(event.pointerId);
  drag = { tag: `reach ${(gesture += 1)}`, moved: false };
  ask();
});
ring.addEventListener("pointermove", (event) => {
  const mark = drag && open();
  if (!mark) return;
  drag.moved = true;
  const from = toStage(mark.x, mark.y);
  const at = toPhoto(event.clientX, event.clientY);
  const to = toStage(at.x, at.y);
  setReach((Math.hypot(to.x - from.x, to.y - from.y) - NEAREST) / SPAN, { tag: drag.tag, live: true });
});
for (const type of ["pointerup", "pointercancel"]) {
  ring.addEventListener(type, () => {
    if (drag?.moved) settle(drag.tag);
    drag = null;
    if (!asking) linger();
  });
}

slider.addEventListener("input", () => open() && setReach(Number(slider.value) / 100, { tag: `reach slider ${gesture}`, live: true }));
slider.addEventListener("change", () => {
  settle(`reach slider ${gesture}`);
  gesture += 1;
});

/** The gesture's last word, which is not to wait for others. */
function settle(tag) {
  if (open()?.kind === "point") edit(state.selected, {}, { tag });
}

document.addEventListener("keydown", (event) => {
  const by = { "[": -KEY_STEP, "]": KEY_STEP }[event.key];
  const mark = open();
  if (!by || !mark || event.metaKey || isTyping(event.target) || $("dialog[open]")) return;
  event.preventDefault();
  setReach(reachOf(mark) + by, { tag: `reach keys ${mark.id}`, timed: true });
  const percent = Math.round(reachOf(open()) * 100);
  announce(`Reach ${percent}%: ${words(percent)}`);
});

/** Outline what the open hint changes; while an answer is on its way, only that something changed is noted. */
async function ask() {
  clearTimeout(fading);
  if (asking) {
    again = true;
    return;
  }
  const photo = state.selected;
  const mark = open();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const { body, hint } = question(photo, mark);
    const image = await createImageBitmap(
      await withPhoto(photo, (id) => api.hintEffect(id, { hint, long_edge: EDGE, options: body }, signal), signal),
    );
    if (!signal.aborted && open()?.id === mark.id) draw(image);
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof api.Problem)) console.error(error); // the preview tells it
  } finally {
    if (asking?.signal === signal) asking = null;
  }
  if (again && open()) {
    again = false;
    ask();
  } else linger();
}

/** Take the outline away some time after the last change. */
function linger() {
  clearTimeout(fading);
  fading = setTimeout(() => drag || hideOutline(), LINGER);
}

/** The options with the open hint as their last but for its own place among them. */
function question(photo, mark) {
  const body = optionsOf(photo);
  body.hints = [...hintsBut(photo, mark.id), ...asHints([{ ...mark, hidden: false }])];
  return { body, hint: body.hints.length - 1 };
}

function draw(image) {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const moved = Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
  outline.setAttribute("viewBox", `0 0 ${image.width} ${image.height}`);
  const path = contour(moved, image.width, image.height, SEEN);
  for (const line of outline.children) line.setAttribute("d", path);
  outline.toggleAttribute("hidden", !path);
  const share = Math.round((100 * moved.filter((value) => value >= SEEN).length) / moved.length);
  $("#picker-reach-share").textContent = `Outlined: what it changes, ${share || "under 1"}% of the photo.`;
}

function hideOutline() {
  clearTimeout(fading);
  asking?.abort();
  asking = null;
  again = false;
  outline.setAttribute("hidden", "");
  $("#picker-reach-share").textContent = "";
}
