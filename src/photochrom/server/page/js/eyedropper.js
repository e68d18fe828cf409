// Places and colours taken from elsewhere: from the picture on the stage, under a loupe, or from anywhere on the screen
// where browsers can.

import { colorAt, hexToRgb, rgbToLab } from "./color.js";
import { colorName } from "./colornames.js";
import { $, announce, clamp } from "./dom.js";
import { currentAb, lightnessAt, roundAb } from "./sampler.js";
import { toPhoto, toStage } from "./viewer.js";

const PIXELS = 11; // of the picture that the loupe shows on a side
const WORDS = {
  color: "Choose the place whose colour to take",
  place: "Choose the place where it is to lie",
};
const stage = $("#stage");
const loupe = $("#loupe");
const context = $("canvas", loupe).getContext("2d");
let take = null; // what to do with the next place that is chosen on the picture
let what = "color";
let opener = null; // what gets the focus back

export const takingColor = () => take !== null;
export const canPickFromScreen = () => "EyeDropper" in window;

/**
 * Take the next place that is chosen on the picture, and its colour: `then(ab, at)`.
 *
 * `wanted` says whether it is for its "color" or for the "place"; `from` is the button that asked, where keys pressed it.
 */
export function startTaking(then, wanted = "color", from = null) {
  [take, what, opener] = [then, wanted, from];
  stage.classList.add("taking");
  $("#taking-words").textContent = WORDS[what];
  $("#taking").hidden = false;
  announce(`${WORDS[what]}; Escape stops`);
  if (from) stage.focus({ focusVisible: true });
}

export function stopTaking() {
  if (!take) return;
  take = null;
  stage.classList.remove("taking");
  $("#taking").hidden = true;
  loupe.hidden = true;
  opener?.focus();
  opener = null;
}

/** Show what lies at a place before it is chosen. */
export function aim({ x, y }) {
  const image = $(".layer-after img");
  loupe.hidden = !take || what !== "color" || !image || x < 0 || x > 1 || y < 0 || y > 1;
  if (loupe.hidden) return;
  const { width, height } = context.canvas;
  const half = PIXELS / 2;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, width, height);
  const [left, top] = [x * image.naturalWidth - half, y * image.naturalHeight - half];
  context.drawImage(image, left, top, PIXELS, PIXELS, 0, 0, width, height);
  const ab = currentAb(x, y);
  const lightness = lightnessAt(x, y);
  loupe.style.setProperty("--swatch", colorAt(lightness, ab));
  $("span", loupe).textContent = colorName(lightness, ab);
  const at = toStage(x, y);
  const above = at.y > loupe.offsetHeight + 40;
  const to = { x: clamp(at.x, loupe.offsetWidth / 2, stage.clientWidth - loupe.offsetWidth / 2), y: above ? at.y - loupe.offsetHeight - 24 : at.y + 32 };
  loupe.style.transform = `translate(${to.x - loupe.offsetWidth / 2}px, ${to.y}px)`;
}

export function pickFromPicture({ x, y }) {
  const then = take;
  stopTaking();
  then?.(currentAb(x, y), { x, y });
}

/** What a drag does meanwhile: the loupe follows the finger, and where it is lifted counts. */
export const takingDrag = () => ({ begin: aim, add: aim, end: pickFromPicture, cancel: () => (loupe.hidden = true) });

stage.addEventListener("pointermove", (event) => take && event.pointerType === "mouse" && aim(toPhoto(event.clientX, event.clientY)));
stage.addEventListener("pointerleave", () => (loupe.hidden = true));
$("#taking-stop").addEventListener("click", stopTaking);

/** [a, b] of a pixel anywhere on the screen, or null where the user gave up. */
export async function pickFromScreen() {
  try {
    const { sRGBHex } = await new window.EyeDropper().open();
    return roundAb(rgbToLab(hexToRgb(sRGBHex)).slice(1));
  } catch {
    return null;
  }
}
