// "Ask me": the network asks for the colours where an answer would help it most, one question after the other.

import * as api from "./api.js";
import { $, announce } from "./dom.js";
import * as marks from "./pointmarks.js";
import { closePicker, isPicking, openPicker } from "./picker.js";
import { fail } from "./preview.js";
import { withPhoto, optionsOf } from "./remote.js";
import { on, state } from "./store.js";

const QUESTIONS = 5;
const button = $("#ask");
const left = $("#questions");
let touring = false;
let count = 0;

button.addEventListener("click", start);
$("#ask-next").addEventListener("click", next);
$("#ask-stop").addEventListener("click", () => {
  touring = false;
  closePicker();
  marks.clearGhosts();
  button.focus();
});
on("answered", () => touring && next());
on("select network", () => (touring = false));
on("marks select", () => {
  const open = marks.questions().length;
  left.hidden = !open;
  $("#questions-left").textContent = open === 1 ? "1 question open" : `${open} questions open`;
  $("#picker-step").textContent = touring && count ? `Question ${Math.min(count - open + 1, count)} of ${count}` : "";
});

async function start() {
  const photo = state.selected;
  closePicker();
  button.setAttribute("aria-busy", "true");
  try {
    const { hints } = await withPhoto(photo, (id) => api.suggestions(id, { n: QUESTIONS, options: optionsOf(photo) }));
    if (photo !== state.selected) return;
    count = hints.length;
    touring = true;
    marks.ask(hints);
    announce(`${count} questions`);
    next();
  } catch (error) {
    fail(photo, error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function next() {
  const [question] = marks.questions();
  touring = !!question;
  if (!question) return isPicking() ? undefined : button.focus();
  openPicker(question.id, { focus: false });
  return $("#picker-keep").focus();
}
