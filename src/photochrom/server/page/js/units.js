// Numbers and kinds in words.

export function megabytes(bytes) {
  if (bytes < 1e5) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

export function duration(seconds) {
  const units = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const [unit, name] = units.find(([size]) => seconds >= size && seconds % size < size / 2) ?? [1, "second"];
  const count = Math.max(1, Math.round(seconds / unit));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** An error's parts as a sentence: what is wrong with what, and what to do where something can be done. */
export function sentence({ subject = null, problem, remedy = null }) {
  const statement = subject === null ? problem : `${subject}: ${problem}`;
  return remedy === null ? `${statement}.` : `${statement}; ${remedy}.`;
}

export const KINDS = { jpg: "JPEG", png: "PNG", webp: "WebP", tif: "TIFF", avif: "AVIF", heif: "HEIF", bmp: "BMP", gif: "GIF" };
const SUFFIXES = { "image/jpeg": "jpg", "image/tiff": "tif", "image/x-ms-bmp": "bmp" };

/** What a photo's kind, "jpg" or "jpeg", "tif" or "tiff", is called. */
export function kindName(format) {
  const short = { jpeg: "jpg", tiff: "tif" }[format] ?? format;
  return KINDS[short] ?? short.toUpperCase();
}

export const suffixOf = (blob) => SUFFIXES[blob.type] ?? blob.type.replace("image/", "");
export const stemOf = (name) => name.replace(/\.[^.]{1,5}$/, "") || "photo";
