// Full resolution where somebody looks closely: the photo itself, once the zoom is beyond what the preview has.

import * as api from "./api.js";
import { $ } from "./dom.js";
import { fail, pictureOf } from "./preview.js";
import { withPhoto, optionsOf } from "./remote.js";
import { on, state } from "./store.js";
import { isFitted, onView, scaleNow, setLayer } from "./viewer.js";

const CALM = 350; // ms without a change before anything large is asked for
// Pixels that are decoded at most for two pictures; phones have less memory.
const MOST = matchMedia("(pointer: coarse)").matches ? 16e6 : 50e6;
const loaded = { photo: null, before: null, after: null, version: null };
let asking = null;
let timer = 0;

onView(wait);
on("picture", wait);
on("edit", wait);
on("network", () => {
  loaded.version = null;
  stop();
});
on("select", () => {
  stop();
  URL.revokeObjectURL(loaded.before);
  URL.revokeObjectURL(loaded.after);
  Object.assign(loaded, { photo: state.selected, before: null, after: null, version: null });
});

function stop() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
  $("#loading-detail").hidden = true;
}

function wait() {
  if (!wanted()) return stop();
  if (asking && asking.version === state.selected.history.edit) return undefined;
  stop();
  timer = setTimeout(load, CALM);
  return undefined;
}

/** Whether the screen could show more pixels than the preview has, and they are not there yet. */
function wanted() {
  const photo = state.selected;
  const { edge, version, sharp } = (photo && pictureOf(photo)) ?? {};
  if (!photo?.remote?.id || !sharp || version !== photo.history.edit || loaded.version === version) return false;
  const long = Math.max(photo.remote.width, photo.remote.height);
  const dots = isFitted() ? 1 : window.devicePixelRatio; // the whole photo is sharp enough as it is
  return long > edge && scaleNow() * long * dots > edge * 1.1;
}

async function load() {
  const photo = state.selected;
  const version = photo.history.edit;
  asking = Object.assign(new AbortController(), { version });
  const { signal } = asking;
  $("#loading-detail").hidden = false;
  try {
    const { width, height } = photo.remote;
    const scale = Math.min(1, Math.sqrt(MOST / (width * height)));
    const edge = Math.floor(Math.max(width, height) * scale);
    if (!loaded.before) {
      loaded.before = URL.createObjectURL(await withPhoto(photo, (id) => api.original(id, edge, signal), signal, { whole: true }));
    }
    const format = pictureOf(photo).alpha ? "webp" : "jpg";
    const options = () => optionsOf(photo, { long_edge: edge, format, quality: 92, mark: false });
    const blob = await withPhoto(photo, (id) => api.colorize(id, options(), signal), signal, { whole: true });
    if (signal.aborted) return;
    const old = loaded.after;
    Object.assign(loaded, { after: URL.createObjectURL(blob), version });
    await Promise.all([setLayer("before", loaded.before), setLayer("after", loaded.after)]);
    URL.revokeObjectURL(old);
  } catch (error) {
    if (error.name !== "AbortError") fail(photo, error);
  } finally {
    if (asking?.signal === signal) stop();
  }
}

/** What the layers are to show now: at full size what is loaded and still true, else the preview. */
export function bestPictures(photo) {
  const preview = pictureOf(photo);
  const mine = loaded.photo === photo;
  const fresh = mine && loaded.version && loaded.version === preview.version;
  return { before: (mine && loaded.before) || preview.before, after: fresh ? loaded.after : preview.after };
}
