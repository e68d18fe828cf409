// The page's state: the photos, which one is chosen, the networks and settings; persistence.js keeps it.
//
// Events, each with the photo concerned: "photos" (one came or went), "select", "edit" (points or sliders; `live`
// while a gesture goes on), "status" (progress, errors, thumbnails; `changes`), "marks" (ghost points), "network"
// (known, or `chosen`), "recent". `foreign` is true of what another tab did.

import { change, freshHistory, redo, undo } from "./history.js";

const events = new EventTarget();

export const state = {
  photos: [],
  selected: null,
  networks: [],
  network: null, // what the user chose of them
  limits: null,
  recent: [], // colours picked last, as [a, b]
};

export const on = (names, listener) => names.split(" ").forEach((name) => events.addEventListener(name, listener));
export const emit = (name, photo = state.selected, more = {}) =>
  events.dispatchEvent(Object.assign(new Event(name), { photo, ...more }));

/** Add a photo, behind the others; `file` is kept so that it can be uploaded again whenever the server has forgotten it. */
export function addPhoto(file, name, order = Math.max(0, ...state.photos.map((other) => other.order)) + 1) {
  const photo = {
    key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    order,
    name,
    remote: null, // what the server says of it
    thumb: null,
    history: freshHistory(),
    status: "waiting",
    progress: 0,
    error: null,
    file,
  };
  insert(photo);
  return photo;
}

/** Take a photo off the page; the returned function puts it back. */
export function removePhoto(photo) {
  drop(photo);
  return () => {
    photo.gone = false;
    insert(photo);
    select(photo);
  };
}

/** Put a photo among the others, where it belongs by its order. */
export function insert(photo, more = {}) {
  const at = state.photos.findIndex((other) => other.order > photo.order);
  state.photos.splice(at < 0 ? state.photos.length : at, 0, photo);
  emit("photos", photo, more);
}

export function drop(photo, more = {}) {
  const at = state.photos.indexOf(photo);
  state.photos.splice(at, 1);
  if (state.selected === photo) select(state.photos[Math.min(at, state.photos.length - 1)] ?? null);
  emit("photos", photo, more);
}

export function select(photo) {
  if (photo && photo === state.selected) return;
  state.selected = photo;
  emit("select", photo);
}

/** Change points or sliders of a photo, undoably; see history.js for tags. */
export function edit(photo, changes, { live = false, ...how } = {}) {
  change(photo.history, changes, how);
  emit("edit", photo, { live });
}

export function stepBack(photo) {
  if (undo(photo.history)) emit("edit", photo, { live: false });
}

export function stepForward(photo) {
  if (redo(photo.history)) emit("edit", photo, { live: false });
}

export function setStatus(photo, changes) {
  Object.assign(photo, changes);
  emit("status", photo, { changes });
}

export const chosenNetwork = () =>
  state.networks.find((network) => network.name === state.network) ??
  state.networks.find((network) => network.isDefault) ??
  state.networks[0];

export function chooseNetwork(name) {
  state.network = name;
  emit("network", state.selected, { chosen: true });
}

export function addRecent(ab) {
  const near = (other) => Math.hypot(other[0] - ab[0], other[1] - ab[1]) < 4;
  state.recent = [ab, ...state.recent.filter((other) => !near(other))].slice(0, 8);
  emit("recent");
}
