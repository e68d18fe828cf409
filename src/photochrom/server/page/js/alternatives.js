// Other colourings of the chosen photo, side by side; one that is chosen brings its colour points.

import * as api from "./api.js";
import { $, el } from "./dom.js";
import { setPoints } from "./pointmarks.js";
import { ownHints, withPhoto, optionsOf } from "./remote.js";
import { state } from "./store.js";

const COUNT = 4;
const EDGE = 640;
const dialog = $("#alternatives");
const grid = $("#alternatives-grid");
let seed = 0;
let asking = null;

$("#other").addEventListener("click", () => {
  seed = 0;
  dialog.showModal();
  load();
});
$("#alternatives-more").addEventListener("click", () => {
  seed += 1;
  load();
});
dialog.addEventListener("close", () => {
  asking?.abort();
  clear();
});

function clear() {
  for (const image of grid.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  grid.replaceChildren();
}

async function load() {
  const photo = state.selected;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  clear();
  $("#alternatives-problem").textContent = "";
  $("#alternatives-wait").textContent = "Trying many colourings to find clearly different ones; this takes some seconds.";
  try {
    await withPhoto(photo, () => {}, signal); // only then is its shape known
    await show(photo, signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    $("#alternatives-problem").textContent = error.message;
  }
  if (!signal.aborted) $("#alternatives-wait").textContent = "";
}

async function show(photo, signal) {
  const { width, height } = photo.remote;
  const cells = Array.from({ length: COUNT }, (_, i) => {
    const frame = el("span", { class: "alternative-frame" });
    frame.style.aspectRatio = `${width} / ${height}`;
    const label = i ? `Colouring ${i + 1}` : "As it is now";
    return el("button", { type: "button", class: "alternative", disabled: true }, frame, el("span", {}, label));
  });
  grid.replaceChildren(...cells);
  const now = fill(photo, cells[0], optionsOf(photo).hints, true, signal);
  const body = () => ({ n: COUNT, seed, options: optionsOf(photo) });
  const answer = await withPhoto(photo, (id) => api.alternatives(id, body(), signal), signal);
  const others = answer.alternatives.slice(1).map(({ hints }, i) => fill(photo, cells[i + 1], hints, false, signal));
  await Promise.all([now, ...others]);
}

async function fill(photo, cell, hints, present, signal) {
  const options = () => ({ ...optionsOf(photo, { long_edge: EDGE, format: "jpg", quality: 88, mark: false }), hints });
  const blob = await withPhoto(photo, (id) => api.colorize(id, options(), signal), signal);
  const image = el("img", { src: URL.createObjectURL(blob), alt: "" });
  await image.decode();
  if (signal.aborted) return;
  cell.firstChild.append(image);
  cell.disabled = false;
  cell.addEventListener("click", () => {
    if (!present && photo === state.selected) setPoints(ownHints(photo, hints));
    dialog.close();
  });
}

