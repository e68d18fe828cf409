// The marks of the chosen photo: its hints, its protected regions, and ghosts: marks that become hints only when a
// colour is chosen.
//
// A ghost is a "draft", which a click or a stroke has placed, or a "question", which the network would like to have
// answered. Hints are points, strokes and areas, with a colour or "none", and may have a reach, a name, and be hidden.

import { asHints } from "./remote.js";
import { currentAb } from "./sampler.js";
import { anchorOf, movedTo, shapeOf } from "./shapes.js";
import { edit, emit, on, state } from "./store.js";

let ghosts = [];
let serial = 0;

on("select network", () => clearGhosts());
on("photos", () => !state.selected && clearGhosts());

export const newId = () => `p${Date.now().toString(36)}${(serial += 1)}`;
const points = () => state.selected?.history.edit.points ?? [];
const regions = () => state.selected?.history.edit.protected ?? [];

/** Hints first, then protected regions, then ghosts: each with its shape, the place x, y of its mark, and its kind. */
export const marks = () => [
  ...points().map((point) => asMark(point, "point")),
  ...regions().map((region) => asMark(region, "protected")),
  ...ghosts.map((ghost) => asMark(ghost, ghost.kind)),
];
const asMark = (one, kind) => ({ ...one, ...anchorOf(one), kind });

export const findMark = (id) => marks().find((mark) => mark.id === id);
export const questions = () => ghosts.filter((ghost) => ghost.kind === "question");

/** Place a draft with the colour that is there now. */
export const place = (at) => draft(movedTo(at, at.x, at.y));

/** The same of any shape. */
export function draft(shape) {
  const { x, y } = anchorOf(shape);
  ghosts = [...ghosts.filter((ghost) => ghost.kind !== "draft"), { id: newId(), ...shape, color: currentAb(x, y), kind: "draft" }];
  emit("marks");
  return ghosts.at(-1).id;
}

/** Say at once that a shape has this colour. */
export function addHint(shape, color) {
  const id = newId();
  edit(state.selected, { points: [...points(), { id, ...shape, color }] });
  emit("marks");
  return id;
}

/** Keep a shape from being changed by hints. */
export function protect(shape) {
  const id = newId();
  edit(state.selected, { protected: [...regions(), { id, ...shape }] });
  emit("marks");
  return id;
}

export function ask(hints) {
  ghosts = hints.map((hint) => ({ id: newId(), ...hint, kind: "question" }));
  emit("marks");
}

/** Give a mark a colour; a ghost becomes a hint by it. */
export function setColor(id, color, how = {}) {
  const ghost = ghosts.find((one) => one.id === id);
  if (!ghost) return change(id, { color }, how);
  ghosts = ghosts.filter((one) => one !== ghost);
  const { kind, ...hint } = ghost;
  edit(state.selected, { points: [...points(), { ...hint, color }] }, how);
  return emit("marks");
}

export const keep = (id) => setColor(id, findMark(id).color);

/** Change anything of a mark: its reach, its name, whether it is hidden, its shape. */
export function change(id, changes, how = {}) {
  const changed = (list) => list.map((one) => (one.id === id ? { ...one, ...changes } : one));
  if (ghosts.some((one) => one.id === id)) ghosts = changed(ghosts);
  else if (regions().some((one) => one.id === id)) edit(state.selected, { protected: changed(regions()) }, how);
  else edit(state.selected, { points: changed(points()) }, how);
  emit("marks");
}

export function move(id, x, y, how = {}) {
  const to = movedTo(findMark(id), x, y);
  const ghost = ghosts.find((one) => one.id === id);
  const { x: left, y: top } = anchorOf(to);
  change(id, ghost?.kind === "draft" ? { ...to, color: currentAb(left, top) } : to, how);
}

export function removeMark(id) {
  const without = (list) => list.filter((one) => one.id !== id);
  if (ghosts.some((one) => one.id === id)) ghosts = without(ghosts);
  else if (regions().some((one) => one.id === id)) edit(state.selected, { protected: without(regions()) });
  else edit(state.selected, { points: without(points()) });
  emit("marks");
}

export function clearGhosts(kind = null) {
  ghosts = kind ? ghosts.filter((ghost) => ghost.kind !== kind) : [];
  emit("marks");
}

/**
 * Put other hints in place of those that colour; what of them is the same keeps its name.
 *
 * Hidden hints and protected regions stay, unless `whole` says what regions there are then.
 */
export function setPoints(hints, whole = null) {
  const known = new Map(points().map((point) => [JSON.stringify(asHints([point])), point]));
  const made = hints.map((hint) => known.get(JSON.stringify(asHints([hint]))) ?? { id: newId(), ...asHints([hint])[0] });
  const hidden = whole ? [] : points().filter((point) => point.hidden);
  const kept = whole ? whole.map((region) => ({ id: newId(), ...shapeOf(region) })) : regions();
  edit(state.selected, { points: [...made, ...hidden], protected: kept });
  clearGhosts();
}
