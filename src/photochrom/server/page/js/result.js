// The photo in colour as it leaves the page: how it is asked for, and what it is called.

import * as api from "./api.js";
import { $ } from "./dom.js";
import { optionsOf, withPhoto } from "./remote.js";
import { stemOf } from "./units.js";

const format = $("#format");
const sheet = $("#sheet");

// A name longer than this is none that every disk and program takes.
export const resultName = (photo) => `${[...stemOf(photo.name)].slice(0, 120).join("")}-${sheet.checked ? "before-after" : "colour"}`;
export const fullSize = () => ({ format: format.value || null, side_by_side: sheet.checked });

/** The photo in colour, made of the photo itself: {blob, notes}. */
export const resultOf = (photo, more, signal) =>
  withPhoto(photo, (id) => api.result(id, optionsOf(photo, more), signal), signal, { whole: true });
