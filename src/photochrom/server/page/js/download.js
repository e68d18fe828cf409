// Taking results home: one photo at full size, its sheet of before and after, or all photos as a zip.

import * as api from "./api.js";
import { $, saveFile } from "./dom.js";
import { fail } from "./preview.js";
import { withPhoto, optionsOf } from "./remote.js";
import { on, state } from "./store.js";
import { toast } from "./toast.js";
import { kindName, megabytes, stemOf, suffixOf } from "./units.js";

const format = $("#format");
const sheet = $("#sheet");
const one = $("#download");
const all = $("#download-all");

on("select status", () => {
  const photo = state.selected;
  one.disabled = photo?.status !== "ready";
  const own = photo?.remote ? ` (${kindName(photo.remote.format === "gif" ? "png" : photo.remote.format)})` : "";
  format.options[0].textContent = `As the photo${own}`;
});
on("photos status select", nameAll);

function nameAll() {
  all.hidden = state.photos.length < 2;
  if (all.getAttribute("aria-busy") === "true") return; // it tells how far it is
  all.lastChild.textContent = `Download all ${state.photos.filter((photo) => !photo.error).length} in a zip file`;
}

// A name longer than this is none that every disk and program takes.
export const resultName = (photo) => `${[...stemOf(photo.name)].slice(0, 120).join("")}-${sheet.checked ? "before-after" : "colour"}`;
export const fullSize = () => ({ format: format.value || null, side_by_side: sheet.checked });

/** The photo in colour, made of the photo itself: {blob, notes}. */
export const resultOf = (photo, more) =>
  withPhoto(photo, (id) => api.result(id, optionsOf(photo, more)), undefined, { whole: true });

export const download = () =>
  busy(one, async () => {
    const photo = state.selected;
    const { blob, notes } = await resultOf(photo, fullSize());
    saveFile(blob, `${resultName(photo)}.${suffixOf(blob)}`);
    if (notes.length) toast(notes.join(" "), { ms: 20_000 });
  });
one.addEventListener("click", download);

all.addEventListener("click", () =>
  busy(all, async () => {
    const photos = state.photos.filter((photo) => !photo.error);
    // Asked for first, while the browser still knows that the user clicked.
    const file = await chooseFile("photos-in-colour.zip");
    if (file === null) return;
    const items = [];
    for (const [number, photo] of photos.entries()) {
      all.lastChild.textContent = `Getting ready: ${number + 1} of ${photos.length}`;
      try {
        await withPhoto(photo, (id) => api.photo(id), undefined, { whole: true }); // uploads what the server has forgotten
        items.push({ id: photo.remote.id, name: resultName(photo), options: optionsOf(photo, fullSize()) });
      } catch (error) {
        fail(photo, error); // shown beside it; the others go on
      }
    }
    if (items.length) await save(await api.zip({ items }), file);
  }),
);

/** Where to write a zip as it comes: a file, undefined where browsers cannot, null where the user gave up. */
async function chooseFile(suggestedName) {
  if (!("showSaveFilePicker" in window)) return undefined;
  try {
    const types = [{ description: "Zip", accept: { "application/zip": [".zip"] } }];
    return await window.showSaveFilePicker({ suggestedName, types });
  } catch (error) {
    if (error.name === "AbortError") return null;
    return undefined;
  }
}

async function save(response, file) {
  let bytes = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      all.lastChild.textContent = `Saving… ${megabytes(bytes)}`;
      controller.enqueue(chunk);
    },
  });
  const counted = response.body.pipeThrough(counter);
  if (file) return counted.pipeTo(await file.createWritable());
  // The browser keeps large blobs on disk, not in memory.
  return saveFile(await new Response(counted).blob(), "photos-in-colour.zip");
}

async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.Problem)) console.error(error);
    const text = error instanceof api.Problem ? error.message : "The download broke off; try again.";
    toast(text, { bad: true });
  } finally {
    button.removeAttribute("aria-busy");
    nameAll();
  }
}
