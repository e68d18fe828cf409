// The page's state: the photos, which one is chosen, the networks and settings; and what of it outlives a reload.
//
// Events, each with the photo concerned as detail: "photos" (one came or went), "select", "edit" (points or sliders;
// detail.live while a gesture goes on), "status" (progress, errors, thumbnails), "marks" (ghost points), "network".

import * as database from "./database.js";
import { change, freshHistory, redo, undo } from "./history.js";

const events = new EventTarget();
const saving = new Map(); // photo -> timer
let order = 0;

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

/** Add a photo; `file` is kept so that it can be uploaded again whenever the server has forgotten it. */
export function addPhoto(file, name) {
  const photo = {
    key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    order: (order += 1),
    name,
    remote: null, // what the server says of it
    thumb: null,
    history: freshHistory(),
    status: "waiting",
    progress: 0,
    error: null,
    file,
  };
  state.photos.push(photo);
  database.put("files", photo.key, file);
  save(photo);
  emit("photos", photo);
  return photo;
}

/** Take a photo off the page; the returned function puts it back. */
export function removePhoto(photo) {
  const at = state.photos.indexOf(photo);
  state.photos.splice(at, 1);
  const file = fileOf(photo); // read before it is removed, to be put back
  clearTimeout(saving.get(photo));
  saving.delete(photo);
  database.remove("photos", photo.key);
  database.remove("files", photo.key);
  if (state.selected === photo) select(state.photos[Math.min(at, state.photos.length - 1)] ?? null);
  emit("photos", photo);
  return () => {
    state.photos.splice(at, 0, photo);
    file.then((kept) => kept && database.put("files", photo.key, kept));
    save(photo);
    emit("photos", photo);
    select(photo);
  };
}

export function select(photo) {
  if (photo && photo === state.selected) return;
  state.selected = photo;
  database.put("settings", "selected", photo?.key ?? null);
  emit("select", photo);
}

/** Change points or sliders of a photo, undoably; see history.js for tags. */
export function edit(photo, changes, { live = false, ...how } = {}) {
  change(photo.history, changes, how);
  save(photo);
  emit("edit", photo, { live });
}

export function stepBack(photo) {
  if (undo(photo.history)) afterStep(photo);
}

export function stepForward(photo) {
  if (redo(photo.history)) afterStep(photo);
}

function afterStep(photo) {
  save(photo);
  emit("edit", photo, { live: false });
}

export function setStatus(photo, changes) {
  Object.assign(photo, changes);
  save(photo);
  emit("status", photo);
}

export const chosenNetwork = () =>
  state.networks.find((network) => network.name === state.network) ??
  state.networks.find((network) => network.isDefault) ??
  state.networks[0];

export function chooseNetwork(name) {
  state.network = name;
  database.put("settings", "network", name);
  emit("network");
}

export function addRecent(ab) {
  const near = (other) => Math.hypot(other[0] - ab[0], other[1] - ab[1]) < 4;
  state.recent = [ab, ...state.recent.filter((other) => !near(other))].slice(0, 8);
  database.put("settings", "recent", state.recent);
}

/** The photo's file: at hand, or from the database; undefined where it is remembered nowhere. */
export async function fileOf(photo) {
  return photo.file ?? (await database.get("files", photo.key));
}

/** Bring back what was there before the tab closed. */
export async function restore() {
  const records = (await database.all("photos")).sort((a, b) => a.order - b.order);
  order = records.at(-1)?.order ?? 0;
  state.photos = records.map((record) => ({ ...record, status: record.error ? "error" : "waiting", progress: 0 }));
  state.network = (await database.get("settings", "network")) ?? null;
  state.recent = (await database.get("settings", "recent")) ?? [];
  const selected = await database.get("settings", "selected");
  emit("photos", null);
  select(state.photos.find((photo) => photo.key === selected) ?? state.photos[0] ?? null);
}

function save(photo) {
  if (!state.photos.includes(photo)) return; // taken off the page: nothing of it is to come back
  clearTimeout(saving.get(photo));
  saving.set(photo, setTimeout(() => write(photo), 150));
}

function write(photo) {
  clearTimeout(saving.get(photo));
  saving.delete(photo);
  const { key, order: place, name, remote, thumb, error } = photo;
  const { edit: present, past, future } = photo.history;
  const history = { edit: present, past, future };
  database.put("photos", key, { key, order: place, name, remote, thumb, error, history });
}

// A tab that is closed or put aside on a phone may never come back to its timers.
document.addEventListener("visibilitychange", () => document.hidden && [...saving.keys()].forEach(write));
window.addEventListener("pagehide", () => [...saving.keys()].forEach(write));
