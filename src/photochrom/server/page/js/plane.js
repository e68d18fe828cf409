// The plane of a and b at one lightness, painted only where sRGB has a colour; dragged, or moved by the arrow keys.

import { gamutScale, inGamut, labToLinear, linearToSrgb } from "./color.js";
import { colorName } from "./colornames.js";
import { clamp } from "./dom.js";

const EDGE = 6; // CSS pixels around the colours
const CURVE = Uint8ClampedArray.from({ length: 4097 }, (_, i) => Math.round(linearToSrgb(i / 4096) * 255));

/** Make `area` (with a canvas and a .knob inside) choose colours; `pick(ab, done)` hears of each. */
export function makePlane(area, pick) {
  const canvas = area.querySelector("canvas");
  const knob = area.querySelector(".knob");
  let shown = { lightness: null, width: 0, height: 0 };
  let frame = null; // {a, b: of the middle, unit: CSS pixels of a unit}
  let ab = [0, 0];
  let refining = 0;

  function show(lightness, color) {
    ab = color;
    const { clientWidth: width, clientHeight: height } = area;
    const same = Math.abs(lightness - shown.lightness) < 0.5 && width === shown.width && height === shown.height;
    if (width && (!same || !frame)) {
      shown = { lightness, width, height };
      frame = frameOf(lightness, width - 2 * EDGE, height - 2 * EDGE);
      paint(canvas, lightness, frame, width, height, 1);
      clearTimeout(refining); // while a point is dragged from light to dark, the plane must keep pace
      refining = setTimeout(paint, 150, canvas, lightness, frame, width, height, 2);
    }
    if (!frame) return;
    const [x, y] = [(ab[0] - frame.a) * frame.unit + width / 2, (frame.b - ab[1]) * frame.unit + height / 2];
    knob.style.transform = `translate(${clamp(x, 0, width)}px, ${clamp(y, 0, height)}px)`;
    area.setAttribute("aria-valuenow", Math.round(ab[0]));
    area.setAttribute("aria-valuetext", `${colorName(lightness, ab)}; a ${Math.round(ab[0])}, b ${Math.round(ab[1])}`);
  }

  function choose(a, b, done) {
    const scale = gamutScale(shown.lightness, a, b);
    pick([a * scale, b * scale], done);
  }

  function fromPointer(event, done) {
    const box = area.getBoundingClientRect();
    const x = event.clientX - box.left - box.width / 2;
    const y = event.clientY - box.top - box.height / 2;
    choose(frame.a + x / frame.unit, frame.b - y / frame.unit, done);
  }

  let held = false;
  area.addEventListener("pointerdown", (event) => {
    area.setPointerCapture(event.pointerId);
    held = true;
    fromPointer(event, false);
  });
  area.addEventListener("pointermove", (event) => held && fromPointer(event, false));
  area.addEventListener("pointerup", (event) => {
    if (held) fromPointer(event, true);
    held = false;
  });
  area.addEventListener("pointercancel", () => (held = false));
  area.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 2;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (!by) return;
    event.preventDefault();
    choose(ab[0] + by[0], ab[1] + by[1], "keys");
  });
  return show;
}

/** The middle and the scale at which all colours of a lightness fit into width×height. */
function frameOf(lightness, width, height) {
  const box = [0, 0, 0, 0];
  for (let degree = 0; degree < 360; degree += 3) {
    const [a, b] = [150 * Math.cos((degree * Math.PI) / 180), 150 * Math.sin((degree * Math.PI) / 180)];
    const scale = gamutScale(lightness, a, b);
    box[0] = Math.min(box[0], a * scale);
    box[1] = Math.max(box[1], a * scale);
    box[2] = Math.min(box[2], b * scale);
    box[3] = Math.max(box[3], b * scale);
  }
  const unit = Math.min(width / Math.max(box[1] - box[0], 8), height / Math.max(box[3] - box[2], 8));
  return { a: (box[0] + box[1]) / 2, b: (box[2] + box[3]) / 2, unit };
}

/** Paint with `sharp` pixels of the canvas for a CSS pixel; with 2 the border is smooth. */
function paint(canvas, lightness, frame, width, height, sharp) {
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let row = 0, at = 0; row < canvas.height; row += 1) {
    const b = frame.b - ((row + 0.5) / sharp - height / 2) / frame.unit;
    for (let column = 0; column < canvas.width; column += 1, at += 4) {
      const a = frame.a + ((column + 0.5) / sharp - width / 2) / frame.unit;
      const linear = labToLinear(lightness, a, b);
      if (!inGamut(linear)) continue;
      for (let c = 0; c < 3; c += 1) image.data[at + c] = CURVE[Math.round(clamp(linear[c], 0, 1) * 4096)];
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}
