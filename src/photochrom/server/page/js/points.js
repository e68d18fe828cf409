// The marks on the stage, as buttons: dragged, moved by the arrow keys, opened by Enter, removed by Delete.

import { colorAt } from "./color.js";
import { $, announce, el, icon } from "./dom.js";
import { markWords } from "./markwords.js";
import * as marks from "./pointmarks.js";
import { closePicker, openPicker, pickedMark } from "./picker.js";
import { markAb, swatchLightness } from "./sampler.js";
import { formOf } from "./shapes.js";
import { edit, on, state } from "./store.js";
import { lightShape } from "./strokes.js";
import { onView, reveal, toPhoto, toStage, viewSize } from "./viewer.js";

const layer = $("#points");
const STILL = 4; // CSS pixels that a press may move without being a drag
let gesture = 0;
let drag = null;

on("select edit marks picture network", render);
onView(layout);

/** Put a mark at a place and open the picker for it; the returned function takes it back. */
export function placePoint(at, focus = false) {
  if (!at || !$(".layer-after img")) {
    closePicker();
    return null;
  }
  const id = marks.place(at);
  openPicker(id, { focus });
  return () => {
    closePicker();
    if (marks.findMark(id)) marks.removeMark(id);
  };
}

export function focusMark(id) {
  $(`[data-id="${id}"]`, layer)?.focus();
}

/** Light a mark and its shape up, or none. */
export function lightMark(id) {
  for (const button of layer.children) button.classList.toggle("lit", button.dataset.id === id);
  lightShape(id);
}

function render() {
  const all = state.selected ? marks.marks() : [];
  const old = new Map([...layer.children].map((button) => [button.dataset.id, button]));
  const numbers = { point: 0, protected: 0 };
  for (const mark of all) {
    const button = old.get(mark.id) ?? makeButton(mark.id);
    old.delete(mark.id);
    numbers[mark.kind] += 1;
    describe(button, mark, numbers[mark.kind]);
  }
  for (const button of old.values()) {
    if (button === document.activeElement) $("#stage").focus({ preventScroll: true });
    button.remove();
  }
  layout();
}

function describe(button, mark, number) {
  const where = `${Math.round(mark.x * 100)}% from the left, ${Math.round(mark.y * 100)}% from the top`;
  const lit = button.classList.contains("lit");
  button.className = `mark ${mark.kind} of-${formOf(mark)}`;
  button.classList.toggle("lit", lit);
  button.classList.toggle("none", mark.color === "none");
  button.classList.toggle("hidden-hint", !!mark.hidden);
  button.classList.toggle("picked", pickedMark() === mark.id);
  button.style.setProperty("--swatch", mark.kind === "protected" ? null : colorAt(swatchLightness(mark), markAb(mark)));
  button.setAttribute("aria-label", `${markWords(mark, number)}, ${where}`);
  if (mark.kind === "protected" && !button.firstChild) button.append(icon("shield"));
  button.dataset.x = mark.x;
  button.dataset.y = mark.y;
}

function layout() {
  layer.hidden = !viewSize().width;
  for (const button of layer.children) {
    const at = toStage(Number(button.dataset.x), Number(button.dataset.y));
    button.style.transform = `translate(${at.x}px, ${at.y}px)`;
  }
}

function makeButton(id) {
  const button = el("button", { type: "button", "data-id": id, "data-own-gestures": true });
  button.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    button.setPointerCapture(event.pointerId);
    drag = { id, x: event.clientX, y: event.clientY, moved: false, tag: `drag ${(gesture += 1)}` };
  });
  button.addEventListener("pointermove", (event) => {
    if (drag?.id !== id) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STILL;
    if (!drag.moved) return;
    const at = toPhoto(event.clientX, event.clientY);
    marks.move(id, at.x, at.y, { tag: drag.tag, live: true });
  });
  const end = () => {
    if (drag?.id === id && drag.moved && ["point", "protected"].includes(marks.findMark(id)?.kind)) {
      edit(state.selected, {}, { tag: drag.tag }); // the gesture's last word, which is not to wait for others
    }
    setTimeout(() => (drag = null)); // after the click, which must know that it ended a drag
  };
  button.addEventListener("pointerup", end);
  button.addEventListener("pointercancel", end);
  button.addEventListener("click", (event) => {
    if (!drag?.moved) openPicker(id, { focus: event.detail === 0 });
  });
  button.addEventListener("keydown", (event) => onKey(event, id));
  for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => lightShape(id));
  for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => lightShape(null));
  layer.append(button);
  return button;
}

function onKey(event, id) {
  const step = event.shiftKey ? 20 : 2; // CSS pixels
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  const mark = marks.findMark(id);
  if (!mark) return;
  if (by) {
    event.preventDefault();
    const from = toStage(mark.x, mark.y);
    const box = $("#stage").getBoundingClientRect();
    const at = toPhoto(from.x + by[0] + box.left, from.y + by[1] + box.top);
    marks.move(id, at.x, at.y, { tag: `keys ${id}`, timed: true });
    const now = marks.findMark(id);
    reveal(now.x, now.y);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    const next = event.currentTarget.nextElementSibling ?? event.currentTarget.previousElementSibling;
    if (pickedMark() === id) closePicker();
    marks.removeMark(id);
    (next?.isConnected ? next : $("#stage")).focus();
    announce(mark.kind === "protected" ? "Protected region removed" : "Colour point removed");
  }
}
