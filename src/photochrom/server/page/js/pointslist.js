// The panel's list of colour points, and what is done with all of them; undo and redo.

import { colorAt, colorName } from "./color.js";
import { $, el, isTyping } from "./dom.js";
import * as marks from "./pointmarks.js";
import { openPicker, pickedMark } from "./picker.js";
import { loadPoints, savePoints } from "./pointsfile.js";
import { lightnessAt, markAb, swatchLightness } from "./sampler.js";
import { on, state, stepBack, stepForward } from "./store.js";

const list = $("#points-list");

on("select edit marks picture network", show);

function show() {
  const history = state.selected?.history;
  const points = marks.marks().filter((mark) => mark.kind === "point");
  const old = new Map([...list.children].map((item) => [item.dataset.id, item]));
  list.replaceChildren(...points.map((mark, number) => item(old.get(mark.id) ?? make(mark.id), mark, number)));
  $("#points-none").hidden = points.length > 0;
  for (const id of ["#points-save", "#points-clear"]) $(id).disabled = !points.length;
  $("#undo").disabled = !history?.past.length;
  $("#redo").disabled = !history?.future.length;
}

function make(id) {
  return el("li", { "data-id": id }, el("button", { type: "button", class: "chip", onclick: (event) => openPicker(id, { focus: event.detail === 0 }) }));
}

function item(entry, mark, number) {
  const button = entry.firstChild;
  const ab = markAb(mark);
  button.style.setProperty("--swatch", colorAt(swatchLightness(mark), ab));
  const words = `Colour point ${number + 1}: ${colorName(lightnessAt(mark.x, mark.y), ab)}`;
  button.setAttribute("aria-label", words);
  button.title = words;
  button.setAttribute("aria-pressed", pickedMark() === mark.id);
  return entry;
}

$("#points-clear").addEventListener("click", () => marks.setPoints([]));
$("#points-save").addEventListener("click", savePoints);
$("#points-load").addEventListener("click", () => $("#points-file").click());
$("#points-file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) loadPoints(file);
  event.target.value = "";
});

$("#undo").addEventListener("click", () => stepBack(state.selected));
$("#redo").addEventListener("click", () => stepForward(state.selected));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || !state.selected || isTyping(event.target) || $("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) stepBack(state.selected);
  else if (key === "y" || (key === "z" && event.shiftKey)) stepForward(state.selected);
  else return;
  event.preventDefault();
});
