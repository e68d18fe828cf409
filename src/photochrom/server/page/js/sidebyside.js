// The photo before beside the one in colour: the same part of it, as large.

import { $ } from "./dom.js";
import { isBeside, onView, room, toStage } from "./viewer.js";

const pane = $("#beside");
const image = $("img", pane);

onView(() => {
  pane.hidden = !isBeside();
  const shown = $(".layer-before img");
  if (pane.hidden || !shown) return;
  if (image.src !== shown.src) image.src = shown.src;
  const { left, top, width, height } = room();
  Object.assign(pane.style, { width: `${left || width}px`, height: `${top || height}px` });
  const [begin, end] = [toStage(0, 0), toStage(1, 1)];
  image.style.transform = `translate(${begin.x - left}px, ${begin.y - top}px)`;
  Object.assign(image.style, { width: `${end.x - begin.x}px`, height: `${end.y - begin.y}px` });
});
