// A reference: a colour photo whose colours the chosen photo is moved towards, as strongly as is said. Of it only a
// palette is kept, with the photo's edit, so that undo, a reload and the download know of it as of the points.

import * as api from "./api.js";
import { $, announce } from "./dom.js";
import { thumbnail } from "./local.js";
import { ready } from "./remote.js";
import { edit, on, state } from "./store.js";
import { toast } from "./toast.js";

const place = $("#reference");
const chooser = $("#reference-file");
const button = $("#reference-choose");
const strength = $("#reference-strength");
let shown = null; // {thumb, url} of the chip's picture
let gesture = 0;

on("select edit network", show);

button.addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => {
  const [file] = chooser.files;
  chooser.value = "";
  if (file) takeReference(file);
});
place.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
place.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  if (!file || !state.selected || button.disabled) return;
  event.preventDefault(); // it is no photo to be coloured
  takeReference(file);
});
$("#reference-remove").addEventListener("click", () => {
  edit(state.selected, { reference: null, referenceStrength: 1 });
  announce("Reference removed");
  button.focus();
});
const slide = (live) =>
  state.selected && edit(state.selected, { referenceStrength: Number(strength.value) / 100 }, { tag: `reference ${gesture}`, live });
strength.addEventListener("input", () => slide(true));
strength.addEventListener("change", () => {
  slide(false);
  gesture += 1;
});

/** Have the server take a photo's colours, and move those of the chosen photo towards them. */
async function takeReference(file) {
  const photo = state.selected;
  button.setAttribute("aria-busy", "true");
  try {
    await ready();
    const { id } = await api.upload(file, file.name, {});
    try {
      const [{ palette }, thumb] = await Promise.all([api.palette(id), smallCopy(file, id)]);
      if (state.photos.includes(photo)) edit(photo, { reference: { name: file.name, palette, thumb }, referenceStrength: 1 });
    } finally {
      api.forget(id).catch(() => {});
    }
  } catch (error) {
    if (!(error instanceof api.Problem)) console.error(error);
    toast(error instanceof api.Problem ? error.message : `${file.name}: cannot be used here; try another photo.`, { bad: true });
  } finally {
    button.removeAttribute("aria-busy");
  }
}

async function smallCopy(file, id) {
  try {
    return await thumbnail(file);
  } catch {
    return thumbnail(await api.original(id, 200)); // of a kind that browsers do not read
  }
}

function show() {
  const { reference = null, referenceStrength = 1 } = state.selected?.history.edit ?? {};
  button.hidden = !!reference;
  for (const id of ["#reference-chip", "#reference-slide"]) $(id).hidden = !reference;
  if (!reference) return;
  if (shown?.thumb !== reference.thumb) {
    if (shown?.url) URL.revokeObjectURL(shown.url);
    shown = { thumb: reference.thumb, url: reference.thumb && URL.createObjectURL(reference.thumb) };
    $("#reference-image").hidden = !shown.url; // a project brings the colours alone
    if (shown.url) $("#reference-image").src = shown.url;
  }
  $("#reference-name").textContent = reference.name;
  const percent = Math.round(referenceStrength * 100);
  if (Number(strength.value) !== percent) strength.value = percent;
  strength.style.setProperty("--at", percent / 100);
  strength.disabled = button.disabled;
  $("#reference-value").textContent = `${percent}%`;
}
