// The overlay that shows where the network is unsure of its colours.

import * as api from "./api.js";
import { $ } from "./dom.js";
import { fail } from "./preview.js";
import { can, withPhoto, wishesOf } from "./remote.js";
import { on, state } from "./store.js";

const EDGE = 512; // pixels; doubt has no fine detail
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
    const body = () => ({ long_edge: EDGE, wishes: wishesOf(photo) });
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

/** White is sure and stays clear; the darker the map, the denser the tint. */
function paint(map) {
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d");
  context.drawImage(map, 0, 0);
  const image = context.getImageData(0, 0, map.width, map.height);
  for (let i = 0; i < image.data.length; i += 4) {
    const doubt = 1 - image.data[i] / 255;
    image.data.set(TINT, i);
    image.data[i + 3] = 215 * doubt ** 1.5;
  }
  context.putImageData(image, 0, 0);
}
