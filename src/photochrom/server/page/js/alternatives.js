// Other colourings of the chosen photo, each shown as soon as it is found; one that is chosen brings its colour points.
//
// A click puts a colouring on the large picture, where it is compared with the one of now; hovering shows it there for as long.

import * as api from "./api.js";
import { $, $$, announce, el } from "./dom.js";
import { setPoints } from "./pointmarks.js";
import { ownHints, withPhoto, optionsOf } from "./remote.js";
import { state } from "./store.js";

const COUNT = 4;
const EDGE = 960;
const SEARCHING = "Looking for a clearly different one; each takes some seconds…";
const NO_MORE = "There are no more: the network finds no other colours likely enough for this photo.";

const dialog = $("#alternatives");
const grid = $("#alternatives-grid");
const large = $("#alternatives-large");
const take = $("#alternatives-take");
let ways = []; // {hints, url, button}
let chosen = null; // the way that a click has put on the large picture
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
take.addEventListener("click", () => {
  if (chosen !== ways[0]) setPoints(ownHints(state.selected, chosen.hints));
  dialog.close();
});

function clear() {
  for (const { url } of ways) if (url) URL.revokeObjectURL(url);
  ways = [];
  chosen = null;
  grid.replaceChildren();
  large.replaceChildren();
  take.disabled = true;
}

async function load() {
  const photo = state.selected;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  clear();
  $("#alternatives-problem").textContent = "";
  $("#alternatives-wait").textContent = SEARCHING;
  try {
    await withPhoto(photo, () => {}, signal); // only then is its shape known
    await show(photo, signal);
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (!(error instanceof api.Problem)) console.error(error);
    for (const { url, button } of ways) if (!url) button.remove();
    $("#alternatives-problem").textContent = error instanceof api.Problem ? error.message : "These cannot be shown here; try again.";
  }
  if (!signal.aborted && $("#alternatives-wait").textContent === SEARCHING) $("#alternatives-wait").textContent = "";
}

/** Ask for one more at a time: the server goes on from where it was, and what it has found is drawn meanwhile. */
async function show(photo, signal) {
  const { width, height } = photo.remote ?? photo.size; // of its small copy, while it is still on its way
  dialog.style.setProperty("--width", width);
  dialog.style.setProperty("--height", height);
  for (let i = 0; i < COUNT; i += 1) addCell(i);
  const drawn = [];
  const also = (work) => {
    work.catch(() => {}); // heard of below, where all are waited for; or of no concern, where the dialog was closed
    drawn.push(work);
  };
  also(draw(photo, ways[0], optionsOf(photo).hints, signal));
  for (let n = 2; n <= COUNT; n += 1) {
    const body = () => ({ n, seed, options: optionsOf(photo) });
    const { alternatives } = await withPhoto(photo, (id) => api.alternatives(id, body(), signal), signal);
    if (alternatives.length < n) {
      for (const { button } of ways.splice(n - 1)) button.remove();
      $("#alternatives-wait").textContent = NO_MORE;
      break;
    }
    also(draw(photo, ways[n - 1], alternatives[n - 1].hints, signal));
  }
  await Promise.all(drawn);
}

function addCell(number) {
  const name = number ? `Colouring ${number + 1}` : "As it is now";
  const button = el("button", { type: "button", class: "alternative", disabled: true, "aria-pressed": "false" });
  button.append(el("span", { class: "alternative-frame" }), el("span", { class: "alternative-name" }, name));
  const way = { name, button, hints: null, url: null };
  button.addEventListener("click", () => choose(way));
  button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && look(way));
  button.addEventListener("pointerleave", () => look(chosen));
  ways.push(way);
  grid.append(button);
}

async function draw(photo, way, hints, signal) {
  const options = () => ({ ...optionsOf(photo, { long_edge: EDGE, format: "jpg", quality: 88, mark: false }), hints });
  const blob = await withPhoto(photo, (id) => api.colorize(id, options(), signal), signal);
  const url = URL.createObjectURL(blob);
  const image = el("img", { src: url, alt: "" });
  await image.decode();
  if (signal.aborted) return URL.revokeObjectURL(url);
  Object.assign(way, { hints, url });
  way.button.firstChild.append(image);
  way.button.disabled = false;
  if (way !== ways[0]) announce(`${way.name} is there`);
  if (!chosen) choose(way);
  else look(chosen);
  return undefined;
}

/** Put a colouring on the large picture; the one of now stays on its left half, to compare. */
function choose(way) {
  chosen = way;
  for (const button of $$(".alternative", grid)) button.setAttribute("aria-pressed", button === way.button);
  take.disabled = false;
  take.textContent = way === ways[0] ? "Keep it as it is now" : `Take ${way.name.toLowerCase()}`;
  look(way);
}

function look(way) {
  if (!way?.url) return;
  const both = way !== ways[0] && ways[0]?.url;
  const after = el("img", { src: way.url, alt: way.name });
  const now = both ? el("img", { src: ways[0].url, alt: "As it is now", class: "alternatives-now" }) : null;
  const words = both ? [el("span", {}, "Now"), el("span", {}, way.name)] : [el("span", {}, way.name)];
  large.replaceChildren(after, ...(now ? [now] : []), el("span", { class: "alternatives-words" }, ...words));
}
