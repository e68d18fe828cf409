// The tools over the photo: which shape a hand draws (a point, a stroke, an area), and what that says (a colour, that
// there is no colour, or that nothing is to change).

import { $, $$, announce, clamp } from "./dom.js";
import * as marks from "./pointmarks.js";
import { closePicker, openPicker } from "./picker.js";
import { focusMark, placePoint } from "./points.js";
import { fraction, MOST_PLACES, simplified } from "./shapes.js";
import { state, on } from "./store.js";
import { sketch } from "./strokes.js";
import { scaleNow, viewSize } from "./viewer.js";

const STEP = 2; // CSS pixels between two places of a stroke
const LOOSE = 1; // CSS pixels that a place may lie off the line without it
const box = $("#tools");
const width = $("#brush-width");
const chosen = { shape: "point", says: "color" };
let corners = []; // of what the keyboard draws

for (const button of $$("[data-shape], [data-says]", box)) {
  button.addEventListener("click", () => choose(button.dataset));
}
on("select", () => giveUp());

/** Choose a shape, or what it says. */
function choose({ shape = chosen.shape, says = chosen.says }) {
  Object.assign(chosen, { shape, says });
  giveUp();
  for (const button of $$("[data-shape]", box)) button.setAttribute("aria-pressed", button.dataset.shape === shape);
  for (const button of $$("[data-says]", box)) button.setAttribute("aria-pressed", button.dataset.says === says);
  $("#brush-row").hidden = shape !== "brush" && !(shape === "point" && says === "protect");
  $("#stage").dataset.tool = shape;
}

/** Use the tool at a place, as a click does; the returned function takes it back. */
export function useTool(at, focus = false) {
  if (!at || !$(".layer-after img")) {
    closePicker();
    return null;
  }
  if (chosen.shape === "lasso") return focus ? undefined : tell("Draw around the area without letting go");
  if (chosen.shape === "point" && chosen.says === "color") return placePoint(at, focus);
  const { x, y } = { x: fraction(at.x), y: fraction(at.y) };
  const point = chosen.shape === "point" && chosen.says === "none";
  return finish(point ? { x, y } : stroke([[x, y]]), focus);
}

function tell(words) {
  announce(words);
  return null;
}

/** What follows a hand that draws: {begin, add, end, cancel}; null where a drag is no drawing. */
export function drawing() {
  if (chosen.shape === "point" || !$(".layer-after img")) return null;
  let places = [];
  return {
    begin: (at) => {
      closePicker();
      places = [placeOf(at)];
    },
    add: (at) => {
      const place = placeOf(at);
      if (!far(places.at(-1), place)) return;
      places.push(place);
      sketch(places.length > 1 ? shapeFrom(places) : null);
    },
    end: () => {
      sketch(null);
      const kept = fewer(places);
      if (chosen.shape === "lasso" && kept.length < 3) return tell("Too small for an area: draw around it");
      return finish(shapeFrom(kept), false);
    },
    cancel: () => sketch(null),
  };
}

/** What the keyboard does with a stroke or an area: Enter adds a place, and again at the same place ends it. */
export function enterPlace(at) {
  if (chosen.shape === "point") return useTool(at, true) !== null && chosen.says === "color";
  const place = placeOf(at);
  const last = corners.at(-1);
  if (!last || far(last, place)) {
    corners.push(place);
    sketch(corners.length > 1 ? shapeFrom(corners) : stroke([place]));
    announce(`Place ${corners.length}; arrows and Enter add another, Enter again ends, Escape gives up`);
    return false;
  }
  if (chosen.shape === "lasso" && corners.length < 3) return tell("An area has three corners or more");
  const shape = shapeFrom(corners);
  giveUp();
  finish(shape, true);
  return chosen.says === "color";
}

/** Forget what the keyboard has begun; whether there was any. */
export function giveUp() {
  const some = corners.length > 0;
  corners = [];
  sketch(null);
  return some;
}

/** Make a mark of a shape by what the tool says; the returned function takes it back. */
function finish(shape, focus) {
  closePicker();
  if (chosen.says === "color") {
    const id = marks.draft(shape);
    openPicker(id, { focus });
    return () => {
      closePicker();
      if (marks.findMark(id)) marks.removeMark(id);
    };
  }
  const none = chosen.says === "none";
  const id = none ? marks.addHint(shape, "none") : marks.protect(shape);
  announce(none ? "No colour there" : "Protected: no hint changes it");
  if (focus) focusMark(id);
  return () => marks.findMark(id) && marks.removeMark(id);
}

const shapeFrom = (places) => (chosen.shape === "lasso" && places.length > 2 ? { area: places } : stroke(places));
const stroke = (places) => ({ stroke: places, width: Number(width.value) / 1000 });
const placeOf = ({ x, y }) => [fraction(x), fraction(y)];

function far([x0, y0], [x1, y1]) {
  const size = viewSize();
  return Math.hypot((x1 - x0) * size.width, (y1 - y0) * size.height) * scaleNow() >= STEP;
}

/** As few places as the line needs. */
function fewer(places) {
  const size = viewSize();
  let tolerance = LOOSE / scaleNow();
  let kept = simplified(places, tolerance, size.width, size.height);
  while (kept.length > MOST_PLACES) kept = simplified(places, (tolerance *= 2), size.width, size.height);
  return kept;
}

width.addEventListener("input", () => {
  const thick = Number(width.value) / 10;
  width.setAttribute("aria-valuetext", `${thick}% of the photo's longer side`);
  width.style.setProperty("--at", (width.value - width.min) / (width.max - width.min));
  sketch({ stroke: [[0.5, 0.5]], width: Number(width.value) / 1000 }); // so that one sees how wide it is
});
width.addEventListener("change", () => sketch(null));

// Letters choose tools while the photo or one of its marks has the focus.
const LETTERS = { p: { shape: "point" }, b: { shape: "brush" }, l: { shape: "lasso" }, c: { says: "color" }, n: { says: "none" }, k: { says: "protect" } };
$("#stage").addEventListener("keydown", (event) => {
  const letter = LETTERS[event.key.toLowerCase()];
  if (!letter || !state.selected || event.ctrlKey || event.metaKey || event.altKey || event.target === width) return;
  event.preventDefault();
  choose(letter);
  const pressed = $$("[aria-pressed=true]", box).map((button) => button.getAttribute("aria-label"));
  announce(pressed.join(": "));
});
width.style.setProperty("--at", clamp((width.value - width.min) / (width.max - width.min), 0, 1));
