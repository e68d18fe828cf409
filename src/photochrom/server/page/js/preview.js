// The pictures on the stage: the chosen photo before and after, at the size of the screen.
//
// A change asks for a new picture at once and drops the request before it; while a gesture goes on, the next request
// waits for the answer to the last, so that the picture follows as fast as the server can. Until then the previous
// picture stays. Over a slow line the answers are small at first, and as sharp as the screen once there is peace.

import * as api from "./api.js";
import { isSlowDown } from "./line.js";
import { hasAlpha, localPictures, thumbnail } from "./local.js";
import { withPhoto, optionsOf } from "./remote.js";
import { emit, on, setStatus, state } from "./store.js";
import { sentence } from "./units.js";
import { SMALL } from "./uploads.js";

const KEPT = 6; // photos whose pictures are kept at hand
const PAUSE = 30; // ms, in which changes that come together are taken as one
const UNSHOWN = { problem: "cannot be shown here", remedy: "try again" };
const PEACE = 1200; // ms without a change, after which a slow line is used for a sharper picture
const pictures = new Map(); // photo key -> {before, after, version, edge, sharp, alpha}
let flight = null;
let timer = 0;
let peace = 0;

/**
 * What is at hand of a photo's pictures: object URLs `before` and `after`, the latter of the edit `version`, and the
 * longer side `edge` that they have once `sharp`.
 */
export const pictureOf = (photo) => pictures.get(photo.key) ?? {};

export const isBusy = () => (flight !== null && !flight.sharp) || timer !== 0;

on("select", ({ photo }) => {
  if (!photo) stop();
  else if (!isWithdrawn(photo) && (!photo.error || photo.remote)) refresh(photo);
});
on("edit", ({ photo, live }) => photo === state.selected && refresh(photo, live));
on("network", () => state.selected && !isWithdrawn(state.selected) && refresh(state.selected));
on("status", ({ photo, changes }) => changes?.remote?.id && photo === state.selected && sharpen(photo));
on("photos", ({ photo }) => photo && !state.photos.includes(photo) && drop(photo.key));

/** Whether its owner had the server remove a photo: it is sent again only when it is worked on. */
export const isWithdrawn = (photo) => !!photo.remote && !photo.remote.id;

/** Ask for the picture that fits the photo's points and sliders. */
export function refresh(photo, live = false) {
  if (live && flight?.photo === photo && !flight.sharp) {
    flight.again = true;
    return;
  }
  flight?.controller.abort();
  if (live && timer) return;
  clearTimeout(timer);
  clearTimeout(peace);
  timer = setTimeout(fly, live ? 0 : PAUSE, photo);
  emit("busy", photo);
}

/** Get a sharper picture once there is peace, where the last was a small one. */
function sharpen(photo) {
  clearTimeout(peace);
  const { after, sharp } = pictureOf(photo);
  if (!after || sharp || !photo.remote?.id) return;
  peace = setTimeout(() => state.selected === photo && !isBusy() && fly(photo, true), PEACE);
}

function stop() {
  clearTimeout(timer);
  clearTimeout(peace);
  timer = 0;
  flight?.controller.abort();
}

async function fly(photo, sharp = false) {
  timer = 0;
  const mine = { photo, controller: new AbortController(), again: false, sharp };
  flight = mine;
  const { signal } = mine.controller;
  try {
    const picture = await withBefore(photo, signal);
    const version = photo.history.edit;
    const quick = !sharp && isSlowDown();
    let small = quick;
    const ask = (id, copy) => {
      small = quick || !!copy.small;
      return api.colorize(id, optionsOf(photo, previewOptions(picture, small)), signal);
    };
    const blob = await withPhoto(photo, ask, signal, { whole: sharp });
    const after = URL.createObjectURL(blob);
    const image = new Image();
    image.src = after;
    await image.decode();
    if (signal.aborted) return URL.revokeObjectURL(after);
    URL.revokeObjectURL(picture.after);
    Object.assign(picture, { after, version, sharp: !small });
    emit("picture", photo);
    if (!mine.again) {
      const thumb = await thumbnail(blob);
      setStatus(photo, { status: "ready", error: null, thumb });
      await withBefore(photo, signal); // now that the server has said what the photo is
      sharpen(photo);
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
const previewOptions = ({ edge, alpha }, small = false) => ({
  long_edge: small ? Math.min(edge, SMALL) : edge,
  format: alpha || small ? "webp" : "jpg",
  quality: small ? 78 : 88,
  mark: false,
});

/** The photo's pictures, with the one before: made here where the browser can, else by the server. */
async function withBefore(photo, signal) {
  const known = pictures.get(photo.key);
  if (known?.before && !disagree(known, photo)) {
    pictures.delete(photo.key); // to the end of the row: the ones used last are kept
    pictures.set(photo.key, known);
    return known;
  }
  const edge = screenEdge();
  const local = known ? null : await localPictures(photo, edge);
  signal.throwIfAborted();
  const picture = known ?? { edge };
  if (local) {
    const { width, height, alpha, before, thumb } = local;
    Object.assign(picture, { before: URL.createObjectURL(before), alpha, size: { width, height } });
    setStatus(photo, photo.thumb ? { size: picture.size } : { size: picture.size, thumb });
  } else {
    const blob = await withPhoto(photo, (id) => api.original(id, edge, signal), signal, { whole: true });
    URL.revokeObjectURL(picture.before);
    Object.assign(picture, { before: URL.createObjectURL(blob), alpha: await mayBeTransparent(blob), size: null });
  }
  pictures.set(photo.key, picture);
  for (const key of [...pictures.keys()].slice(0, -KEPT)) drop(key);
  emit("picture", photo);
  return picture;
}

/** Whether the browser and the server turn a photo differently; then the server's picture is the true one. */
const disagree = ({ size }, { remote }) =>
  !!size && !!remote && Math.abs(Math.log((size.width * remote.height) / (size.height * remote.width))) > 0.01;

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

const mayBeTransparent = async (blob) => blob.type !== "image/jpeg" && hasAlpha(await createImageBitmap(blob));

/** Colour a photo that is not on the stage, small, for its thumbnail. */
export async function colourThumbnail(photo) {
  const options = () => optionsOf(photo, previewOptions({ edge: 240, alpha: false }));
  const blob = await withPhoto(photo, (id) => api.colorize(id, options()));
  setStatus(photo, { thumb: await thumbnail(blob), status: "ready", error: null });
}

