// How fast the line to the server is, in bytes a second, by what went over it last; null while nothing has.

const SLOW = 200_000; // bytes a second; below, a picture of screen size takes more than a second
const LEAST = 20_000; // bytes; fewer say more of how long the line is than of how wide
const speeds = { up: null, down: null };

/** Note that so many bytes took so long. */
export function learn(way, bytes, ms) {
  if (bytes >= LEAST) speeds[way] = bytes / Math.max(ms, 1) * 1000;
}

/** Seconds that an upload of so many bytes will take; 0 while nothing is known. */
export const secondsUp = (bytes) => (speeds.up ? bytes / speeds.up : 0);

/** Whether answers come slowly; while none has come, they are taken to be as slow as uploads. */
export const isSlowDown = () => (speeds.down ?? speeds.up ?? Infinity) < SLOW;
