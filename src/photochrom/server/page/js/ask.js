// "Ask me": the network asks for the colours where an answer would help it most, one question after the other.
//
// A round goes from its first question until it is ended, by X, Escape, "Dismiss" or the last answer; a question that
// is left open by a point of one's own waits for "Answer".

import * as api from "./api.js";
import { $, announce } from "./dom.js";
import * as marks from "./pointmarks.js";
import { closePicker, isPicking, openPicker, pickedMark } from "./picker.js";
import { fail } from "./preview.js";
import { withPhoto, optionsOf } from "./remote.js";
import { on, state } from "./store.js";
import { toast } from "./toast.js";

const QUESTIONS = 5;
const button = $("#ask");
const left = $("#questions");
let asked = 0; // questions of the round
let current = null; // the question that the picker is open for

button.addEventListener("click", start);
$("#ask-next").addEventListener("click", next);
$("#ask-stop").addEventListener("click", end);
on("answered", () => {
  if (!current) return; // a point of one's own was chosen
  current = null;
  next();
});
$("#picker-close").addEventListener("click", () => current && end());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && current && !isPicking()) end(); // the picker, which hears of it first, was closed by it
});
on("select network", () => (current = null));
on("marks select", show);

async function start() {
  const photo = state.selected;
  current = null; // so that closing the picker ends no round that is about to begin
  closePicker();
  button.setAttribute("aria-busy", "true");
  try {
    const { hints } = await withPhoto(photo, (id) => api.suggestions(id, { n: QUESTIONS, options: optionsOf(photo) }));
    if (photo !== state.selected) return;
    asked = hints.length;
    if (!asked) toast("There is nothing left that an answer would help with.");
    marks.ask(hints);
    announce(`${asked} questions`);
    next();
  } catch (error) {
    fail(photo, error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function next() {
  const [question] = marks.questions();
  if (!question) return end();
  current = question.id;
  openPicker(question.id, { focus: false });
  return $("#picker-keep").focus({ preventScroll: true });
}

/** End the round; what was answered stays. */
function end() {
  if (current && pickedMark() === current) closePicker();
  current = null;
  marks.clearGhosts("question");
  button.focus();
}

/** Say how many are open, and beside the picker which one it is of how many. */
function show() {
  const open = marks.questions().length;
  const picked = pickedMark();
  if (picked && picked !== current) current = marks.questions().some(({ id }) => id === picked) ? picked : null;
  // A question that got a colour is a point by now, and stays the same question until "Done".
  const waiting = open + (marks.findMark(picked)?.kind === "point" ? 1 : 0);
  left.hidden = !open;
  $("#questions-left").textContent = open === 1 ? "1 question open" : `${open} questions open`;
  $("#picker-step").textContent = picked && picked === current ? `Question ${asked - waiting + 1} of ${asked}` : "";
}
