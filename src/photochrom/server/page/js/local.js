// What the browser makes of a photo's file by itself, before anything of it was sent; for kinds that it can read.

import { fileOf } from "./persistence.js";

const LARGE = 40e6; // bytes; what is larger is not decoded here
const THUMB = 200; // pixels of the longer side

/** Decode a photo's file: an upright bitmap that the caller closes, or null where the browser cannot. */
async function decode(photo) {
  const file = await fileOf(photo);
  if (!file || file.size > LARGE) return null;
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null; // a TIFF, say: the server makes its pictures
  }
}

/** The photo as it is: {width, height, alpha, before, thumb}, the last two as files, `before` of at most `edge` pixels. */
export async function localPictures(photo, edge) {
  const bitmap = await decode(photo);
  if (!bitmap) return null;
  const { width, height } = bitmap;
  const alpha = hasAlpha(bitmap);
  const before = await shrink(bitmap, edge, alpha ? "image/webp" : "image/jpeg", 0.9);
  const thumb = await shrink(bitmap, THUMB, "image/webp", 0.8);
  bitmap.close();
  return { width, height, alpha, before, thumb };
}

/** A small JPEG of the photo, to be sent ahead of it; null where there is none, or where JPEG would lose something. */
export async function smallCopy(photo, edge) {
  const bitmap = await decode(photo);
  if (!bitmap) return null;
  const copy = Math.max(bitmap.width, bitmap.height) > edge && !hasAlpha(bitmap) && (await shrink(bitmap, edge, "image/jpeg", 0.85));
  bitmap.close();
  return copy || null;
}

/** A small copy of a picture, for the film strip. */
export async function thumbnail(blob) {
  const bitmap = await createImageBitmap(blob);
  const thumb = await shrink(bitmap, THUMB, "image/webp", 0.8);
  bitmap.close();
  return thumb;
}

async function shrink(bitmap, edge, type, quality) {
  const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type, quality });
}

/** Whether a picture is anywhere transparent. */
export function hasAlpha(bitmap) {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, 64, 64);
  const { data } = context.getImageData(0, 0, 64, 64);
  return data.some((value, i) => i % 4 === 3 && value < 255);
}
