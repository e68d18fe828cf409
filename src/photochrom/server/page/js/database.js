// What outlives a reload: the photos' files, their points and their undo history, in this browser's IndexedDB.
//
// Files lie in a store of their own, so that moving a point does not write a photo again. Where a browser has no
// IndexedDB or no room, everything goes on until the tab is closed.

let opened;
let database = null; // once it is open; so that what is written as the tab closes still reaches it
let onError = () => {};

/** Say what to do once if nothing can be remembered. */
export function onForgetting(tell) {
  onError = tell;
}

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("photochrom", 1);
    request.onupgradeneeded = () => {
      for (const store of ["photos", "files", "settings"]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      database = request.result;
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run(mode, store, work) {
  try {
    const there = database ?? (await open());
    return await new Promise((resolve, reject) => {
      const transaction = there.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.commit?.(); // now, and not when a tab that is closing comes back to it
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch (error) {
    console.info("photochrom cannot remember in this browser:", error?.message);
    onError(error);
    onError = () => {};
    return undefined;
  }
}

export const put = (store, key, value) => run("readwrite", store, (at) => at.put(value, key));
export const get = (store, key) => run("readonly", store, (at) => at.get(key));
export const remove = (store, key) => run("readwrite", store, (at) => at.delete(key));
export const all = async (store) => (await run("readonly", store, (at) => at.getAll())) ?? [];
