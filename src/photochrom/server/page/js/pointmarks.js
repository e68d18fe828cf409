// The colour points of the chosen photo, and its ghosts: marks that become points only when a colour is chosen.
//
// A ghost is a "draft", which a click has placed, or a "question", which the network would like to have answered.

import { clamp } from "./dom.js";
import { asHints } from "./remote.js";
import { currentAb } from "./sampler.js";
import { edit, emit, on, state } from "./store.js";

let ghosts = [];
let serial = 0;

on("select network", () => clearGhosts());
on("photos", () => !state.selected && clearGhosts());

export const newId = () => `p${Date.now().toString(36)}${(serial += 1)}`;
const points = () => state.selected?.history.edit.points ?? [];

/** Points first, then ghosts: {id, x, y, color, kind}. */
export const marks = () => [...points().map((point) => ({ ...point, kind: "point" })), ...ghosts];

export const findMark = (id) => marks().find((mark) => mark.id === id);
export const questions = () => ghosts.filter((ghost) => ghost.kind === "question");

/** Place a draft with the colour that is there now. */
export function place(at) {
  const [x, y] = [fraction(at.x), fraction(at.y)];
  ghosts = [...ghosts.filter((ghost) => ghost.kind !== "draft"), { id: newId(), x, y, color: currentAb(x, y), kind: "draft" }];
  emit("marks");
  return ghosts.at(-1).id;
}

export function ask(hints) {
  ghosts = hints.map((hint) => ({ id: newId(), ...hint, kind: "question" }));
  emit("marks");
}

/** Give a mark a colour; a ghost becomes a point by it. */
export function setColor(id, color, how = {}) {
  const ghost = ghosts.find((one) => one.id === id);
  ghosts = ghosts.filter((one) => one !== ghost);
  const changed = ghost
    ? [...points(), { id, x: ghost.x, y: ghost.y, color }]
    : points().map((point) => (point.id === id ? { ...point, color } : point));
  edit(state.selected, { points: changed }, how);
  emit("marks");
}

export const keep = (id) => setColor(id, findMark(id).color);

export function move(id, x, y, how = {}) {
  const to = { x: fraction(x), y: fraction(y) };
  const ghost = ghosts.find((one) => one.id === id);
  if (ghost) {
    const color = ghost.kind === "draft" ? currentAb(to.x, to.y) : ghost.color;
    ghosts = ghosts.map((one) => (one === ghost ? { ...one, ...to, color } : one));
  } else {
    edit(state.selected, { points: points().map((point) => (point.id === id ? { ...point, ...to } : point)) }, how);
  }
  emit("marks");
}

export function removeMark(id) {
  const before = ghosts.length;
  ghosts = ghosts.filter((ghost) => ghost.id !== id);
  if (ghosts.length === before) edit(state.selected, { points: points().filter((point) => point.id !== id) });
  emit("marks");
}

export function clearGhosts(kind = null) {
  ghosts = kind ? ghosts.filter((ghost) => ghost.kind !== kind) : [];
  emit("marks");
}

/** Put other points in place of all, such as those of a file. */
export function setPoints(hints) {
  edit(state.selected, { points: asHints(hints).map((hint) => ({ id: newId(), ...hint })) });
  clearGhosts();
}

const fraction = (value) => Math.round(clamp(value, 0, 1) * 1e5) / 1e5;
