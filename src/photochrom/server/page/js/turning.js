// A window that is resized, or a phone that is turned, while the picker is open: its plane and its mark follow.

import { $ } from "./dom.js";
import { isPicking, pickedMark } from "./picker.js";
import { findMark } from "./pointmarks.js";
import { emit } from "./store.js";
import { reveal } from "./viewer.js";

new ResizeObserver(() => {
  if (!isPicking()) return;
  emit("marks"); // of which the picker draws itself anew
  const { x, y } = findMark(pickedMark());
  reveal(x, y);
}).observe($("#plane"));
