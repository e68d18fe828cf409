// Colours taken from elsewhere: from the picture on the stage, or from anywhere on the screen where browsers can.

import { hexToRgb, rgbToLab } from "./color.js";
import { $, announce } from "./dom.js";
import { currentAb, roundAb } from "./sampler.js";

let take = null; // what to do with the colour of the next click on the picture

export const takingColor = () => take !== null;
export const canPickFromScreen = () => "EyeDropper" in window;

/** Take the next place that is clicked on the picture as a colour instead of as a point. */
export function startTaking(then) {
  take = then;
  $("#stage").classList.add("taking");
  announce("Choose a place on the picture to take its colour; Escape stops");
}

export function stopTaking() {
  take = null;
  $("#stage").classList.remove("taking");
}

export function pickFromPicture({ x, y }) {
  const then = take;
  stopTaking();
  then?.(currentAb(x, y));
}

/** [a, b] of a pixel anywhere on the screen, or null where the user gave up. */
export async function pickFromScreen() {
  try {
    const { sRGBHex } = await new window.EyeDropper().open();
    return roundAb(rgbToLab(hexToRgb(sRGBHex)).slice(1));
  } catch {
    return null;
  }
}
