// The picker: which colour a point has, of those that are possible at the lightness of its place.

import * as api from "./api.js";
import { colorAb, colorAt, gamutScale, hexToRgb, rgbToLab } from "./color.js";
import { colorName } from "./colornames.js";
import { $, clamp, el } from "./dom.js";
import { canPickFromScreen, pickFromScreen, startTaking, stopTaking, takingColor } from "./eyedropper.js";
import * as marks from "./pointmarks.js";
import { makePlane } from "./plane.js";
import { onPresets, presets } from "./presets.js";
import { can, hintsBut, optionsOf, withPhoto } from "./remote.js";
import { lightnessAt, roundAb } from "./sampler.js";
import { formOf } from "./shapes.js";
import { addRecent, emit, on, state } from "./store.js";
import { reveal } from "./viewer.js";

const box = $("#picker");
const hex = $("#picker-hex");
const LIGHTS = [4, 97]; // outside them hardly any colour exists that could be chosen
const CALM = 250; // ms that a mark lies still before anything is asked of its new place
const TELLING = [50, 80]; // the lightness of swatches: in darker ones no hue can be told
let picked = null; // the mark's id
let lightness = 50;
let asking = null; // the request for suggestions
let askedAt = null; // the place that it is of
let moving = 0;
let gesture = 0;
let serial = 0;

const showPlane = makePlane($("#plane"), (ab, done) => {
  const tag = done === "keys" ? `plane keys ${picked}` : `plane ${picked} ${gesture}`;
  choose(roundAb(ab), { tag, timed: done === "keys", live: !done });
  if (done === true) gesture += 1;
});

export const pickedMark = () => picked;
export const isPicking = () => picked !== null;

export function openPicker(id, { focus = false } = {}) {
  const mark = marks.findMark(id);
  if (!mark) return;
  const again = picked === id;
  if (!again) leave();
  picked = id;
  gesture += 1;
  box.hidden = false;
  if (!again) box.scrollTop = 0; // or what was asked before would be out of sight
  document.body.classList.add("picking");
  $("#picker-screen").hidden = !canPickFromScreen();
  update();
  emit("marks");
  reveal(mark.x, mark.y);
  if (!again && mark.kind !== "protected") suggest(mark);
  if (focus) $(mark.kind === "protected" ? "#picker-keep" : "#plane").focus();
}

/** Close the picker; a draft whose colour nobody chose goes with it. */
export function closePicker({ focus = false } = {}) {
  const id = picked;
  leave();
  box.hidden = true;
  document.body.classList.remove("picking");
  emit("marks");
  if (id && focus) ($(`#points [data-id="${id}"]`) ?? $("#stage")).focus();
}

function leave() {
  const mark = picked && marks.findMark(picked);
  if (mark?.kind === "point" && mark.color !== "none") addRecent(colorAb(mark.color));
  picked = null;
  askedAt = null;
  asking?.abort();
  stopTaking();
  if (mark?.kind === "draft") marks.removeMark(mark.id);
}

function choose(color, how = {}) {
  if (picked) marks.setColor(picked, color, how);
}

on("marks edit picture", () => {
  if (!picked) return;
  if (marks.findMark(picked)) update();
  else closePicker();
});
on("select network", () => picked && closePicker());

function update() {
  const mark = marks.findMark(picked);
  box.dataset.kind = mark.kind;
  $("#picker-title").textContent = titleOf(mark);
  $("#picker-keep").textContent = { draft: "Keep as it is", question: "Yes, this one" }[mark.kind] ?? "Done";
  $("#picker-remove").textContent = { draft: "Cancel", question: "Skip" }[mark.kind] ?? "Remove";
  const label = $("#picker-label");
  if (document.activeElement !== label) label.value = mark.name ?? "";
  if (mark.kind === "protected") return;
  clearTimeout(moving);
  if (askedAt && (askedAt.x !== mark.x || askedAt.y !== mark.y)) moving = setTimeout(suggestAnew, CALM);
  const ab = colorAb(mark.color);
  const light = lightnessAt(mark.x, mark.y);
  lightness = clamp(light, ...LIGHTS);
  const scale = gamutScale(lightness, ...ab);
  showPlane(lightness, [ab[0] * scale, ab[1] * scale]);
  const shown = colorAt(lightness, ab);
  $("#picker-swatch").style.backgroundColor = shown;
  $("#picker-name").textContent = colorName(lightness, ab);
  $("#picker-none").setAttribute("aria-pressed", mark.color === "none");
  if (document.activeElement !== hex) {
    hex.value = shown;
    hex.removeAttribute("aria-invalid");
  }
  $("#picker-note").textContent = noteOn(mark, light);
  swatches($("#picker-recent"), state.recent.map((ab) => ({ ab })));
  $("#picker-recent-row").hidden = !state.recent.length;
  showPresets();
}

const showPresets = () => swatches($("#preset-swatches"), presets());
onPresets(() => picked && showPresets());

function titleOf({ kind, color, ...shape }) {
  if (kind === "protected") return "Protected";
  if (kind === "draft") return "Which colour is this?";
  if (kind === "question") return "Is this its colour?";
  if (color === "none") return "No colour here";
  const form = formOf(shape);
  return `Colour of ${{ point: "this point", points: "these points" }[form] ?? `this ${form}`}`;
}

function noteOn({ color }, light) {
  if (color === "none") return "Black, grey or white, as the photo has it.";
  if (light < 12) return "A very dark place: colours can hardly be seen here.";
  if (light > 96) return "Almost white: there is little room for colour here.";
  const given = typeof color === "string" ? rgbToLab(hexToRgb(color))[0] : light;
  if (Math.abs(given - light) < 4) return "";
  return `Of ${color.toLowerCase()} only the hue counts; how light it is comes from the photo.`;
}

/** The same for a mark that was moved. */
function suggestAnew() {
  const mark = picked && marks.findMark(picked);
  if (mark && mark.kind !== "protected") suggest(mark);
}

/** Ask for the colours that the network finds likely at the mark's place. */
async function suggest(mark) {
  const row = $("#picker-suggestions");
  askedAt = { x: mark.x, y: mark.y };
  row.replaceChildren();
  $("#picker-suggestions-row").hidden = !can("distribution");
  if (!can("distribution")) return;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const mine = (serial += 1);
  const photo = state.selected;
  // What is known of other places matters; what this hint says of its own place would only be repeated.
  const options = optionsOf(photo);
  options.hints = hintsBut(photo, mark.id);
  row.dataset.state = "loading";
  try {
    const answer = await withPhoto(photo, (id) => api.colors(id, { x: mark.x, y: mark.y, options }, signal), signal);
    if (mine !== serial) return;
    swatches(row, answer.suggestions_ab.map((ab) => ({ ab })));
    row.dataset.state = "";
  } catch (error) {
    if (mine === serial && error.name !== "AbortError") $("#picker-suggestions-row").hidden = true; // the preview tells why
    if (!(error instanceof api.Problem) && error.name !== "AbortError") console.error(error);
  }
}

/** Show colours {ab, name, source} to choose from, light enough to be told apart wherever the place is dark. */
function swatches(row, colors) {
  const shown = colors.map(({ ab }) => colorAt(clamp(lightness, ...TELLING), ab));
  const same = `${Math.round(lightness)} ${shown.join()}`;
  if (row.dataset.colors === same && row.children.length === colors.length) return;
  row.dataset.colors = same;
  row.replaceChildren(
    ...colors.map(({ ab, name, source }, number) => {
      const words = name ?? colorName(lightness, ab);
      const label = `${words}, ${colorAt(lightness, ab)}`;
      const title = source ? `${words} (${source})` : words;
      const button = el("button", { type: "button", class: "swatch", title, "aria-label": label });
      button.style.backgroundColor = shown[number];
      button.addEventListener("click", () => choose(ab));
      return button;
    }),
  );
}

hex.addEventListener("input", () => {
  const rgb = hexToRgb(hex.value);
  hex.setAttribute("aria-invalid", rgb ? "false" : "true");
  if (rgb) choose(`#${hexDigits(rgb)}`, { tag: `hex ${picked}`, timed: true });
});
hex.addEventListener("blur", () => picked && update());
const hexDigits = (rgb) => rgb.map((value) => Math.round(value * 255).toString(16).padStart(2, "0")).join("");

const byKeys = (event) => (event.detail === 0 ? event.currentTarget : null);
$("#picker-picture").addEventListener("click", (event) =>
  takingColor() ? stopTaking() : startTaking((ab) => choose(ab), "color", byKeys(event)),
);
$("#picker-none").addEventListener("click", () => choose("none"));
$("#picker-again").addEventListener("click", (event) => {
  const id = picked;
  startTaking((ab, at) => {
    marks.move(id, at.x, at.y);
    reveal(at.x, at.y);
  }, "place", byKeys(event));
});
$("#picker-label").addEventListener("input", (event) => {
  const name = event.target.value.trim();
  marks.change(picked, { name: name || undefined }, { tag: `name ${picked}`, timed: true });
});
$("#picker-screen").addEventListener("click", async () => {
  const ab = await pickFromScreen();
  if (ab) choose(ab);
});
$("#picker-keep").addEventListener("click", () => {
  if (["draft", "question"].includes(marks.findMark(picked)?.kind)) marks.keep(picked);
  closePicker({ focus: true });
  emit("answered");
});
$("#picker-remove").addEventListener("click", () => {
  const id = picked;
  closePicker();
  if (marks.findMark(id)) marks.removeMark(id);
  $("#stage").focus({ preventScroll: true });
  emit("answered");
});
$("#picker-close").addEventListener("click", () => closePicker({ focus: true }));
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest("#plane, #picker-hex, #picker-label")) return;
  event.preventDefault(); // the mark that gets the focus would take the same key as its own
  $("#picker-keep").click();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || $("dialog[open]")) return;
  if (takingColor()) stopTaking();
  else if (picked) closePicker({ focus: true });
});

