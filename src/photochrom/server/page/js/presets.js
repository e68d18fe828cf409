// Colours that things often have, before the plane of the picker: what it is, and then which of its colours.

import { hexToRgb, rgbToLab } from "./color.js";
import { $, el } from "./dom.js";
import { PRESETS } from "./presettable.js";
import { roundAb } from "./sampler.js";
import { note, recall } from "./storage.js";

const kind = $("#preset-kind");
const ITEMS = new Map(
  PRESETS.map(([what, colors]) => [
    what,
    colors.map(([name, hex, source]) => ({ name: `${what}, ${name}`, ab: roundAb(rgbToLab(hexToRgb(hex)).slice(1)), source })),
  ]),
);

kind.append(el("option", { value: "" }, "What is it?"), ...[...ITEMS.keys()].map((what) => el("option", { value: what }, what)));
kind.value = ITEMS.has(recall("sessionStorage", "preset")) ? recall("sessionStorage", "preset") : "";

/** The presets of the chosen kind of thing: {name, ab, source}. */
export const presets = () => ITEMS.get(kind.value) ?? [];

/** Hear when another kind of thing is chosen. */
export function onPresets(listener) {
  kind.addEventListener("change", () => {
    note("sessionStorage", "preset", kind.value);
    listener();
  });
}
