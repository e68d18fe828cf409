// The film strip: every photo with its progress and errors.

import { $, $$, el, icon } from "./dom.js";
import { take } from "./removal.js";
import { on, select, state } from "./store.js";

const list = $("#frames");
const urls = new WeakMap(); // thumbnail blob -> object URL

on("photos", render);
on("status", ({ photo }) => update(photo));
on("select", () => {
  state.photos.forEach(update);
  frameOf(state.selected)?.scrollIntoView({ block: "nearest", inline: "nearest" });
});

const frameOf = (photo) => photo && $(`[data-key="${photo.key}"]`, list);

function render() {
  const old = new Map($$("[data-key]", list).map((frame) => [frame.dataset.key, frame]));
  const frames = state.photos.map((photo) => old.get(photo.key) ?? makeFrame(photo));
  list.replaceChildren(...frames);
  state.photos.forEach(update);
}

function makeFrame(photo) {
  const show = el("button", { type: "button", class: "frame", onclick: () => select(photo) });
  show.append(el("img", { alt: "" }), el("span", { class: "bar" }), icon("triangle-alert"));
  const remove = el("button", { type: "button", class: "frame-remove", "aria-label": `Remove ${photo.name}`, title: "Remove", onclick: () => takeAndGoOn(photo) }, icon("x"));
  return el("li", { "data-key": photo.key }, show, remove);
}

function update(photo) {
  const frame = frameOf(photo);
  if (!frame) return;
  const show = $(".frame", frame);
  const image = $("img", show);
  if (photo.thumb) {
    if (!urls.has(photo.thumb)) urls.set(photo.thumb, URL.createObjectURL(photo.thumb));
    const url = urls.get(photo.thumb);
    if (image.src !== url) {
      const old = image.src;
      image.src = url;
      if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    }
  }
  show.dataset.status = photo.status;
  show.dataset.sending = !!photo.sending;
  show.style.setProperty("--progress", photo.sending ? photo.progress : 1);
  show.setAttribute("aria-current", photo === state.selected ? "true" : "false");
  show.setAttribute("aria-label", `${photo.name}: ${statusWords(photo)}`);
  show.title = photo.error ? `${photo.name}: ${photo.error}` : photo.name;
}

export const percent = (photo) => `${Math.round(photo.progress * 100)}%`;

/** Where a photo is on its way, in words. */
export function statusWords(photo) {
  const words = { waiting: "waiting for its turn", colouring: "finding its colours", ready: "ready", error: photo.error };
  if (words[photo.status]) return words[photo.status];
  if (photo.slow) return "a slow line: a small copy goes first";
  return photo.tries > 1 ? `uploading again, try ${photo.tries}: ${percent(photo)}` : `uploading, ${percent(photo)}`;
}

function takeAndGoOn(photo) {
  take(photo);
  (frameOf(state.selected)?.firstElementChild ?? $("[data-choose]")).focus();
}

list.addEventListener("keydown", (event) => {
  const frames = $$(".frame", list);
  const at = frames.indexOf(document.activeElement);
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Delete" && at >= 0) takeAndGoOn(state.photos[at]);
  if (!by || at < 0) return;
  event.preventDefault();
  frames[Math.min(Math.max(at + by, 0), frames.length - 1)].focus();
});
