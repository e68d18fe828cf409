// Mouse, touch and pen on the stage: a click uses the tool, a drag draws with it, pans or moves the divider, two fingers
// zoom.

import { $ } from "./dom.js";
import { isFitted, pan, setSplit, splitNow, toPhoto, toggleZoom, visible, zoom } from "./viewer.js";

const STILL = 6; // CSS pixels that a click may move
const TWICE = 500; // ms between the two clicks of a double click

const stage = $("#stage");
const fingers = new Map(); // pointer id -> {x, y}
let began = null; // the gesture of one finger
let last = null; // the last click, to know a double one
let pinched = false;

/**
 * Say what a click and a drag on the photo do.
 *
 * `click({x, y})` returns a function that takes it back; `draw()` returns what follows a drag, {begin, add, end, cancel},
 * or null where a drag pans.
 */
export function startGestures(click, draw) {
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || event.target.closest("[data-own-gestures]")) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) {
      pinched = false;
      began = { x: event.clientX, y: event.clientY, split: splitNow(), moved: false, drawn: draw() };
    } else {
      if (began?.moved && !pinched) began.drawn?.cancel();
      pinched = true;
    }
  });

  stage.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const before = { ...finger };
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) return pinch(event.pointerId, before);
    if (pinched || !began) return undefined;
    const first = !began.moved;
    began.moved ||= Math.hypot(event.clientX - began.x, event.clientY - began.y) > STILL;
    if (!began.moved) return undefined;
    if (began.drawn) {
      if (first) began.drawn.begin(toPhoto(began.x, began.y));
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length ? steps : [event]) began.drawn.add(toPhoto(step.clientX, step.clientY));
      return undefined;
    }
    stage.classList.add("dragging");
    if (isFitted()) return setSplit(began.split + (event.clientX - began.x) / Math.max(visible().width, 1));
    return pan(finger.x - before.x, finger.y - before.y);
  });

  const end = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    stage.classList.remove("dragging");
    if (fingers.size || !began) return;
    const { moved, drawn } = began;
    began = null;
    if (moved && drawn && !pinched) return event.type === "pointerup" ? drawn.end(toPhoto(event.clientX, event.clientY)) : drawn.cancel();
    if (event.type === "pointerup" && !moved && !pinched) clicked(event, click);
    return undefined;
  };
  stage.addEventListener("pointerup", end);
  // The second half of a double click meets the point that the first has placed.
  stage.addEventListener("pointerup", (event) => event.target.closest(".draft") && isSecond(event) && zoomInstead(event));
  stage.addEventListener("pointercancel", end);

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      const step = event.deltaMode === 1 ? 16 : 1; // lines or pixels
      const speed = event.ctrlKey ? 0.01 : 0.002; // a pinch on a touchpad comes as a wheel with Ctrl
      zoom(Math.exp(-event.deltaY * step * speed), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
}

function clicked(event, click) {
  if (isSecond(event)) return zoomInstead(event);
  const at = toPhoto(event.clientX, event.clientY);
  const within = at.x >= 0 && at.x <= 1 && at.y >= 0 && at.y <= 1;
  const takeBack = click(within ? at : null);
  last = { x: event.clientX, y: event.clientY, time: event.timeStamp, takeBack };
  return undefined;
}

/** Whether a click makes a double one of the last; when it was made counts, however busy the page has been since. */
function isSecond({ timeStamp, clientX, clientY }) {
  return last && timeStamp - last.time < TWICE && Math.hypot(clientX - last.x, clientY - last.y) < 24;
}

/** A double click zooms, and the point that its first half placed goes. */
function zoomInstead(event) {
  last.takeBack?.();
  last = null;
  const box = stage.getBoundingClientRect();
  toggleZoom(event.clientX - box.left, event.clientY - box.top);
}

function pinch(moving, before) {
  const [still] = [...fingers].filter(([id]) => id !== moving).map(([, at]) => at);
  const now = fingers.get(moving);
  const span = (at) => Math.max(Math.hypot(at.x - still.x, at.y - still.y), 1);
  const box = stage.getBoundingClientRect();
  pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  zoom(span(now) / span(before), (now.x + still.x) / 2 - box.left, (now.y + still.y) / 2 - box.top);
}
