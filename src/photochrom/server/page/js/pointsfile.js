// Hints and protected regions as a file: the JSON that `photochrom colorize --hints FILE` takes.

import { hexToRgb } from "./color.js";
import { saveFile } from "./dom.js";
import { setPoints } from "./pointmarks.js";
import { asHints, asRegions } from "./remote.js";
import { MOST_PLACES, shapeOf } from "./shapes.js";
import { state } from "./store.js";
import { toast } from "./toast.js";
import { stemOf } from "./units.js";

// What the service takes: a photo takes over up to 2,048 points from another.
const [MOST_POINTS, MOST_REGIONS] = [2304, 256];
const SHAPES = { points: 1, stroke: 1, area: 3 }; // and how many places each has at least

export function savePoints() {
  const photo = state.selected;
  const { points, protected: regions = [] } = photo.history.edit;
  const parts = ['  "version": 1', listed("hints", asHints(points))];
  if (asRegions(regions).length) parts.push(listed("protected", asRegions(regions)));
  const text = `{\n${parts.join(",\n")}\n}\n`;
  saveFile(new Blob([text], { type: "application/json" }), `${stemOf(photo.name)}.hints.json`);
  const hidden = [...points, ...regions].filter((one) => one.hidden).length;
  if (hidden) toast(`${hidden === 1 ? "The hidden one is" : `The ${hidden} hidden ones are`} not in the file.`);
}

function listed(name, entries) {
  if (!entries.length) return `  "${name}": []`;
  return `  "${name}": [\n${entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n")}\n  ]`;
}

/** Take what a file holds for the chosen photo, undoably; a file that holds nothing changes nothing. */
export async function loadPoints(file) {
  try {
    if (!state.selected) throw new Error("choose its photo first");
    const { hints, regions } = parsePoints(await file.text());
    setPoints(hints, regions);
    const [some, kept] = [counted(hints.length, "colour point"), counted(regions.length, "protected region")];
    toast(regions.length ? `${some} and ${kept} loaded.` : `${some} loaded.`);
  } catch (error) {
    toast(`${file.name} was not loaded: ${error.message}.`, { bad: true });
  }
}

const counted = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;

/** Read JSON: an object with lists `hints` and `protected`, or, as older files have it, the list of hints alone. */
export function parsePoints(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const hints = Array.isArray(content) ? content : content?.hints;
  const regions = content?.protected ?? [];
  if (!Array.isArray(hints)) throw new Error("it holds no list of colour points");
  if (!Array.isArray(regions)) throw new Error("its protected regions are no list");
  if (hints.length > MOST_POINTS) throw new Error(`it holds ${hints.length} colour points; ${MOST_POINTS} are taken`);
  if (regions.length > MOST_REGIONS) throw new Error(`it holds ${regions.length} protected regions; ${MOST_REGIONS} are taken`);
  return { hints: hints.map(readHint), regions: regions.map(readRegion) };
}

function readHint(entry, number) {
  const wrong = (what) => new Error(`point ${number + 1} ${what}`);
  const shape = readShape(entry, wrong, true);
  const { color, reach } = entry;
  const pair = Array.isArray(color) && color.length === 2 && color.every((value) => typeof value === "number" && Math.abs(value) <= 128);
  const hex = typeof color === "string" && /^#?[0-9a-f]{6}$/i.test(color) && hexToRgb(color);
  if (!pair && !hex && color !== "none") throw wrong('has no colour; write it as "#rrggbb", as two numbers a, b, or as "none"');
  if (reach !== undefined && !(typeof reach === "number" && reach >= 0 && reach <= 1)) throw wrong("has a reach that is not from 0 to 1");
  return { ...shape, color, ...(reach === undefined ? {} : { reach }) };
}

function readRegion(entry, number) {
  const wrong = (what) => new Error(`protected region ${number + 1} ${what}`);
  if (entry?.points || entry?.x !== undefined) throw wrong("is neither a stroke nor an area");
  return readShape(entry, wrong, false);
}

function readShape(entry, wrong, single) {
  const given = Object.keys(SHAPES).filter((name) => entry?.[name] !== undefined);
  const places = given.length ? entry[given[0]] : single && [[entry?.x, entry?.y]];
  if (given.length + (entry?.x !== undefined) > 1) throw wrong("has several shapes; make several of it");
  if (!Array.isArray(places)) throw wrong("has no place");
  if (places.some((place) => !Array.isArray(place) || place.length !== 2 || place.some((value) => !(typeof value === "number" && value >= 0 && value <= 1)))) {
    throw wrong("lies outside the photo; x and y are fractions from 0 to 1");
  }
  if (places.length < (SHAPES[given[0]] ?? 1)) throw wrong("has too few places");
  if (places.length > MOST_PLACES) throw wrong(`has ${places.length} places; ${MOST_PLACES} are taken`);
  const { width } = entry;
  if (width !== undefined && !(given[0] === "stroke" && typeof width === "number" && width > 0 && width <= 1)) {
    throw wrong("has a width that is none; a stroke's is a fraction up to 1");
  }
  return shapeOf(entry);
}
