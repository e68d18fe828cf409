// Photos are taken away and put back: the last one until the next is taken away or the page ends, each for a while.

import { $$, announce } from "./dom.js";
import { forget } from "./remote.js";
import { on, removePhoto, select, state } from "./store.js";
import { toast } from "./toast.js";

const WHILE = 15_000; // ms
const buttons = $$("[data-put-back]");
const going = new Map(); // photos that the server still has, as they may come back -> what ends that
let last = null; // {photo, putBack}

/** Take a photo away; from the server too once its note is gone, or the page is. */
export function take(photo) {
  const restore = removePhoto(photo);
  const putBack = () => {
    going.delete(photo);
    if (last?.photo === photo) offer(null);
    restore();
  };
  offer(null);
  last = { photo, putBack };
  const end = toast(`${photo.name} removed.`, {
    ms: WHILE,
    action: { label: "Undo", run: putBack },
    gone: () => {
      letGo(photo);
      if (last?.photo === photo) offer(last);
    },
  });
  going.set(photo, end);
}

export async function takeAll() {
  select(null); // or each that is removed would bring the next one to the stage
  const photos = [...state.photos];
  photos.forEach(removePhoto);
  const forgotten = photos.map(letGo);
  for (const end of [...going.values()]) end();
  offer(null);
  const all = (await Promise.all(forgotten)).every(Boolean);
  if (all) toast("All photos are gone from this browser and from the server.");
  else toast("All photos are gone from this browser. The server did not remove all of them; it does so when their time is over.", { bad: true });
}

/** Have the server forget a photo that is not to come back; gives whether it has. */
function letGo(photo) {
  going.delete(photo);
  return forget(photo);
}

/** Show buttons that bring back what was taken away, or hide them. */
function offer(taken) {
  last = taken;
  for (const button of buttons) {
    button.hidden = !taken;
    button.setAttribute("aria-label", `Put back ${taken?.photo.name}`);
    button.title = `Put back ${taken?.photo.name}`;
  }
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    const { photo, putBack } = last;
    putBack();
    announce(`${photo.name} is back`);
  });
}

on("photos", ({ photo, foreign }) => {
  if (foreign && !state.photos.includes(photo)) toast(`${photo.name} was removed in another tab.`);
});
window.addEventListener("pagehide", () => [...going.keys()].forEach(letGo));
