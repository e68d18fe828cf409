// "Make alike": the other photos of the strip take over the chosen one's colours, where they show the same.
//
// What a photo takes over are hints in its edit beside its own points (`taken`), which hold over them.

import * as api from "./api.js";
import { $ } from "./dom.js";
import { optionsOf, withPhoto } from "./remote.js";
import { edit, on, state } from "./store.js";
import { toast } from "./toast.js";

const button = $("#alike");
const label = button.querySelector("span");
let asking = null; // while it goes on

on("photos select status", show);
button.addEventListener("click", () => (asking ? asking.abort() : makeAlike(state.selected)));

function show() {
  button.parentElement.hidden = !asking && (state.photos.length < 2 || !state.selected);
}

async function makeAlike(photo) {
  const { signal } = (asking = new AbortController());
  const others = state.photos.filter((other) => other !== photo && other.status !== "error");
  const before = new Map(); // of those that were made alike: what they had taken over
  const problems = [];
  let stopped = false;
  for (const [done, other] of others.entries()) {
    label.textContent = `Stop (${done} of ${others.length})`;
    try {
      const { hints } = await takenFrom(photo, other, signal);
      if (!hints.length || !state.photos.includes(other)) continue;
      before.set(other, other.history.edit.taken ?? []);
      edit(other, { taken: hints });
    } catch (error) {
      stopped = error.name === "AbortError";
      if (stopped) break;
      problems.push(error.message);
      if (error.code === "photo-lost") break; // most likely the chosen photo's own
    }
  }
  asking = null;
  label.textContent = "Make the others alike";
  show();
  tell(photo, { count: others.length, stopped, before, problems });
}

const takenFrom = (photo, other, signal) =>
  withPhoto(photo, (source) => withPhoto(other, (id) => ask(photo, source, other, id, signal), signal), signal);

const ask = (photo, source, other, id, signal) =>
  api.alike(id, { like: [{ id: source, options: optionsOf(photo) }], options: optionsOf(other) }, signal);

function tell(photo, { count, stopped, before, problems }) {
  if (problems.length) toast(problems[0], { bad: true });
  if (!before.size) {
    if (!problems.length && !stopped) toast(`No other photo surely shows the same as ${photo.name}.`);
    return;
  }
  const run = () => before.forEach((taken, other) => state.photos.includes(other) && edit(other, { taken }));
  const all = count === 1 ? "The other photo was" : "All others were";
  const words = before.size === count ? all : `${before.size} of ${count} others ${before.size > 1 ? "were" : "was"}`;
  toast(`${words} made alike to ${photo.name}.`, { action: { label: "Undo", run } });
}

show();
