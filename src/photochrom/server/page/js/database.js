// What outlives a reload: the photos' files, their points and their undo history, in this browser's IndexedDB.
//
// Files lie in a store of their own, so that moving a point does not write a photo again. Where a browser has no
// IndexedDB or no room, `remembers` becomes false and everything goes on, until the tab closes.

export let remembers = true;
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("photochrom", 1);
    request.onupgradeneeded = () => {
      for (const store of ["photos", "files", "settings"]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run(mode, store, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch (error) {
    remembers = false;
    console.info("photochrom cannot remember in this browser:", error?.message);
    return undefined;
  }
}

export const put = (store, key, value) => run("readwrite", store, (at) => at.put(value, key));
export const get = (store, key) => run("readonly", store, (at) => at.get(key));
export const remove = (store, key) => run("readwrite", store, (at) => at.delete(key));
export const all = async (store) => (await run("readonly", store, (at) => at.getAll())) ?? [];
