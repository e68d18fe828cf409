// A photo on the server: uploaded when it is first needed, and again whenever the server has forgotten it.

import * as api from "./api.js";
import { chosenNetwork, emit, fileOf, setStatus, state } from "./store.js";
import { megabytes } from "./units.js";

const AT_ONCE = 2; // uploads
const uploads = new Map(); // photo -> promise of its upload
const line = [];
let going = 0;

let learned = null; // a promise that it is known what the server offers

/** Learn what the server offers; no photo can be colorized before. What fails is tried again when asked again. */
export function ready() {
  learned ??= learn().catch((error) => {
    learned = null;
    throw error;
  });
  return learned;
}

async function learn() {
  const [{ default: usual, networks }, limits] = await Promise.all([api.networks(), api.limits()]);
  state.networks = networks.map((network) => ({ ...network, isDefault: network.name === usual }));
  state.limits = limits;
  emit("network");
}

/** Call `work(id)` with the photo's id on the server; upload the photo first where that is needed. */
export async function withPhoto(photo, work, signal) {
  await ready();
  const known = photo.remote?.id;
  if (!known || uploads.has(photo)) await uploaded(photo);
  signal?.throwIfAborted();
  try {
    return await work(photo.remote.id);
  } catch (error) {
    if (error.code !== "photo-gone") throw error;
    // Expired, or the server was started anew. Another call may have uploaded it again meanwhile.
    if (photo.remote?.id === known || !known) await uploaded(photo);
    signal?.throwIfAborted();
    return work(photo.remote.id);
  }
}

/** Remove a photo from the server as well, for good: also one whose upload is under way or in line. */
export function forget(photo) {
  photo.gone = true;
  if (photo.remote) api.forget(photo.remote.id).catch(() => {});
}

const removed = (photo) => new api.Problem({ code: "photo-removed", subject: photo.name, problem: "was removed" });

function uploaded(photo) {
  if (!uploads.has(photo)) {
    uploads.set(
      photo,
      inLine(() => upload(photo)).finally(() => uploads.delete(photo)),
    );
  }
  return uploads.get(photo);
}

async function upload(photo) {
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
  setStatus(photo, { status: "uploading", progress: 0 });
  const progress = (share) => setStatus(photo, { progress: share });
  const remote = await api.upload(file, photo.name, progress);
  if (photo.gone) {
    api.forget(remote.id).catch(() => {});
    throw removed(photo);
  }
  photo.file = null; // the database has it, memory need not; where that failed, keep() below holds it
  if (!(await fileOf(photo))) photo.file = file;
  setStatus(photo, { remote, status: "colouring", error: null });
}

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

/** Whether the chosen network takes an input ("hints", "vividness") or gives an output ("confidence", …). */
export function can(...abilities) {
  const network = chosenNetwork();
  return !!network && abilities.every((one) => network.inputs.includes(one) || network.outputs.includes(one));
}

/** The options of a photo, as the service takes them; what the network cannot do is left out. */
export function optionsOf(photo, more = {}) {
  const { points, vividness, saturation, reference, referenceStrength } = photo.history.edit;
  const options = { network: chosenNetwork()?.name ?? null, saturation, ...more };
  if (can("vividness") && vividness !== null) options.vividness = vividness;
  if (reference && can("hints", "distribution")) {
    Object.assign(options, { palette: reference.palette, palette_strength: referenceStrength ?? 1 });
  }
  options.hints = asHints(points);
  return options;
}

/** Points as the service takes them; a reach of their own only where they have one. */
export const asHints = (points) =>
  points.map(({ x, y, color, reach }) => ({ x, y, color, ...(reach === undefined ? {} : { reach }) }));
