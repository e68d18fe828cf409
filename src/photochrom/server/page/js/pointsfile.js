// Colour points as a file: the JSON that `photochrom colorize --hints FILE` takes.

import { hexToRgb } from "./color.js";
import { saveFile } from "./dom.js";
import { setPoints } from "./pointmarks.js";
import { asHints } from "./remote.js";
import { state } from "./store.js";
import { toast } from "./toast.js";
import { stemOf } from "./units.js";

const MOST = 256; // points that the service takes

export function savePoints() {
  const photo = state.selected;
  const lines = asHints(photo.history.edit.points).map((hint) => `    ${JSON.stringify(hint)}`);
  const text = `{\n  "version": 1,\n  "hints": [\n${lines.join(",\n")}\n  ]\n}\n`;
  saveFile(new Blob([text], { type: "application/json" }), `${stemOf(photo.name)}.hints.json`);
}

/** Take the points of a file for the chosen photo, undoably; a file that holds none changes nothing. */
export async function loadPoints(file) {
  try {
    if (!state.selected) throw new Error("choose its photo first");
    const hints = parsePoints(await file.text());
    setPoints(hints);
    toast(hints.length === 1 ? "1 colour point loaded." : `${hints.length} colour points loaded.`);
  } catch (error) {
    toast(`${file.name} was not loaded: ${error.message}.`, { bad: true });
  }
}

/** Read points from JSON: an object with the list as `hints`, or, as older files have it, the list alone. */
export function parsePoints(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const list = Array.isArray(content) ? content : content?.hints;
  if (!Array.isArray(list)) throw new Error("it holds no list of colour points");
  if (list.length > MOST) throw new Error(`it holds ${list.length} colour points; ${MOST} are taken`);
  return list.map((entry, number) => {
    const wrong = (what) => new Error(`point ${number + 1} ${what}`);
    const { x, y, reach } = entry ?? {};
    const color = entry?.color === "none" ? [0, 0] : entry?.color;
    if (entry?.points || entry?.stroke || entry?.area) throw wrong("is no single point; the command line takes such a file");
    if (![x, y].every((value) => typeof value === "number" && value >= 0 && value <= 1)) {
      throw wrong("lies outside the photo; x and y are fractions from 0 to 1");
    }
    const pair = Array.isArray(color) && color.length === 2 && color.every((value) => typeof value === "number" && Math.abs(value) <= 128);
    const hex = typeof color === "string" && /^#?[0-9a-f]{6}$/i.test(color) && hexToRgb(color);
    if (!pair && !hex) throw wrong('has no colour; write it as "#rrggbb" or as two numbers a, b');
    if (reach !== undefined && !(reach >= 0 && reach <= 1)) throw wrong("has a reach that is not from 0 to 1");
    return { x, y, color, ...(reach === undefined ? {} : { reach }) };
  });
}
