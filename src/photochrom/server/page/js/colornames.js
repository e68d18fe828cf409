// Everyday names of colours, for labels and for people who cannot see them.
//
// The table is of the colour survey of 2010 (Randall Munroe, https://xkcd.com/color/rgb/, CC0), in which 220,000 people
// named colours; of its 949 names, those that people use when they speak of things in photos. Some names have a second
// middle: that of CSS (W3C, CSS Color Module Level 4), or of the ISCC-NBS blocks 55 and 58 (NBS Special Publication 440).
// Skin tones are those of the ColorChecker, "light skin" and "dark skin", and the sixth of the Monk Skin Tone Scale.

import { hexToRgb, labToRgb, rgbToLab } from "./color.js";

const TABLE = {
  black: "#000000", charcoal: "#343837", "dark grey": "#363737", grey: "#929591", "light grey": "#d8dcd6", white: "#ffffff",
  "slate grey": "#59656d", "warm grey": "#978a84", "greenish grey": "#96ae8d", silver: "#c5c9c7",
  brown: "#653700 #80461b #6f4e37", "dark brown": "#341c02", "light brown": "#ad8150", "reddish brown": "#7f2b0a", copper: "#b66325", caramel: "#af6f09",
  taupe: "#b9a281", tan: "#d1b26f #d2b48c", beige: "#e6daa6 #f5f5dc", sand: "#e2ca76", cream: "#ffffc2", khaki: "#aaa662 #c3b091",
  "light skin tone": "#c29682", "medium skin tone": "#a07e56", "dark skin tone": "#735244",
  olive: "#6e750e", "dark olive": "#373e02", "army green": "#4b5d16", sage: "#87ae73", "moss green": "#658b38", "grass green": "#3f9b0b",
  green: "#15b01a", "dark green": "#033500", "light green": "#96f97b", "forest green": "#06470c", mint: "#9ffeb0", "lime green": "#89fe05",
  teal: "#029386", "dark teal": "#014d4e", turquoise: "#06c2ac", cyan: "#00ffff",
  blue: "#0343df", "light blue": "#95d0fc", "sky blue": "#75bbfd", "steel blue": "#5a7d9a", "denim blue": "#3b638c", navy: "#01153e #000080", "dark blue": "#00035b", "pale blue": "#d0fefe", "grey blue": "#6b8ba4",
  purple: "#7e1e9c", "dark purple": "#35063e", violet: "#9a0eea", indigo: "#380282", lavender: "#c79fef #e6e6fa", mauve: "#ae7181", plum: "#580f41", magenta: "#c20078",
  pink: "#ff81c0", "light pink": "#ffd1df", "dusty pink": "#d58a94", salmon: "#ff796c", coral: "#fc5a50", peach: "#ffb07c",
  red: "#e50000", "dark red": "#840000", crimson: "#8c000f", burgundy: "#610023 #800020", "brick red": "#8f1402", rust: "#a83c09", terracotta: "#ca6641",
  orange: "#f97306", "dark orange": "#c65102", yellow: "#ffff14", "pale yellow": "#ffff84", mustard: "#ceb301", gold: "#dbb40c #ffd700", ochre: "#bf9005",
};
const NAMES = Object.entries(TABLE).flatMap(([name, middles]) =>
  middles.split(" ").map((hex) => [name, rgbToLab(hexToRgb(hex))]),
);
const COMMON = /^(?:grey|brown|blue|green|red|pink|purple|orange|yellow)$/; // of two alike, the commoner word

/** The everyday name of a colour: the nearest by CIE94; what sRGB cannot show at that lightness is named as it is shown. */
export function colorName(L, [a, b]) {
  const shown = rgbToLab(labToRgb(L, a, b));
  let [best, least] = ["", Infinity];
  for (const [name, lab] of NAMES) {
    const distance = apart(shown, lab) * (COMMON.test(name) ? 0.85 : 1);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** CIE94 (CIE 116-1995, graphic arts), for which the first colour is the standard; squared. */
function apart([L, a, b], [otherL, otherA, otherB]) {
  const [chroma, other] = [Math.hypot(a, b), Math.hypot(otherA, otherB)];
  const dC = chroma - other;
  const dH2 = Math.max((a - otherA) ** 2 + (b - otherB) ** 2 - dC ** 2, 0);
  return (L - otherL) ** 2 + (dC / (1 + 0.045 * chroma)) ** 2 + dH2 / (1 + 0.015 * chroma) ** 2;
}
