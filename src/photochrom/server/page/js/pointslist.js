// The panel's list of hints and protected regions, and what is done with each and all of them; undo and redo.

import { colorAt } from "./color.js";
import { $, announce, el, icon, isTyping } from "./dom.js";
import { colorWords, markWords } from "./markwords.js";
import * as marks from "./pointmarks.js";
import { closePicker, openPicker, pickedMark } from "./picker.js";
import { lightMark } from "./points.js";
import { loadPoints, savePoints } from "./pointsfile.js";
import { markAb, swatchLightness } from "./sampler.js";
import { on, state, stepBack, stepForward } from "./store.js";

const list = $("#points-list");

on("select edit marks picture network", show);

function show() {
  const history = state.selected?.history;
  const kept = marks.marks().filter((mark) => mark.kind === "point" || mark.kind === "protected");
  const old = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const numbers = { point: 0, protected: 0 };
  const items = kept.map((mark) => item(old.get(mark.id) ?? make(mark), mark, (numbers[mark.kind] += 1)));
  if (items.length !== list.children.length || items.some((one, i) => one !== list.children[i])) list.replaceChildren(...items);
  $("#points-none").hidden = kept.length > 0;
  for (const id of ["#points-save", "#points-clear"]) $(id).disabled = !kept.length;
  $("#undo").disabled = !history?.past.length;
  $("#redo").disabled = !history?.future.length;
}

function make({ id, kind }) {
  const open = el("button", { type: "button", class: `chip ${kind}`, onclick: (event) => openPicker(id, { focus: event.detail === 0 }) }, el("span", { class: "chip-name" }));
  if (kind === "protected") open.prepend(icon("shield"));
  const hide = el("button", { type: "button", class: "chip-hide round", onclick: () => turn(id) });
  const remove = el("button", { type: "button", class: "chip-remove round", onclick: () => take(id) }, icon("x"));
  const entry = el("li", { "data-id": id }, open, hide, remove);
  for (const type of ["pointerenter", "focusin"]) entry.addEventListener(type, () => lightMark(id));
  for (const type of ["pointerleave", "focusout"]) entry.addEventListener(type, () => lightMark(null));
  return entry;
}

function item(entry, mark, number) {
  const [open, hide, remove] = entry.children;
  const words = markWords(mark, number);
  const region = mark.kind === "protected";
  open.style.setProperty("--swatch", region ? null : colorAt(swatchLightness(mark), markAb(mark)));
  open.classList.toggle("none", mark.color === "none");
  open.setAttribute("aria-label", words);
  open.setAttribute("aria-pressed", pickedMark() === mark.id);
  open.title = words;
  $(".chip-name", open).textContent = mark.name ?? (region ? "Protected" : capital(colorWords(mark)));
  entry.classList.toggle("hidden-hint", !!mark.hidden);
  hide.setAttribute("aria-label", `Hide ${markWords({ ...mark, hidden: false }, number)}`);
  hide.title = mark.hidden ? "Let it count again" : "Hide: it stays here and does not count";
  hide.setAttribute("aria-pressed", !!mark.hidden);
  hide.replaceChildren(icon(mark.hidden ? "eye-off" : "eye"));
  remove.setAttribute("aria-label", `Remove ${words}`);
  remove.title = "Remove";
  return entry;
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

function turn(id) {
  const hidden = !marks.findMark(id).hidden;
  marks.change(id, { hidden: hidden || undefined });
  announce(hidden ? "Hidden: it does not count" : "It counts again");
}

function take(id) {
  const entry = $(`[data-id="${id}"]`, list);
  const next = entry.nextElementSibling ?? entry.previousElementSibling;
  if (pickedMark() === id) closePicker();
  lightMark(null);
  marks.removeMark(id);
  (next?.lastElementChild ?? $("#stage")).focus({ preventScroll: true });
  announce("Removed");
}

$("#points-clear").addEventListener("click", () => marks.setPoints([], []));
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
