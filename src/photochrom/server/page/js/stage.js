// What the stage shows of the chosen photo: its pictures, how far it is, and what is wrong with it.

import { bestPictures } from "./detail.js";
import { develop } from "./divider.js";
import { $ } from "./dom.js";
import { retry } from "./intake.js";
import { isBusy, isWithdrawn, refresh } from "./preview.js";
import { on, state } from "./store.js";
import { take } from "./removal.js";
import { withdraw } from "./remote.js";
import { toast } from "./toast.js";
import { percent, statusWords } from "./strip.js";
import { setLayer, setSize } from "./viewer.js";
import { kindName } from "./units.js";

const seen = new WeakSet(); // photos whose colour has come into view once
let thumb = null; // {photo, blob, url} that stands in until there is a picture

on("select", () => {
  setLayer("after", null);
  setLayer("before", null);
  const photo = state.selected;
  document.body.classList.toggle("empty", !photo);
  const size = photo?.remote ?? photo?.size;
  setSize(size?.width ?? 0, size?.height ?? 0);
  if (photo && bestPictures(photo).after) seen.add(photo);
  show();
});
on("picture status busy", show);

function show() {
  const photo = state.selected;
  if (!photo) return;
  const { before, after } = bestPictures(photo);
  const size = photo.remote ?? photo.size;
  if (size) setSize(size.width, size.height, true);
  standIn(photo, before);
  if (before) setLayer("before", before);
  if (after) setLayer("after", after);
  $(".layer-before").hidden = !after && !before && !photo.thumb;
  if (after && !seen.has(photo)) {
    seen.add(photo);
    develop();
  }
  tell(photo, !!after);
}

/** Show the thumbnail, blurred, until there is more. */
async function standIn(photo, before) {
  if (thumb?.photo !== photo || thumb.blob !== photo.thumb) {
    if (thumb) URL.revokeObjectURL(thumb.url);
    thumb = photo.thumb && { photo, blob: photo.thumb, url: URL.createObjectURL(photo.thumb) };
  }
  $("#picture").classList.toggle("blurred", !before);
  $("#picture").classList.toggle("uncoloured", !bestPictures(photo).after);
  if (before || !thumb) return;
  if (!photo.remote && !photo.size) {
    const { width, height } = await createImageBitmap(thumb.blob);
    if (photo !== state.selected || photo.remote || photo.size) return;
    const grow = 800 / Math.max(width, height);
    setSize(width * grow, height * grow, true);
  }
  setLayer("before", thumb.url);
}

function tell(photo, shown) {
  const fatal = photo.status === "error" && !shown;
  $("#stage-failed").hidden = !fatal;
  $("#stage-alert").hidden = !(photo.status === "error" && shown);
  for (const words of document.querySelectorAll("[data-error]")) words.textContent = photo.error ?? "";
  const away = isWithdrawn(photo) && !isBusy() && photo.status !== "uploading";
  $("#stage-progress").hidden = shown || fatal || away;
  $("#stage-away").hidden = shown || !away;
  $("#remove-here").hidden = !photo.remote?.id;
  const words = statusWords(photo);
  $("#stage-progress-words").textContent = `${words[0].toUpperCase()}${words.slice(1)}…`;
  const bar = $("#stage-progress-bar");
  bar.style.setProperty("--progress", photo.status === "uploading" ? photo.progress : photo.remote ? 1 : 0);
  $("#stage").classList.toggle("failed", fatal);
  for (const tools of [".panel-scroll", ".bar-tools"]) $(tools).inert = fatal;
  $("#stage").setAttribute("aria-busy", isBusy());
  document.body.classList.toggle("busy", isBusy() && shown);
  $("#photo-name").textContent = photo.name;
  const { remote } = photo;
  const about = remote
    ? `${remote.width} × ${remote.height}, ${kindName(remote.format)}, ${remote.bits} bits`
    : fatal ? "" : statusWords(photo);
  const sending = photo.sending && shown ? `A slow line: the photo itself is on its way, ${percent(photo)}.` : "";
  $("#photo-about").textContent = remote || !sending ? about : sending;
  const notes = [...(remote?.notes ?? [])];
  if (remote && !remote.is_grey) notes.push("It has colours of its own; they are left aside, and only its light and dark are used.");
  $("#photo-notes").textContent = notes.join(" ");
}

for (const button of document.querySelectorAll("[data-retry]")) {
  button.addEventListener("click", () => retry(state.selected));
}
$("#send-again").addEventListener("click", () => refresh(state.selected));
$("#remove-here").addEventListener("click", async () => {
  const photo = state.selected;
  try {
    await withdraw(photo);
    toast(`The server has ${photo.name} no more. This browser keeps it, and sends it again if you work on it.`);
  } catch (error) {
    toast(error.message, { bad: true });
  }
});
$("#stage-failed-remove").addEventListener("click", () => take(state.selected));
