// Keeps the page's state in this browser, and in step with its other tabs.
//
// Each photo has a record, and each record a version, which goes up by one whenever a tab writes it. A tab that finds a
// newer one merges its own edit into that (merge.js). A record that is gone was removed by another tab: then nothing is
// written, and the photo leaves this one too. Tabs tell each other what they wrote; one that slept looks when it wakes.

import * as database from "./database.js";
import { mergeEdits } from "./merge.js";
import { note, recall } from "./storage.js";
import { drop, emit, insert, on, select, state } from "./store.js";
import { hear, tell } from "./tabs.js";

const PAUSE = 150; // ms, in which changes that come together are written as one
const WRITTEN = ["name", "remote", "thumb", "error"]; // of a photo's status
const saving = new Map(); // photo -> timer of what is not written yet
const versions = new WeakMap(); // photo -> {version, base}: of its record as this tab knows it, and the edit in that
const creating = new Map(); // photo -> promise that its first record is written
let bringBack;
const broughtBack = new Promise((resolve) => (bringBack = resolve));

on("photos", ({ photo, foreign }) => {
  if (!photo || foreign) return;
  if (state.photos.includes(photo)) creating.set(photo, keep(photo).finally(() => creating.delete(photo)));
  else forget(photo);
});
on("edit", ({ photo, foreign }) => foreign || save(photo));
on("status", ({ photo, foreign, changes = {} }) => !foreign && WRITTEN.some((name) => name in changes) && save(photo));
on("select", ({ photo }) => {
  note("sessionStorage", "selected", photo?.key ?? ""); // each tab its own; a new one begins with the last
  database.put("settings", "selected", photo?.key ?? null);
});
on("network", ({ chosen }) => chosen && share("network"));
on("recent", () => share("recent"));

function share(setting) {
  database.put("settings", setting, state[setting]);
  tell({ setting, value: state[setting] });
}

/** The photo's file: at hand, or from the database; undefined where it is remembered nowhere. */
export async function fileOf(photo) {
  return photo.file ?? (await database.get("files", photo.key));
}

/** Put what closing tabs left into the records, which others may have written meanwhile. */
const settle = () =>
  database.settle((record, { mine, base }) => {
    if (record.version <= mine.version) return { ...mine, version: mine.version + 1 };
    const { edit } = record.history;
    const history = { edit: mergeEdits(base, mine.history.edit, edit), past: [...record.history.past, edit], future: [] };
    return { ...record, history, version: record.version + 1 };
  });

/** Bring back what was there before the tab closed. */
export async function restore() {
  await settle();
  const records = ((await database.all("photos")) ?? []).sort((a, b) => a.order - b.order);
  state.photos = records.map(photoOf);
  state.network = (await database.get("settings", "network")) ?? null;
  state.recent = (await database.get("settings", "recent")) ?? [];
  const selected = recall("sessionStorage", "selected") || (await database.get("settings", "selected"));
  emit("photos", null);
  select(state.photos.find((photo) => photo.key === selected) ?? state.photos[0] ?? null);
  bringBack();
}

function photoOf({ version, ...record }) {
  const photo = { ...record, status: record.error ? "error" : "waiting", progress: 0 };
  versions.set(photo, { version, base: photo.history.edit });
  return photo;
}

function recordOf(photo) {
  const { key, order, name, remote, thumb, error } = photo;
  const { edit, past, future } = photo.history;
  return { key, order, name, remote, thumb, error, history: { edit, past, future }, version: versions.get(photo)?.version };
}

async function keep(photo) {
  const version = (versions.get(photo)?.version ?? 0) + 1; // more than one has where it comes back
  const record = { ...recordOf(photo), version };
  const file = await (photo.kept ?? photo.file);
  // Where there is no room for the file, the record lasts as long as the server keeps the photo.
  if (!(await database.create(photo.key, file, record)) && !(await database.create(photo.key, null, record))) return;
  versions.set(photo, { version, base: record.history.edit });
  photo.kept = null;
  if (state.photos.includes(photo)) tell({ saved: photo.key, version });
  else forget(photo); // removed meanwhile
}

function forget(photo) {
  photo.kept ??= fileOf(photo); // read before it is removed, to be put back
  clearTimeout(saving.get(photo));
  saving.delete(photo);
  database.remove(photo.key).then(() => tell({ removed: photo.key }));
}

function save(photo) {
  if (!state.photos.includes(photo)) return; // taken off the page: nothing of it is to come back
  clearTimeout(saving.get(photo));
  saving.set(photo, setTimeout(write, PAUSE, photo));
}

async function write(photo) {
  clearTimeout(saving.get(photo));
  saving.delete(photo);
  if (creating.has(photo)) await creating.get(photo);
  if (!versions.has(photo)) return; // it could not be kept at all
  let written = null;
  let merged = false;
  const done = await database.update(photo.key, (there) => {
    if (!there) return null;
    merged = there.version > versions.get(photo).version && absorb(photo, there);
    versions.set(photo, { version: Math.max(there.version, versions.get(photo).version) + 1, base: photo.history.edit });
    written = recordOf(photo);
    return written;
  });
  if (!done) return;
  if (written) tell({ saved: photo.key, version: written.version });
  else if (state.photos.includes(photo)) leaveToo(photo);
  if (merged) emit("edit", photo, { live: false, foreign: true });
}

/** Take a newer record of another tab into the photo, and merge what was not written yet; gives whether the edit is new. */
function absorb(photo, { version, history, remote, thumb, error }) {
  const { base } = versions.get(photo);
  const mine = photo.history.edit;
  const unwritten = JSON.stringify(mine) !== JSON.stringify(base);
  if (unwritten) {
    const edit = mergeEdits(base, mine, history.edit);
    Object.assign(photo.history, { edit, past: [...history.past, history.edit], future: [] });
  } else {
    photo.history = { ...history, edit: JSON.stringify(mine) === JSON.stringify(history.edit) ? mine : history.edit };
  }
  Object.assign(photo, { remote: remote ?? photo.remote, thumb: thumb ?? photo.thumb });
  if (photo !== state.selected && photo.status !== "uploading") {
    photo.error = error;
    photo.status = error ? "error" : photo.remote && photo.thumb ? "ready" : photo.status;
  }
  versions.set(photo, { version, base: history.edit });
  return photo.history.edit !== mine;
}

async function heard({ saved, version, removed, left, setting, value }) {
  await broughtBack;
  if (left) wake();
  const photo = state.photos.find(({ key }) => key === (saved ?? removed));
  if (removed && photo) leaveToo(photo);
  if (setting === "recent") state.recent = value;
  if (setting === "network" && value !== state.network) {
    state.network = value;
    if (state.limits) emit("network");
  }
  if (saved && !(photo && versions.get(photo)?.version >= version)) follow(await database.get("photos", saved));
}

/** Show what another tab wrote; what is not written here yet is merged when it is. */
function follow(record) {
  if (!record) return;
  const photo = state.photos.find(({ key }) => key === record.key);
  if (!photo) {
    const come = photoOf(record);
    if (come.remote && come.thumb && !come.error) come.status = "ready";
    insert(come, { foreign: true });
    if (!state.selected) select(come);
  } else if (!saving.has(photo) && record.version > (versions.get(photo)?.version ?? Infinity)) {
    const changed = absorb(photo, record);
    emit("status", photo, { foreign: true });
    if (changed) emit("edit", photo, { live: false, foreign: true });
  }
}

/** Write what is not written yet of a photo, now. */
export const flush = (photo) => saving.has(photo) && write(photo);

/** Take what another tab wrote of a photo, now; what is not written yet is merged with it. */
export async function catchUp(photo) {
  if (saving.has(photo)) await write(photo);
  else if (versions.has(photo)) follow(await database.get("photos", photo.key));
}

function leaveToo(photo) {
  clearTimeout(saving.get(photo));
  saving.delete(photo);
  photo.gone = true; // an upload that is under way is for nobody
  drop(photo, { foreign: true });
}

async function wake() {
  await broughtBack;
  await settle();
  const records = await database.all("photos");
  if (!records) return;
  const keys = new Set(records.map(({ key }) => key));
  for (const photo of [...state.photos]) if (versions.has(photo) && !keys.has(photo.key) && !creating.has(photo)) leaveToo(photo);
  records.forEach(follow);
}

/** A tab that is closed or put aside on a phone may never come back to its timers, or to what it asks the database. */
function rest() {
  for (const photo of [...saving.keys()]) {
    if (!versions.has(photo)) continue;
    database.leave(photo.key, { mine: recordOf(photo), base: versions.get(photo).base });
    write(photo);
    tell({ left: photo.key });
  }
}

hear(heard);
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : wake()));
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", ({ persisted }) => persisted && wake());
