// A photo on the server: uploaded when it is first needed, and again whenever the server has forgotten it.

import * as api from "./api.js";
import { shapeOf } from "./shapes.js";
import { chosenNetwork, emit, setStatus, state } from "./store.js";
import { copyOf, expire, removeCopies } from "./uploads.js";

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

/**
 * Call `work(id, copy)` with the id of what the server has of the photo, which is sent first where that is needed.
 *
 * That may be a small copy, while the photo itself is on its way over a slow line; `whole` waits for the photo.
 */
export async function withPhoto(photo, work, signal, { whole = false } = {}) {
  await ready();
  for (let again = false; ; again = true) {
    const copy = await copyOf(photo, whole);
    signal?.throwIfAborted();
    try {
      return await work(copy.id, copy);
    } catch (error) {
      if (again || error.code !== "photo-gone") throw error;
      expire(photo, copy.id); // or the server was started anew
      signal?.throwIfAborted();
    }
  }
}

/** Remove a photo from the server as well, for good: also one whose upload is under way or in line; gives whether it is. */
export async function forget(photo) {
  photo.gone = true;
  return removeCopies(photo).then(
    () => true,
    () => false,
  );
}

/** Remove a photo from the server, and keep it here; it is sent again when it is worked on. */
export async function withdraw(photo) {
  await removeCopies(photo);
  setStatus(photo, { remote: { ...photo.remote, id: null } });
}

/** Whether the chosen network takes an input ("hints", "vividness") or gives an output ("confidence", …). */
export function can(...abilities) {
  const network = chosenNetwork();
  return !!network && abilities.every((one) => network.inputs.includes(one) || network.outputs.includes(one));
}

/** The options of a photo, as the service takes them; what the network cannot do is left out. */
export function optionsOf(photo, more = {}) {
  const { points, protected: regions = [], taken = [], vividness, saturation, reference, referenceStrength } = photo.history.edit;
  const options = { network: chosenNetwork()?.name ?? null, saturation, ...more };
  if (can("vividness") && vividness !== null) options.vividness = vividness;
  if (reference && can("hints", "distribution")) {
    Object.assign(options, { palette: reference.palette, palette_strength: referenceStrength ?? 1 });
  }
  options.hints = asHints([...taken, ...points]);
  if (regions.some((one) => !one.hidden)) options.protected = asRegions(regions);
  return options;
}

/** A photo's hints as the service takes them, but for the one of an id. */
export function hintsBut(photo, id) {
  const { points, taken = [] } = photo.history.edit;
  return asHints([...taken, ...points.filter((point) => point.id !== id)]);
}

/** Those of a photo's hints that are not taken over from another one. */
export function ownHints(photo, hints) {
  const { taken = [] } = photo.history.edit;
  return hints.filter((hint) => !taken.some((other) => other.x === hint.x && other.y === hint.y));
}

/** Hints as the service takes them, without those that are hidden; a reach of their own only where they have one. */
export const asHints = (points) =>
  points
    .filter((point) => !point.hidden)
    .map((point) => ({ ...shapeOf(point), color: point.color, ...(point.reach === undefined ? {} : { reach: point.reach }) }));

/** Protected regions likewise. */
export const asRegions = (regions) => regions.filter((region) => !region.hidden).map(shapeOf);
