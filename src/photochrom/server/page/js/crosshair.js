// The keyboard's way over the stage: a crosshair that arrows move and Enter uses the tool at.

import { $, announce, clamp } from "./dom.js";
import { aim, pickFromPicture, takingColor } from "./eyedropper.js";
import { state } from "./store.js";
import { enterPlace, giveUp } from "./tools.js";
import { fit, onView, reveal, toPhoto, toStage, viewSize, zoom } from "./viewer.js";

const stage = $("#stage");
const cross = $("#crosshair");
const at = { x: 0.5, y: 0.5 };

const byKeyboard = () => stage.matches(":focus-visible") && viewSize().width > 0;

function show() {
  cross.hidden = !byKeyboard();
  const { x, y } = toStage(at.x, at.y);
  cross.style.transform = `translate(${x}px, ${y}px)`;
}

stage.addEventListener("focus", show);
stage.addEventListener("blur", show);
onView(show);

stage.addEventListener("keydown", (event) => {
  if (event.target !== stage || !state.selected || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.shiftKey ? 50 : 8; // CSS pixels
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (by) {
    const from = toStage(at.x, at.y);
    const box = stage.getBoundingClientRect();
    const to = toPhoto(from.x + by[0] + box.left, from.y + by[1] + box.top);
    Object.assign(at, { x: clamp(to.x, 0, 1), y: clamp(to.y, 0, 1) });
    reveal(at.x, at.y);
    show();
    aim(at);
  } else if (event.key === "Enter" || event.key === " ") {
    if (takingColor()) pickFromPicture(at);
    else if (enterPlace({ ...at })) announce("Placed; choose its colour");
  } else if (event.key !== "Escape" || !giveUp()) return;
  event.preventDefault();
});

// Zooming works wherever the focus is, except where the keys mean something else.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.selected) return;
  if (event.target.closest("input, textarea, select, dialog, [role=slider]")) return;
  if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});
