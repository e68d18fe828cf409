// Taking results home: one photo at full size, its sheet of before and after, or all photos as a zip.

import { aheadOf, make } from "./ahead.js";
import * as api from "./api.js";
import { $, saveFile } from "./dom.js";
import { fail } from "./preview.js";
import { withPhoto, optionsOf } from "./remote.js";
import { fullSize, resultName } from "./result.js";
import { on, state } from "./store.js";
import { toast } from "./toast.js";
import { kindName, megabytes } from "./units.js";

const format = $("#format");
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

export const download = () =>
  busy(one, async () => {
    const { file, notes } = await make();
    saveFile(file, file.name);
    tellNotes(notes);
  });
one.addEventListener("click", download);
aheadOf(one);

/** Say what a result could not hold of its photo. */
export const tellNotes = (notes) => notes.length && toast(notes.join(" "), { ms: 20_000 });

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
    const lost = photos.length - items.length;
    if (lost) toast(`${lost === 1 ? "1 photo is" : `${lost} photos are`} not in the zip file; the strip says why.`, { bad: true });
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
