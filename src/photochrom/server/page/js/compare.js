// Comparing: the button that brings the divider, or holds the photo before up; a key that does; and the divider that
// moves aside while a colour under it is chosen.

import { glide } from "./divider.js";
import { $, announce, isTyping } from "./dom.js";
import { pickedMark } from "./picker.js";
import * as marks from "./pointmarks.js";
import { placesOf } from "./shapes.js";
import { on, state } from "./store.js";
import { isBeside, onView, setBeside, splitNow, toStage, visible } from "./viewer.js";

const HOLD = 300; // ms after which a press is no click
const CLEAR = 56; // CSS pixels between the divider and the mark that it has moved aside for
const LEAST = 0.08; // a smaller share of the photo before is none at all
const button = $("#compare");
let shared = 0.5; // where the divider was before the whole picture was asked for
let aside = null; // {from, to}: where the divider was, and where it went
let pressing = 0;
let held = false;

button.addEventListener("click", () => {
  if (held) return;
  if (isBeside()) setBeside(false);
  else if (splitNow() > 0.01) shared = splitNow();
  glide(splitNow() > 0.01 ? 0 : shared, 350);
});
onView(() => {
  button.setAttribute("aria-pressed", !isBeside() && splitNow() > 0.01);
  $("#beside-view").setAttribute("aria-pressed", isBeside());
});
$("#beside-view").addEventListener("click", () => {
  setBeside(!isBeside());
  announce(isBeside() ? "Before and after side by side" : "The photo in colour");
});

function hold(to) {
  if (document.body.classList.contains("showing-before") === to) return;
  document.body.classList.toggle("showing-before", to);
  announce(to ? "The photo before" : "The photo in colour");
}

button.addEventListener("pointerdown", (event) => {
  held = false;
  if (event.button > 0) return;
  pressing = setTimeout(() => {
    held = true; // its click is to do nothing
    hold(true);
  }, HOLD);
});
for (const type of ["pointerup", "pointerleave", "pointercancel"]) {
  button.addEventListener(type, () => {
    clearTimeout(pressing);
    hold(false);
  });
}
button.addEventListener("contextmenu", (event) => held && event.preventDefault()); // which a long touch brings

// The key where a US keyboard has its backslash, whatever it bears.
const isKey = (event) => event.code === "Backslash" || event.key === "\\";
document.addEventListener("keydown", (event) => {
  if (!isKey(event) || !state.selected || isTyping(event.target) || $("dialog[open]")) return;
  event.preventDefault();
  hold(true);
});
document.addEventListener("keyup", (event) => isKey(event) && hold(false));
window.addEventListener("blur", () => hold(false));

on("marks edit", () => {
  const mark = pickedMark() && marks.findMark(pickedMark());
  if (!mark) return setTimeout(comeBack); // unless another mark is opened in its place
  const seen = visible();
  const left = Math.min(...placesOf(mark).map(([x, y]) => toStage(x, y).x)) - CLEAR;
  if (isBeside() || splitNow() < 0.01 || seen.left + seen.width * splitNow() <= left) return undefined;
  const share = (left - seen.left) / Math.max(seen.width, 1);
  aside = { from: aside?.from ?? splitNow(), to: share > LEAST ? share : 0 };
  return glide(aside.to, 350);
});
on("select", () => (aside = null));

/** Go back to where the divider was, unless somebody has moved it since. */
function comeBack() {
  if (pickedMark()) return;
  if (aside && Math.abs(splitNow() - aside.to) < 0.01) glide(aside.from, 350);
  aside = null;
}
