// Photos on their way to the server: a few at a time, and over a slow line a small copy ahead of each.
//
// The network looks at a photo in small, so that its colours come after the small copy; the photo itself follows, and is
// what details and downloads are made of.

import * as api from "./api.js";
import { learn, secondsUp } from "./line.js";
import { smallCopy } from "./local.js";
import { catchUp, fileOf, flush } from "./persistence.js";
import { setStatus, state } from "./store.js";
import { alone } from "./tabs.js";
import { megabytes } from "./units.js";

export const SMALL = 720; // pixels of a small copy's longer side, and of quick answers
const AT_ONCE = 2; // uploads of whole photos
const LONG = 2.5; // seconds that nobody waits for colours, if they can come sooner
const LOOK = 400; // ms between looks at how fast an upload is
const uploads = new Map(); // photo -> promise of its upload
const smalls = new Map(); // photo -> promise of its small copy, {id, small: true} or null where there can be none
const awaited = new Map(); // photo -> functions that hear of its small copy
const expired = new Set(); // ids that the server knows no more
const line = [];
let going = 0;

/** What the server has of a photo, sent now where it has nothing: {id, small}; the whole photo if that is asked for. */
export async function copyOf(photo, whole) {
  const { remote } = photo;
  if (remote?.id && !expired.has(remote.id) && !uploads.has(photo)) return remote;
  const upload = uploaded(photo);
  if (whole) return upload;
  const small = new Promise((resolve) => {
    if (smalls.has(photo)) smalls.get(photo).then((copy) => copy && resolve(copy));
    else awaited.set(photo, [...(awaited.get(photo) ?? []), resolve]);
  });
  return Promise.race([upload, small]);
}

/** Say that the server has a copy no more. */
export function expire(photo, id) {
  expired.add(id);
  smalls.delete(photo);
}

/** Have the server remove what it has of a photo. */
export async function removeCopies(photo) {
  const small = await smalls.get(photo);
  smalls.delete(photo);
  const ids = [photo.remote?.id, small?.id].filter(Boolean);
  ids.forEach((id) => expired.add(id));
  await Promise.all(ids.map((id) => api.forget(id).catch((error) => error.code === "photo-gone" || Promise.reject(error))));
}

function uploaded(photo) {
  if (!uploads.has(photo)) {
    const upload = inLine(() => alone(`upload ${photo.key}`, () => send(photo)));
    const ended = () => [uploads, awaited].forEach((map) => map.delete(photo));
    uploads.set(photo, upload.finally(ended));
    uploads.get(photo).catch((error) => smalls.has(photo) && setStatus(photo, { status: "error", error: error.message }));
  }
  return uploads.get(photo);
}

async function send(photo) {
  await catchUp(photo); // another tab may have sent it meanwhile
  if (photo.remote?.id && !expired.has(photo.remote.id)) return photo.remote;
  if (photo.gone) throw removed(photo);
  const file = await fileOf(photo);
  if (!file) {
    const problem = "neither the server nor this browser has it any more";
    throw new api.Problem({ code: "photo-lost", subject: photo.name, problem, remedy: "add it again" });
  }
  const most = state.limits.upload_bytes;
  if (file.size > most) {
    const problem = `is ${megabytes(file.size)} large, and this server takes at most ${megabytes(most)}`;
    throw new api.Problem({ code: "request-too-long", subject: photo.name, problem, remedy: "shrink it" });
  }
  const remote = await sendFile(photo, file);
  if (photo.gone) {
    api.forget(remote.id).catch(() => {});
    throw removed(photo);
  }
  photo.file = null; // the database has it, memory need not; where that failed, keep() below holds it
  if (!(await fileOf(photo))) photo.file = file;
  setStatus(photo, { remote, status: photo.status === "uploading" ? "colouring" : photo.status, error: null });
  await flush(photo);
  const small = await smalls.get(photo);
  smalls.delete(photo);
  if (small) api.forget(small.id).catch(() => {});
  return remote;
}

/** Send the file itself; ahead of it or beside it a small copy, where it takes long. */
async function sendFile(photo, file) {
  setStatus(photo, { status: "uploading", progress: 0, sending: true, tries: 1 });
  if (secondsUp(file.size) > LONG) await sendSmall(photo);
  let began = performance.now();
  let share = 0;
  const look = setInterval(() => {
    const ms = performance.now() - began;
    if (ms < 2 * LOOK || share === 1) return;
    learn("up", file.size * share, ms);
    if ((ms / 1000) * (1 / Math.max(share, 0.001) - 1) > LONG) sendSmall(photo);
  }, LOOK);
  try {
    return await api.upload(file, photo.name, {
      progress: (now) => setStatus(photo, { progress: (share = now) }),
      again: (tries) => {
        began = performance.now();
        setStatus(photo, { tries, progress: 0 });
      },
    });
  } finally {
    clearInterval(look);
    photo.sending = false;
  }
}

function sendSmall(photo) {
  if (!smalls.has(photo)) {
    const copy = (async () => {
      const file = await smallCopy(photo, SMALL);
      if (!file || photo.gone) return null;
      setStatus(photo, { slow: true });
      const sent = await api.upload(file, photo.name, {});
      if (photo.status === "uploading") setStatus(photo, { status: "colouring" });
      return { id: sent.id, small: true };
    })().catch(() => null); // what is wrong is said of the photo itself
    smalls.set(photo, copy);
    copy.then((small) => small && (awaited.get(photo) ?? []).forEach((hear) => hear(small)));
  }
  return smalls.get(photo);
}

export const removed = (photo) => new api.Problem({ code: "photo-removed", subject: photo.name, problem: "was removed" });

/** Run uploads a few at a time, in the order in which they came. */
function inLine(work) {
  return new Promise((resolve, reject) => {
    line.push(() => work().then(resolve, reject));
    next();
  });
}

function next() {
  if (going >= AT_ONCE || !line.length) return;
  going += 1;
  line.shift()().finally(() => {
    going -= 1;
    next();
  });
}
