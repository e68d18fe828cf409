// The chosen photo's result at full size, made ahead while somebody points at the button that saves it: a click then saves
// it at once, and a drag finds a file, which browsers take only if it is there when the drag begins.

import { isSlowDown } from "./line.js";
import { fullSize, resultName, resultOf } from "./result.js";
import { chosenNetwork, on, state } from "./store.js";
import { suffixOf } from "./units.js";

const MEANT = 200; // ms that a mouse rests on the button of somebody who means it
let made = null; // {key, file, url, notes}
let making = null; // {key, controller, result: a promise, wanted: whether somebody waits for it}
let resting = 0;

const keyNow = () => JSON.stringify([state.selected?.key, state.selected?.history.edit, chosenNetwork()?.name, fullSize()]);

/** What is made of the photo as it is now: {file, url, notes}, or null while there is nothing. */
export const madeNow = () => (made?.key === keyNow() ? made : null);

/** Make it, for somebody who waits for it. */
export async function make() {
  if (madeNow()) return made;
  begin();
  making.wanted = true;
  return making.result;
}

function begin() {
  const key = keyNow();
  if (making?.key === key) return;
  giveUp();
  const mine = { key, controller: new AbortController(), wanted: false };
  mine.result = work(state.selected, key, mine.controller.signal).finally(() => making === mine && (making = null));
  mine.result.catch(() => {}); // told to whoever waits for it
  making = mine;
}

async function work(photo, key, signal) {
  const { blob, notes } = await resultOf(photo, fullSize(), signal);
  const file = new File([blob], `${resultName(photo)}.${suffixOf(blob)}`, { type: blob.type });
  forget();
  return (made = { key, file, url: URL.createObjectURL(file), notes });
}

function forget() {
  URL.revokeObjectURL(made?.url);
  made = null;
}

/** Stop what nobody waits for. */
function giveUp() {
  clearTimeout(resting);
  if (!making || making.wanted) return;
  making.controller.abort();
  making = null;
}

on("select", () => {
  forget();
  giveUp();
});

/** Make the result ahead while a mouse rests on `button`, or is pressed on it. */
export function aheadOf(button) {
  const ready = (event) => event.pointerType !== "touch" && !button.disabled && !madeNow();
  button.addEventListener("pointerenter", (event) => {
    clearTimeout(resting);
    if (ready(event) && !isSlowDown()) resting = setTimeout(() => state.selected?.status === "ready" && begin(), MEANT);
  });
  button.addEventListener("pointerdown", (event) => ready(event) && begin());
  button.addEventListener("pointerleave", giveUp);
}
