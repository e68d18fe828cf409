// How photos come in: chosen, dropped (folders too), pasted, or an example; and how they are made ready one by one.

import * as api from "./api.js";
import { $, $$, announce } from "./dom.js";
import { isPicking } from "./picker.js";
import { loadPoints } from "./pointsfile.js";
import { localPictures } from "./local.js";
import { colourThumbnail, fail, isWithdrawn, pictureOf, refresh } from "./preview.js";
import { claimed, isProject, onBring, openProject } from "./project.js";
import { addPhoto, on, select, setStatus, state } from "./store.js";
import { toast } from "./toast.js";

const AT_ONCE = 2; // photos that are coloured for the film strip
const line = [];
let going = 0;
let last = null; // the photo that was chosen before
let candidates = []; // photos that came together, while the page chooses which of them to show

export function startIntake() {
  onBring(addFiles);
  const chooser = $("#chooser");
  for (const button of $$("[data-choose]")) button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    addFiles([...chooser.files]);
    chooser.value = "";
  });
  for (const button of $$("[data-example]")) button.addEventListener("click", () => addExample(button));
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    addFiles(files);
  });
  startDropping();
  on("select", ({ photo }) => {
    if (!candidates.includes(photo)) candidates = [];
    leave(photo);
  });
  on("status", passOver);
  $("#frames").addEventListener("click", () => (candidates = []), { capture: true }); // now the user chooses
}

/** Bring photos to the page; the first that can be read is shown, unless the user is at work on another. */
export async function addFiles(files) {
  const others = files.filter((file) => /\.(json|zip)$/i.test(file.name));
  const photos = files.filter((file) => !others.includes(file));
  const claims = await claimed(photos);
  const added = photos.map((file, at) => addPhoto(file, file.name || "pasted.png", claims[at]?.order));
  if (added.length) {
    claims.forEach((claim, at) => claim?.apply(added[at]));
    const words = added.length === 1 ? `${added[0].name} added` : `${added.length} photos added`;
    if (state.selected && (isPicking() || $("dialog[open]"))) {
      toast(`${words}; you will find ${added.length === 1 ? "it" : "them"} below.`);
    } else {
      announce(words);
      select(added[0]);
      candidates = added;
    }
    for (const photo of added) enqueue(photo);
  }
  for (const file of others) {
    if (await isProject(file)) await openProject(file);
    else await loadPoints(file); // of the photo that came with them
  }
}

/** A file that cannot be read does not stand before those that came with it. */
function passOver({ photo, changes }) {
  if (changes?.status !== "error" || photo !== state.selected || !candidates.includes(photo)) return;
  const next = candidates.find((other) => state.photos.includes(other) && other.status !== "error");
  if (!next || pictureOf(photo).after) return;
  toast(photo.error, { bad: true });
  select(next);
  candidates = candidates.filter((other) => other !== photo);
}

/** Make the photos ready that were not when the tab closed. */
export function resume() {
  for (const photo of state.photos) {
    if (photo.error) continue;
    if (photo.remote && photo.thumb) setStatus(photo, { status: "ready" });
    else if (photo !== state.selected && !isWithdrawn(photo)) enqueue(photo);
  }
}

export function retry(photo) {
  setStatus(photo, { status: "waiting", error: null });
  if (photo === state.selected) refresh(photo);
  else enqueue(photo);
}

function enqueue(photo) {
  line.push(photo);
  next();
}

async function next() {
  if (going >= AT_ONCE || !line.length) return;
  going += 1;
  const photo = line.shift();
  try {
    if (state.photos.includes(photo)) await prepare(photo);
  } catch (error) {
    fail(photo, error);
  }
  going -= 1;
  next();
}

async function prepare(photo) {
  await localThumbnail(photo);
  if (photo !== state.selected) await colourThumbnail(photo); // the stage sees to the one that it shows
}

/** Show the photo in the strip before anything was uploaded, where the browser can read its kind. */
async function localThumbnail(photo) {
  if (photo.thumb || photo === state.selected) return; // the stage makes that of the one that it shows
  const local = await localPictures(photo, 1);
  if (local && !photo.thumb) setStatus(photo, { thumb: local.thumb });
}

/** A photo that is left before its picture was there, or had followed the last edit, is made ready in the strip. */
function leave(photo) {
  const left = last;
  last = photo;
  if (!left || left === photo || left.status === "error" || !state.photos.includes(left)) return;
  if (left.status !== "ready" || pictureOf(left).version !== left.history.edit) enqueue(left);
}

async function addExample(button) {
  const path = button.dataset.example;
  try {
    const blob = await api.example(path);
    addFiles([new File([blob], path.split("/").pop(), { type: blob.type })]);
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

function startDropping() {
  let depth = 0; // enter and leave come for every element on the way
  const over = (by) => {
    depth = by === 0 ? 0 : depth + by;
    document.body.classList.toggle("dropping", depth > 0);
  };
  const files = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => files(event) && over(1));
  window.addEventListener("dragleave", (event) => files(event) && over(-1));
  window.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  window.addEventListener("drop", async (event) => {
    if (!files(event)) return;
    const taken = event.defaultPrevented; // as a reference
    event.preventDefault();
    over(0);
    if (taken) return;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    addFiles(entries.some((entry) => entry.isDirectory) ? await filesWithin(entries) : [...event.dataTransfer.files]);
  });
}

async function filesWithin(entries) {
  try {
    const found = await walk(entries);
    if (!found.length) toast("No photos are in there.", { bad: true });
    return found;
  } catch (error) {
    console.info(error);
    toast("This folder cannot be read; choose its photos instead.", { bad: true });
    return [];
  }
}

/** All photos in dropped folders; other files that lie there are of no concern. */
async function walk(entries) {
  const found = [];
  for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      if (isPhoto(file)) found.push(file);
    } else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // 100 at a time
        if (!some.length) break;
        found.push(...(await walk(some)));
      }
    }
  }
  return found;
}

/** Whether a file is a photo by its kind; of raws and others that browsers do not know, by its ending. */
function isPhoto({ name, type }) {
  const endings = $("#chooser").accept.split(",").filter((kind) => kind.startsWith("."));
  return type.startsWith("image/") || endings.some((ending) => name.toLowerCase().endsWith(ending));
}
