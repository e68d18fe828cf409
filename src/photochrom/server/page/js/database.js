// What outlives a reload: the photos' files, their points and their undo history, in this browser's IndexedDB.
//
// Files lie in a store of their own, so that moving a point does not write a photo again. "late" has what a tab wrote
// as it closed, when it could no longer look at what other tabs had written. Where a browser has no IndexedDB or no
// room, everything goes on until the tab is closed.

const STORES = ["photos", "files", "settings", "late"];
let opened;
let database = null; // once it is open; so that what is written as the tab closes still reaches it
let onError = () => {};

/** Say what to do once if nothing can be remembered. */
export function onForgetting(tell) {
  onError = tell;
}

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("photochrom", 2);
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      for (const store of STORES) if (!there.contains(store)) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      database = request.result;
      database.onversionchange = () => database.close(); // or a newer page in another tab would wait for ever
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Run `work(at)` in one transaction over `stores`; gives its result, or undefined where that failed. */
async function run(mode, stores, work, { commit = true } = {}) {
  try {
    const there = database ?? (await open());
    return await new Promise((resolve, reject) => {
      const transaction = there.transaction(stores, mode);
      const result = work((store) => transaction.objectStore(store));
      if (commit) transaction.commit?.(); // now, and not when a tab that is closing comes back to it
      transaction.oncomplete = () => resolve(result instanceof IDBRequest ? result.result : (result ?? true));
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch (error) {
    console.info("photochrom cannot remember in this browser:", error?.message);
    onError(error);
    onError = () => {};
    return undefined;
  }
}

export const put = (store, key, value) => run("readwrite", store, (at) => at(store).put(value, key));
export const get = (store, key) => run("readonly", store, (at) => at(store).get(key));
export const all = (store) => run("readonly", store, (at) => at(store).getAll());

/** Keep a new photo: its file, where there is one, and its record, both or neither; gives whether they are kept. */
export const create = async (key, file, record) =>
  (await run("readwrite", ["photos", "files"], (at) => {
    if (file) at("files").put(file, key);
    at("photos").put(record, key);
  })) !== undefined;

/** Remove all that is kept of a photo. */
export const remove = (key) =>
  run("readwrite", ["photos", "files", "late"], (at) => {
    for (const store of ["photos", "files", "late"]) at(store).delete(key);
  });

/** Note what a tab that is closing would write; `settle` sees to it later. */
export const leave = (key, note) => run("readwrite", "late", (at) => at("late").put(note, key));

/**
 * Put `change(record)` in place of a photo's record, in one step; nothing is written where it gives null.
 *
 * `change` gets undefined where there is no record. What the tab had left for later is done with.
 */
export const update = (key, change) =>
  run(
    "readwrite",
    ["photos", "late"],
    (at) => {
      at("photos").get(key).onsuccess = ({ target }) => {
        const record = change(target.result);
        if (record) at("photos").put(record, key);
        at("late").delete(key);
      };
    },
    { commit: false },
  );

/** Write what closed tabs left, each by `change(record, note)`; notes on photos that are gone go too. */
export const settle = (change) =>
  run(
    "readwrite",
    ["photos", "late"],
    (at) => {
      at("late").openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        at("photos").get(cursor.key).onsuccess = ({ target: { result: record } }) => {
          if (record) at("photos").put(change(record, cursor.value), cursor.key);
          cursor.delete();
          cursor.continue();
        };
      };
    },
    { commit: false },
  );
