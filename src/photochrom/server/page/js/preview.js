// The pictures on the stage: the chosen photo before and after, at the size of the screen.
//
// A change asks for a new picture at once and drops the request before it; while a gesture goes on, the next request
// waits for the answer to the last, so that the picture follows as fast as the server can. Until then the previous
// picture stays.

import * as api from "./api.js";
import { withPhoto, optionsOf } from "./remote.js";
import { emit, on, setStatus, state } from "./store.js";
import { sentence } from "./units.js";

const KEPT = 6; // photos whose pictures are kept at hand
const PAUSE = 30; // ms, in which changes that come together are taken as one
const UNSHOWN = { problem: "cannot be shown here", remedy: "try again" };
const pictures = new Map(); // photo key -> {before, after, edge, alpha}
let flight = null;
let timer = 0;

/** What is at hand of a photo's pictures: object URLs `before` and `after`, and their longer side `edge`. */
export const pictureOf = (photo) => pictures.get(photo.key) ?? {};

export const isBusy = () => flight !== null || timer !== 0;

on("select", ({ photo }) => {
  if (!photo) stop();
  else if (!photo.error || photo.remote) refresh(photo);
});
on("edit", ({ photo, live }) => photo === state.selected && refresh(photo, live));
on("network", () => state.selected && refresh(state.selected));
on("photos", ({ photo }) => photo && !state.photos.includes(photo) && drop(photo.key));

/** Ask for the picture that fits the photo's points and sliders. */
export function refresh(photo, live = false) {
  if (live && flight?.photo === photo) {
    flight.again = true;
    return;
  }
  flight?.controller.abort();
  if (live && timer) return;
  clearTimeout(timer);
  timer = setTimeout(fly, live ? 0 : PAUSE, photo);
  emit("busy", photo);
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  flight?.controller.abort();
}

async function fly(photo) {
  timer = 0;
  const mine = { photo, controller: new AbortController(), again: false };
  flight = mine;
  const { signal } = mine.controller;
  try {
    const picture = await withBefore(photo, signal);
    const version = photo.history.edit;
    const options = () => optionsOf(photo, previewOptions(picture));
    const blob = await withPhoto(photo, (id) => api.colorize(id, options(), signal), signal);
    const after = URL.createObjectURL(blob);
    const image = new Image();
    image.src = after;
    await image.decode();
    if (signal.aborted) return URL.revokeObjectURL(after);
    URL.revokeObjectURL(picture.after);
    Object.assign(picture, { after, version });
    emit("picture", photo);
    if (!mine.again) {
      const thumb = await thumbnail(blob);
      setStatus(photo, { status: "ready", error: null, thumb });
    }
  } catch (error) {
    if (error.name !== "AbortError") fail(photo, error);
  } finally {
    if (flight === mine) {
      flight = null;
      if (mine.again && state.selected === photo) fly(photo);
      else emit("busy", photo);
    }
  }
  return undefined;
}

/** Tell beside the photo what is wrong; what is shown of it stays. */
export function fail(photo, error) {
  if (!(error instanceof api.Problem)) console.error(error);
  const text = error instanceof api.Problem ? error.message : sentence({ ...UNSHOWN, subject: photo.name });
  setStatus(photo, { status: "error", error: text });
}

/** How a preview is asked for: quickly, and as a kind that keeps what is transparent where anything is. */
const previewOptions = ({ edge, alpha }) => ({
  long_edge: edge,
  format: alpha ? "webp" : "jpg",
  quality: 88,
  mark: false,
});

async function withBefore(photo, signal) {
  const known = pictures.get(photo.key);
  if (known?.before) {
    pictures.delete(photo.key); // to the end of the row: the ones used last are kept
    pictures.set(photo.key, known);
    return known;
  }
  const edge = screenEdge();
  const blob = await withPhoto(photo, (id) => api.original(id, edge, signal), signal);
  const picture = { before: URL.createObjectURL(blob), edge, alpha: await hasAlpha(blob) };
  pictures.set(photo.key, picture);
  for (const key of [...pictures.keys()].slice(0, -KEPT)) drop(key);
  emit("picture", photo);
  return picture;
}

function drop(key) {
  const { before, after } = pictures.get(key) ?? {};
  for (const url of [before, after]) URL.revokeObjectURL(url);
  pictures.delete(key);
}

/** Pixels that the stage can show of the longer side, in steps, so that a turned phone asks for the same. */
function screenEdge() {
  const side = Math.max(window.innerWidth, window.innerHeight) * Math.min(window.devicePixelRatio, 2);
  return Math.min(Math.max(Math.ceil(side / 320) * 320, 640), 1280);
}

async function hasAlpha(blob) {
  if (blob.type === "image/jpeg") return false;
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext("2d");
  context.drawImage(await createImageBitmap(blob), 0, 0, 64, 64);
  const { data } = context.getImageData(0, 0, 64, 64);
  return data.some((value, i) => i % 4 === 3 && value < 255);
}

/** A small copy of a picture, for the film strip. */
export async function thumbnail(blob) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, 200 / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, bitmap.width * scale), Math.max(1, bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
}

/** Colour a photo that is not on the stage, small, for its thumbnail. */
export async function colourThumbnail(photo) {
  const options = () => optionsOf(photo, previewOptions({ edge: 240, alpha: false }));
  const blob = await withPhoto(photo, (id) => api.colorize(id, options()));
  setStatus(photo, { thumb: await thumbnail(blob), status: "ready", error: null });
}

