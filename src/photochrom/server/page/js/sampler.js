// The colours of single places, read from the pictures on the stage.

import { colorAb, rgbToLab } from "./color.js";
import { $, clamp } from "./dom.js";

const SIDE = 5; // pixels of the square that is averaged, for grain

const canvas = new OffscreenCanvas(SIDE, SIDE);
const context = canvas.getContext("2d", { willReadFrequently: true });

/** [L, a, b] at a place of the picture "before" or "after"; null while there is none. */
export function labAt(name, x, y) {
  const image = $(`.layer-${name} img`);
  if (!image?.naturalWidth) return null;
  const left = clamp(Math.round(x * image.naturalWidth - SIDE / 2), 0, Math.max(image.naturalWidth - SIDE, 0));
  const top = clamp(Math.round(y * image.naturalHeight - SIDE / 2), 0, Math.max(image.naturalHeight - SIDE, 0));
  context.clearRect(0, 0, SIDE, SIDE);
  context.drawImage(image, left, top, SIDE, SIDE, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const sum = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue; // beyond the picture, or transparent
    rgbToLab([data[i] / 255, data[i + 1] / 255, data[i + 2] / 255]).forEach((value, c) => (sum[c] += value));
    count += 1;
  }
  return count ? sum.map((value) => value / count) : null;
}

/** The photo's own lightness at a place, 0..100. */
export const lightnessAt = (x, y) => labAt("before", x, y)?.[0] ?? 50;

/** [a, b] that the picture has at a place now. */
export const currentAb = (x, y) => roundAb(labAt("after", x, y)?.slice(1) ?? [0, 0]);

export const roundAb = (ab) => ab.map((value) => Math.round(value * 100) / 100);

/** The lightness at which a point's swatch is painted: near black and white no colour could be told. */
export const swatchLightness = (mark) => clamp(lightnessAt(mark.x, mark.y), 35, 80);

export const markAb = (mark) => colorAb(mark.color);
