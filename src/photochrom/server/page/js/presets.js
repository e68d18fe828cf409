// Colours that things often have, before the plane of the picker: what it is, and then which of its colours.

import { hexToRgb, rgbToLab } from "./color.js";
import { $, el } from "./dom.js";
import { roundAb } from "./sampler.js";
import { note, recall } from "./storage.js";
import { on, state } from "./store.js";

const kind = $("#preset-kind");
const items = new Map();
let loading = null;

kind.append(el("option", { value: "" }, "What is it?"));

// Nobody needs them before the first photo, and the page is to be there soon.
on("select", () => {
  if (state.selected) loading ??= import("./presettable.js").then(fill, () => (loading = null));
});

function fill({ PRESETS }) {
  for (const [what, colors] of PRESETS) {
    const toPreset = ([name, hex, source]) => ({ name: `${what}, ${name}`, ab: roundAb(rgbToLab(hexToRgb(hex)).slice(1)), source });
    items.set(what, colors.map(toPreset));
    kind.append(el("option", { value: what }, what));
  }
  const before = recall("sessionStorage", "preset");
  if (items.has(before)) {
    kind.value = before;
    kind.dispatchEvent(new Event("change"));
  }
}

/** The presets of the chosen kind of thing: {name, ab, source}. */
export const presets = () => items.get(kind.value) ?? [];

/** Hear when another kind of thing is chosen. */
export function onPresets(listener) {
  kind.addEventListener("change", () => {
    note("sessionStorage", "preset", kind.value);
    listener();
  });
}
