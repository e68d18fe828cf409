// sRGB <-> CIELAB (D65, 2° observer): the formulas and constants of photochrom's color.py, for one colour at a time.
// sRGB is 0..1 here, lightness 0..100, a and b in CIELAB units.

const WHITE = [0.95047, 1.0, 1.08883];
const XYZ_FROM_RGB = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
];
// The white point is folded into both matrices: they map linear RGB to and from X/Xn, Y/Yn, Z/Zn.
const TO_XYZ = XYZ_FROM_RGB.map((row, i) => row.map((value) => value / WHITE[i]));
const FROM_XYZ = inverse(XYZ_FROM_RGB).map((row) => row.map((value, i) => value * WHITE[i]));
const DELTA = 6 / 29; // CIE 15:2004: f is a cube root above DELTA³ and a straight line below
const TOLERANCE = 1e-5; // linear light; far under half an 8-bit step

export function srgbToLinear(value) {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

export function linearToSrgb(value) {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

/** [r, g, b] 0..1 to [L, a, b]. */
export function rgbToLab(rgb) {
  const [x, y, z] = mix(TO_XYZ, rgb.map(srgbToLinear)).map(forward);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** [L, a, b] to linear light; colours that sRGB lacks come out below 0 or above 1. */
export function labToLinear(L, a, b) {
  const fy = (L + 16) / 116;
  return mix(FROM_XYZ, [backward(fy + a / 500), backward(fy), backward(fy - b / 200)]);
}

export function inGamut(linear) {
  return linear.every((value) => value >= -TOLERANCE && value <= 1 + TOLERANCE);
}

/** The share 0..1 of a colour's chroma that sRGB can show at the same lightness and hue. */
export function gamutScale(L, a, b) {
  if (inGamut(labToLinear(L, a, b))) return 1;
  if (L <= 1e-3 || L >= 99.99) return 0; // white paper has no room for chroma, nor has black
  let low = 0;
  let high = 1;
  for (let step = 0; step < 24; step += 1) {
    const middle = (low + high) / 2;
    if (inGamut(labToLinear(L, a * middle, b * middle))) low = middle;
    else high = middle;
  }
  return low;
}

/** [L, a, b] to [r, g, b] 0..1; what sRGB cannot show keeps lightness and hue and loses chroma until it fits. */
export function labToRgb(L, a, b) {
  const scale = gamutScale(L, a, b);
  return labToLinear(L, a * scale, b * scale).map((value) => linearToSrgb(Math.min(Math.max(value, 0), 1)));
}

export function rgbToHex(rgb) {
  const bytes = rgb.map((value) => Math.round(Math.min(Math.max(value, 0), 1) * 255));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** "#rrggbb", "rrggbb" or "#rgb" to [r, g, b] 0..1, or null where it is none of them. */
export function hexToRgb(text) {
  let digits = text.trim().replace(/^#/, "");
  if (/^[0-9a-f]{3}$/i.test(digits)) digits = [...digits].map((digit) => digit + digit).join("");
  if (!/^[0-9a-f]{6}$/i.test(digits)) return null;
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) / 255);
}

/** A hint's colour, "#rrggbb", "none" or [a, b], as [a, b]. */
export function colorAb(color) {
  if (color === "none") return [0, 0];
  return typeof color === "string" ? rgbToLab(hexToRgb(color)).slice(1) : color;
}

/** How a colour looks at a lightness, as "#rrggbb". */
export function colorAt(L, [a, b]) {
  return rgbToHex(labToRgb(L, a, b));
}

function forward(ratio) {
  return ratio > DELTA ** 3 ? Math.cbrt(ratio) : ratio / (3 * DELTA ** 2) + 4 / 29;
}

function backward(f) {
  return f > DELTA ? f ** 3 : (f - 4 / 29) * 3 * DELTA ** 2;
}

function mix(matrix, [x, y, z]) {
  return matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((value) => value / det));
}
