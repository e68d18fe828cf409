// The other tabs of this browser that show the page: what one tells reaches all others.

const channel = "BroadcastChannel" in window ? new BroadcastChannel("photochrom") : null;

export const tell = (message) => channel?.postMessage(message);
export const hear = (listener) => channel?.addEventListener("message", ({ data }) => listener(data));

/** Do `work` while no other tab does it under the same name; where browsers have no locks, at once. */
export const alone = (name, work) =>
  navigator.locks ? navigator.locks.request(`photochrom ${name}`, work) : work();
