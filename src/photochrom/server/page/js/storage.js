// The browser's small storages, which people may have forbidden: then nothing is remembered, and nothing breaks.

/** A text that was noted in "localStorage" or "sessionStorage", or null. */
export function recall(storage, key) {
  try {
    return window[storage].getItem(`photochrom-${key}`);
  } catch {
    return null;
  }
}

export function note(storage, key, text) {
  try {
    window[storage].setItem(`photochrom-${key}`, text);
  } catch {
    // it holds until the page is left
  }
}
