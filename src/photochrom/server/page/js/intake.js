// How photos come in: chosen, dropped (folders too), pasted, or an example; and how they are made ready one by one.

import { $, $$, announce } from "./dom.js";
import { loadPoints } from "./pointsfile.js";
import { colourThumbnail, fail, pictureOf, refresh, thumbnail } from "./preview.js";
import { addPhoto, on, select, setStatus, state } from "./store.js";

const AT_ONCE = 2; // photos that are coloured for the film strip
const LARGE = 40e6; // bytes; what is larger is not decoded here only for a thumbnail
const line = [];
let going = 0;
let last = null; // the photo that was chosen before

export function startIntake() {
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
  on("select", ({ photo }) => leave(photo));
}

/** Bring photos to the page; the first of them is shown. */
export function addFiles(files) {
  const points = files.filter((file) => /\.json$/i.test(file.name));
  const added = files
    .filter((file) => !points.includes(file))
    .map((file) => addPhoto(file, file.name || "pasted.png"));
  if (added.length) {
    announce(added.length === 1 ? `${added[0].name} added` : `${added.length} photos added`);
    select(added[0]);
    for (const photo of added) enqueue(photo);
  }
  if (points.length) loadPoints(points[0]); // of the photo that came with them
}

/** Make the photos ready that were not when the tab closed. */
export function resume() {
  for (const photo of state.photos) {
    if (photo.error) continue;
    if (photo.remote && photo.thumb) setStatus(photo, { status: "ready" });
    else if (photo !== state.selected) enqueue(photo);
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
  if (photo.thumb || !photo.file || photo.file.size > LARGE) return;
  try {
    setStatus(photo, { thumb: await thumbnail(photo.file) });
  } catch {
    // A TIFF, say: the server makes its thumbnail.
  }
}

/** A photo that is left before its picture was there, or had followed the last edit, is made ready in the strip. */
function leave(photo) {
  const left = last;
  last = photo;
  if (!left || left === photo || left.status === "error" || !state.photos.includes(left)) return;
  if (left.status !== "ready" || pictureOf(left).version !== left.history.edit) enqueue(left);
}

async function addExample(button) {
  const response = await fetch(button.dataset.example);
  const blob = await response.blob();
  addFiles([new File([blob], button.dataset.example.split("/").pop(), { type: blob.type })]);
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
    addFiles(entries.some((entry) => entry.isDirectory) ? await walk(entries) : [...event.dataTransfer.files]);
  });
}

/** All photos in dropped folders; other files that lie there are of no concern. */
async function walk(entries) {
  const found = [];
  for (const entry of entries) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      if (file.type.startsWith("image/")) found.push(file);
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
