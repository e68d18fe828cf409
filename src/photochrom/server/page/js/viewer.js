// The stage: a photo that is zoomed and panned, with the picture before over the picture after, or beside it.
//
// Places are fractions of the photo's width and height; `view` says where the photo lies on the stage, in CSS pixels.

import { $, clamp } from "./dom.js";

const MOST = 12; // CSS pixels that a photo's pixel may be zoomed to
const TOOLS = { top: 58, left: 100 }; // CSS pixels that the drawing tools have of a small stage, above the photo or beside it
const LOW = 280; // a wide stage that is lower is small too
const UPSCALE = 2.5; // how much larger than its pixels a small photo is shown at first

const stage = $("#stage");
const picture = $("#picture");
const events = new EventTarget();
const size = { width: 0, height: 0 };
const view = { scale: 1, x: 0, y: 0 };
let fitted = true;
let split = 0; // the share of the visible picture that shows the photo before
let beside = false; // whether the stage is halved, and the photo before lies in the other half

/** Hear "view" (zoomed, panned, another size) and "gesture" (the user zooms or pans). */
export const onView = (listener) => events.addEventListener("view", listener);

export const viewSize = () => ({ ...size });
export const isFitted = () => fitted;
export const scaleNow = () => view.scale;
export const splitNow = () => split;
export const isBeside = () => beside;

/** Show the photo before beside the one in colour, or beneath the divider again. */
export function setBeside(to) {
  beside = to;
  split = 0;
  fit();
}

/** The part of the stage that the photo in colour has; of two halves, the one on the right or below. */
export function room() {
  const { clientWidth: width, clientHeight: height } = stage;
  if (!beside) return { left: 0, top: 0, width, height };
  if (fitScale(width / 2, height) >= fitScale(width, height / 2)) return { left: width / 2, top: 0, width: width / 2, height };
  return { left: 0, top: height / 2, width, height: height / 2 };
}

/** Show a photo of this many pixels; `same` keeps zoom and place. */
export function setSize(width, height, same = false) {
  if (same && width === size.width && height === size.height) return;
  Object.assign(size, { width, height });
  picture.hidden = !width;
  fit();
}

/** Put an image in one of the layers, "before" or "after", once it can be drawn. */
export async function setLayer(name, url) {
  const layer = $(`.layer-${name}`, picture);
  if (layer.dataset.url === (url ?? "")) return;
  layer.dataset.url = url ?? "";
  const image = new Image();
  if (url) {
    image.src = url;
    try {
      await image.decode();
    } catch {
      return;
    }
    if (layer.dataset.url !== url) return; // another one came meanwhile
  }
  image.alt = layer.dataset.alt ?? "";
  image.draggable = false;
  layer.replaceChildren(...(url ? [image] : []));
  events.dispatchEvent(new Event("view"));
}

export function fit() {
  fitted = true;
  view.scale = wholeScale();
  place();
}

function wholeScale() {
  const { width, height } = room();
  const margin = stage.clientWidth > 700 ? 20 : 0;
  const { left, top } = tools();
  return fitScale(width - 2 * margin - left, height - 2 * margin - top);
}

/** What the drawing tools take of the stage; of a large one nothing, for little of the photo lies under them there. */
function tools() {
  const { clientWidth: width, clientHeight: height } = stage;
  const small = width <= 700 || height < LOW;
  const { width: across, height: down } = room();
  const left = small && fitScale(across - TOOLS.left, down) > 1.15 * fitScale(across, down - TOOLS.top); // shows more
  stage.dataset.tools = left ? "left" : "top";
  return { left: left ? TOOLS.left : 0, top: small && !left ? TOOLS.top : 0 };
}

/** Zoom by a factor around a point of the stage. */
export function zoom(factor, x = room().left + room().width / 2, y = room().top + room().height / 2) {
  if (twin(x, y)) return zoom(factor, x + room().left, y + room().top);
  const least = wholeScale();
  const scale = clamp(view.scale * factor, least * 0.999, Math.max(MOST, least * 4));
  if (scale <= least) return fit();
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  fitted = false;
  return place();
}

/** Zoom in to the photo's own pixels, or back to the whole photo. */
export function toggleZoom(x, y) {
  if (!fitted) return fit();
  return zoom(Math.max(1 / Math.min(window.devicePixelRatio, 2), view.scale * 2.5) / view.scale, x, y);
}

export function pan(dx, dy) {
  view.x += dx;
  view.y += dy;
  place();
}

/** Pan as little as is needed to have a place of the photo in view. */
export function reveal(x, y, margin = 48) {
  const at = toStage(x, y);
  const { left, top, width, height } = room();
  pan(
    clamp(at.x, left + margin, left + width - margin) - at.x,
    clamp(at.y, top + margin, top + height - margin) - at.y,
  );
}

export function setSplit(share) {
  if (beside) return;
  split = clamp(share, 0, 1);
  cut();
}

/** A place of the photo, as CSS pixels on the stage. */
export function toStage(x, y) {
  return { x: view.x + x * size.width * view.scale, y: view.y + y * size.height * view.scale };
}

/** A point of the window as a place of the photo, whether it lies on it or not. */
export function toPhoto(clientX, clientY) {
  const box = stage.getBoundingClientRect();
  const [x, y] = [clientX - box.left, clientY - box.top];
  const { left, top } = twin(x, y) ? room() : { left: 0, top: 0 };
  return {
    x: (x + left - view.x) / (size.width * view.scale),
    y: (y + top - view.y) / (size.height * view.scale),
  };
}

/** Whether a point of the stage lies in the half that shows the photo before. */
function twin(x, y) {
  const { left, top } = room();
  return x < left || y < top;
}

/** The part of the stage that the picture in colour covers. */
export function visible() {
  const within = room();
  const left = Math.max(view.x, within.left);
  const top = Math.max(view.y, within.top);
  const right = Math.min(view.x + size.width * view.scale, within.left + within.width);
  const bottom = Math.min(view.y + size.height * view.scale, within.top + within.height);
  return { left, top, width: Math.max(right - left, 0), height: Math.max(bottom - top, 0) };
}

function fitScale(width, height) {
  if (!size.width || width <= 0 || height <= 0) return 1;
  return Math.min(width / size.width, height / size.height, UPSCALE);
}

function place() {
  const width = size.width * view.scale;
  const height = size.height * view.scale;
  // What is smaller than the stage lies in its middle, beside the tools if it can; what is larger covers it.
  const held = (at, length, begin, space, taken) =>
    length <= space
      ? begin + Math.min(Math.max((space - length) / 2, taken), space - length)
      : clamp(at, begin + space - length, begin);
  const [within, taken] = [room(), tools()];
  view.x = held(view.x, width, within.left, within.width, taken.left);
  view.y = held(view.y, height, within.top, within.height, taken.top);
  picture.style.transform = `translate(${view.x}px, ${view.y}px)`;
  picture.style.width = `${width}px`;
  picture.style.height = `${height}px`;
  picture.classList.toggle("pixelated", view.scale > 3);
  cut();
}

function cut() {
  const seen = visible();
  const at = seen.left + seen.width * split - view.x;
  const right = Math.max(size.width * view.scale - at, 0);
  $(".layer-before", picture).style.clipPath = `inset(0 ${right}px 0 0)`;
  events.dispatchEvent(new Event("view"));
}

new ResizeObserver(() => (fitted ? fit() : place())).observe(stage);
