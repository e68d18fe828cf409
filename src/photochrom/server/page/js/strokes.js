// Strokes, areas and protected regions, drawn over the photo; and the one that is being drawn.

import { colorAt } from "./color.js";
import { $ } from "./dom.js";
import * as marks from "./pointmarks.js";
import { pickedMark } from "./picker.js";
import { markAb, swatchLightness } from "./sampler.js";
import { formOf, PATCH, placesOf } from "./shapes.js";
import { on, state } from "./store.js";
import { onView, viewSize } from "./viewer.js";

const layer = $("#shapes");
let sketched = null; // the shape that is being drawn
let lit = null; // the mark that somebody points at elsewhere

on("select edit marks picture network", render);
onView(() => {
  const { width, height } = viewSize();
  const box = `0 0 ${width || 1} ${height || 1}`;
  if (layer.getAttribute("viewBox") === box) return;
  layer.setAttribute("viewBox", box);
  render();
});

/** Show a shape that is being drawn, or none. */
export function sketch(shape) {
  sketched = shape;
  render();
}

/** Light the shape of a mark up, or none. */
export function lightShape(id) {
  lit = id;
  render();
}

function render() {
  const all = state.selected ? marks.marks().filter((mark) => formOf(mark) !== "point") : [];
  const drawn = all.map((mark) => drawing(mark, mark.kind, mark.id));
  if (sketched) drawn.push(drawing(sketched, "draft", null));
  $("#shapes-drawn").replaceChildren(...drawn);
}

function drawing(one, kind, id) {
  const group = svg("g", { class: `shape ${kind}`, ...(id ? { "data-shape-of": id } : {}) });
  group.classList.toggle("none", one.color === "none");
  group.classList.toggle("hidden-hint", !!one.hidden);
  group.classList.toggle("lit", id !== null && (id === lit || id === pickedMark()));
  const { width, height } = viewSize();
  const line = placesOf(one).map(([x, y]) => `${round(x * width)} ${round(y * height)}`);
  if (kind === "point") group.style.setProperty("--swatch", colorAt(swatchLightness(one), markAb(one)));
  if (formOf(one) === "stroke") {
    const path = `M${line.join("L")}${line.length > 1 ? "" : "h0"}`;
    const thick = (one.width ?? PATCH) * Math.max(width, height);
    group.append(svg("path", { class: "band", d: path, "stroke-width": thick }), ...outlined(path));
  } else if (formOf(one) === "area") {
    const path = `M${line.join("L")}Z`;
    group.append(svg("path", { class: "filled", d: path }), ...outlined(path));
  } else {
    group.append(...outlined(line.map((place) => `M${place}h0`).join(""), "dots"));
  }
  return group;
}

/** A light line within a dark one, which every photo lets see. */
const outlined = (d, name = "line") => [svg("path", { class: `${name} under`, d }), svg("path", { class: name, d })];

export function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const round = (value) => Math.round(value * 10) / 10;
