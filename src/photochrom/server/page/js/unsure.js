// The overlay that shows where the network is unsure of its colours.

import * as api from "./api.js";
import { $, clamp } from "./dom.js";
import { fail } from "./preview.js";
import { can, withPhoto, optionsOf } from "./remote.js";
import { on, state } from "./store.js";

const EDGE = 512; // pixels; how sure a network is has no fine detail
const TINT = [255, 70, 190]; // a pink that photos hardly have
const button = $("#unsure");
const canvas = $(".layer-unsure canvas");
let shown = false;
let asking = null;
let timer = 0;

button.addEventListener("click", () => turn(!shown));
on("select", () => turn(false));
on("edit network", () => {
  if (!can("confidence")) return turn(false);
  clearTimeout(timer);
  if (shown) timer = setTimeout(load, 250);
  return undefined;
});

function turn(to) {
  shown = to && can("confidence");
  button.setAttribute("aria-pressed", shown);
  $("#legend-unsure").hidden = !shown;
  clearTimeout(timer);
  asking?.abort();
  if (shown) load();
  else canvas.parentElement.hidden = true;
}

async function load() {
  const photo = state.selected;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  button.setAttribute("aria-busy", "true");
  try {
    const body = () => ({ long_edge: EDGE, options: optionsOf(photo) });
    const map = await createImageBitmap(await withPhoto(photo, (id) => api.confidence(id, body(), signal), signal));
    if (signal.aborted) return;
    paint(map);
    canvas.parentElement.hidden = false;
  } catch (error) {
    if (error.name !== "AbortError") {
      turn(false);
      fail(photo, error);
    }
  } finally {
    if (asking?.signal === signal) button.removeAttribute("aria-busy");
  }
}

/**
 * White is sure and stays clear; the darker the map, the denser the tint.
 *
 * No network is sure of all colours of a photo: the quarter that it is surest of stays clear in any case, so that one
 * sees where a word would help most.
 */
function paint(map) {
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d");
  context.drawImage(map, 0, 0);
  const image = context.getImageData(0, 0, map.width, map.height);
  const unsure = Uint8Array.from({ length: image.data.length / 4 }, (_, i) => 255 - image.data[4 * i]);
  const sorted = Uint8Array.from(unsure).sort();
  const low = sorted[Math.floor(sorted.length * 0.25)];
  const high = Math.max(sorted[Math.floor(sorted.length * 0.97)], low + 40);
  unsure.forEach((value, i) => {
    image.data.set(TINT, 4 * i);
    image.data[4 * i + 3] = 175 * clamp((value - low) / (high - low), 0, 1);
  });
  context.putImageData(image, 0, 0);
}
