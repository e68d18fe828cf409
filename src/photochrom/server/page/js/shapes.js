// Shapes on the photo, as hints and protected regions have them: a point, several points, a stroke or an area.
//
// Places are [x, y], fractions of the photo's width and height.

import { clamp } from "./dom.js";

export const PATCH = 7 / 256; // side of what a point covers, and width of a stroke that names none, of the longer side
export const MOST_PLACES = 2000; // that the service takes of one shape

export const formOf = ({ area, stroke, points }) => (area ? "area" : stroke ? "stroke" : points ? "points" : "point");

/** All places of a shape. */
export const placesOf = (one) => one[formOf(one)] ?? [[one.x, one.y]];

/** What says where it is, and nothing else; as the service takes it. */
export function shapeOf(one) {
  const form = formOf(one);
  if (form === "point") return { x: one.x, y: one.y };
  const width = form === "stroke" && one.width !== undefined ? { width: one.width } : {};
  return { [form]: one[form], ...width };
}

/** The place that stands for a shape: within it, where its mark lies. */
export function anchorOf(one) {
  const form = formOf(one);
  const places = placesOf(one);
  if (form === "area") return withinArea(places);
  const [x, y] = form === "stroke" ? places[Math.floor(places.length / 2)] : places[0];
  return { x, y };
}

/** The same elsewhere: moved so that its anchor comes to a place, as far as all of it stays on the photo. */
export function movedTo(one, x, y) {
  if (formOf(one) === "point") return { x: fraction(x), y: fraction(y) };
  const from = anchorOf(one);
  const places = placesOf(one);
  const shift = (by, axis) => {
    const all = places.map((place) => place[axis]);
    return clamp(by, -Math.min(...all), 1 - Math.max(...all));
  };
  const [dx, dy] = [shift(x - from.x, 0), shift(y - from.y, 1)];
  return { ...shapeOf(one), [formOf(one)]: places.map(([px, py]) => [fraction(px + dx), fraction(py + dy)]) };
}

/** Leave out places that a line hardly needs (Douglas and Peucker, 1973); `width` and `height` are the photo's. */
export function simplified(places, tolerance, width, height) {
  if (places.length < 3) return places;
  const [first, last] = [places[0], places.at(-1)];
  let [far, at] = [0, 0];
  for (let i = 1; i < places.length - 1; i += 1) {
    const distance = apart(places[i], first, last, width, height);
    if (distance > far) [far, at] = [distance, i];
  }
  if (far <= tolerance) return [first, last];
  return [
    ...simplified(places.slice(0, at + 1), tolerance, width, height).slice(0, -1),
    ...simplified(places.slice(at), tolerance, width, height),
  ];
}

function apart(place, begin, end, width, height) {
  const [x, y] = [(end[0] - begin[0]) * width, (end[1] - begin[1]) * height];
  const [px, py] = [(place[0] - begin[0]) * width, (place[1] - begin[1]) * height];
  const along = clamp((px * x + py * y) / Math.max(x * x + y * y, 1e-12), 0, 1);
  return Math.hypot(px - along * x, py - along * y);
}

/** A place well within an area: the middle of its longest stretch at one of several heights. */
function withinArea(corners) {
  const ys = corners.map(([, y]) => y);
  const [top, height] = [Math.min(...ys), Math.max(...ys) - Math.min(...ys)];
  let best = { x: corners[0][0], y: corners[0][1], length: -1 };
  for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
    const y = top + height * share + 1e-9;
    const crossings = corners
      .map((corner, i) => [corner, corners[(i + 1) % corners.length]])
      .filter(([[, y0], [, y1]]) => y0 <= y !== y1 <= y)
      .map(([[x0, y0], [x1, y1]]) => x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
      .sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const length = crossings[i + 1] - crossings[i];
      if (length > best.length * 1.2) best = { x: (crossings[i] + crossings[i + 1]) / 2, y, length };
    }
  }
  return { x: fraction(best.x), y: fraction(best.y) };
}

export const fraction = (value) => Math.round(clamp(value, 0, 1) * 1e5) / 1e5;
