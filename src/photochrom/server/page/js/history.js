// Undo and redo of one photo's edit: {points, protected, vividness, saturation}, never changed in place.

const MOST = 200; // steps that are kept
const BURST = 1200; // ms within which key presses of one kind are one step

export const FRESH = Object.freeze({ points: [], protected: [], vividness: null, saturation: 1 });

export function freshHistory() {
  return { edit: FRESH, past: [], future: [] };
}

/**
 * Put a new edit in place of the present one.
 *
 * Changes with the same `tag` are one step: a drag gives every move the tag of its gesture. A `timed` tag is that of
 * key presses, which are one step only while they follow each other closely.
 */
export function change(history, changes, { tag = null, timed = false } = {}) {
  const now = performance.now();
  const same = tag !== null && tag === history.tag && (!timed || now - history.time < BURST);
  if (!same) {
    history.past = [...history.past, history.edit].slice(-MOST);
  }
  history.future = [];
  history.edit = { ...history.edit, ...changes };
  history.tag = tag;
  history.time = now;
}

export function undo(history) {
  if (!history.past.length) return false;
  history.future = [history.edit, ...history.future];
  history.edit = history.past.at(-1);
  history.past = history.past.slice(0, -1);
  history.tag = null;
  return true;
}

export function redo(history) {
  if (!history.future.length) return false;
  history.past = [...history.past, history.edit];
  [history.edit, ...history.future] = history.future;
  history.tag = null;
  return true;
}
