// The service's REST interface: one function per call, and one place for tokens, waiting and errors.
//
// A call that finds the server away waits until it is back and is then made again; one that finds it busy waits as
// long as the server asks. So callers meet only answers, errors that a person can do something about, and aborts.

import { learn } from "./line.js";
import { note, recall } from "./storage.js";
import { sentence } from "./units.js";

const BASE = new URL(".", document.baseURI);
const PATIENCE = 10; // how often a busy server is asked again
const LONG = 60; // seconds that nobody waits for: a service that is full says so
const BREAKS = 5; // how often a call may break off although the server is there
const BROKEN = {
  code: "connection-broken",
  problem: "The connection breaks off again and again",
  remedy: "the file may be too large for it",
};

/** That something cannot be: an error in parts as the server sends them, of which `code` tells kinds apart. */
export class Problem extends Error {
  constructor(parts, status = 0, retryAfter = null) {
    super(sentence(parts));
    this.code = parts.code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Tells "online" with detail true or false. */
export const connection = new EventTarget();
let askForToken = async () => "";
let back = null; // a promise while the server is away
const SENDABLE = /^[\x20-\x7e]*$/; // in a header; a browser refuses to send more, as if the server were away
let token = recall("sessionStorage", "token") ?? "";
if (!SENDABLE.test(token)) token = "";
let asked = null;

/** Say how to ask the user for an access token: an async function of whether one was refused. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

export const networks = (signal) => json("v1/networks", { signal });
export const limits = (signal) => json("v1/limits", { signal });
// Goes on when the tab closes meanwhile.
export const forget = (id) => call(`v1/photos/${id}`, { method: "DELETE", keepalive: true }, () => null);
export const photo = (id, signal) => json(`v1/photos/${id}`, { signal });
export const original = (id, longEdge, signal) =>
  blob(`v1/photos/${id}/original${longEdge ? `?long_edge=${longEdge}` : ""}`, { signal });
export const colorize = (id, options, signal) => blob(`v1/photos/${id}/colorize`, post(options, signal));
/** The same with what its owner should know of it: {blob, notes}. */
export const result = (id, options, signal) =>
  call(`v1/photos/${id}/colorize`, post(options, signal), async (response) => {
    const notes = JSON.parse(response.headers.get("Photochrom-Notes") ?? "[]");
    return { blob: await response.blob(), notes };
  });
export const alternatives = (id, body, signal) => json(`v1/photos/${id}/alternatives`, post(body, signal));
export const suggestions = (id, body, signal) => json(`v1/photos/${id}/suggestions`, post(body, signal));
export const confidence = (id, body, signal) => blob(`v1/photos/${id}/confidence`, post(body, signal));
export const hintEffect = (id, body, signal) => blob(`v1/photos/${id}/hint-effect`, post(body, signal));
export const alike = (id, body, signal) => json(`v1/photos/${id}/alike`, post(body, signal));
export const palette = (id, signal) => json(`v1/photos/${id}/palette`, { signal });
/** One of the page's own examples. */
export const example = (path) => blob(path, {});
export const colors = (id, body, signal) => json(`v1/photos/${id}/colors`, post(body, signal));

/** The answer to /v1/zip itself, whose body is read as it comes. */
export const zip = (body, signal) => call("v1/zip", post(body, signal), (response) => response);

/**
 * Upload a file; `progress` is called with 0..1, `again` with 2 and more where it begins anew.
 *
 * fetch cannot tell how much has gone, XMLHttpRequest can.
 */
export function upload(file, name, { progress = () => {}, again = () => {} }) {
  const path = `v1/photos?name=${encodeURIComponent(name)}`;
  return call(path, { method: "POST", body: file, progress, again }, (response) => response.json());
}

const post = (body, signal) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" },
  signal,
});
const json = (path, options) => call(path, options, (response) => response.json());
const blob = (path, options) =>
  call(path, options, async (response) => {
    const began = performance.now();
    const body = await response.blob();
    learn("down", body.size, performance.now() - began);
    return body;
  });

async function call(path, options, read) {
  let breaks = 0;
  for (let attempt = 1; ; attempt += 1) {
    if (back) await abortable(back, options.signal);
    let problem;
    try {
      const response = await send(path, options);
      if (response.ok) return await read(response);
      problem = await problemOf(response);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      breaks += 1;
      if (breaks > BREAKS) throw new Problem(BROKEN);
      await abortable(away(), options.signal);
      options.again?.(breaks + 1);
      continue;
    }
    if (problem.code === "token-needed") await abortable(newToken(), options.signal);
    else if (problem.status === 502) await abortable(away(), options.signal); // a proxy whose server is away
    else if (problem.status === 503 && problem.retryAfter >= LONG) throw problem;
    else if ([429, 503].includes(problem.status) && attempt < PATIENCE) {
      await abortable(sleep(1000 * Math.min(problem.retryAfter ?? 1, 30)), options.signal);
    } else throw problem;
  }
}

function send(path, { progress, headers = {}, ...options }) {
  const url = new URL(path, BASE);
  const all = token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
  if (!progress) return fetch(url, { ...options, headers: all, cache: "no-store" });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(options.method, url);
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      const retry = request.getResponseHeader("Retry-After");
      const response = { status: request.status, headers: retry ? { "Retry-After": retry } : {} };
      resolve(new Response(request.response, response));
    };
    request.onerror = () => reject(new TypeError("the upload broke off"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(options.body);
  });
}

async function problemOf(response) {
  const retryAfter = parseFloat(response.headers.get("Retry-After"));
  let parts = { code: "unknown", problem: `The server answered ${response.status}`, remedy: "try again" };
  try {
    const answer = await response.json();
    if (typeof answer.code === "string") parts = answer;
  } catch {
    // A proxy's own page of HTML says nothing to people.
  }
  return new Problem(parts, response.status, Number.isFinite(retryAfter) ? retryAfter : null);
}

/** Tell that the server is away, and wait until it answers again. */
function away() {
  back ??= (async () => {
    connection.dispatchEvent(new CustomEvent("online", { detail: false }));
    for (let wait = 500; ; wait = Math.min(wait * 1.5, 5000)) {
      await sleep(wait);
      try {
        if ((await fetch(new URL("healthz", BASE), { cache: "no-store" })).ok) break;
      } catch {
        // still away
      }
    }
    back = null;
    connection.dispatchEvent(new CustomEvent("online", { detail: true }));
  })();
  return back;
}

/** Ask for a token; calls that need one at the same time share the question. */
function newToken() {
  asked ??= (async () => {
    let refused = token !== "";
    do {
      token = await askForToken(refused);
      refused = true;
    } while (!SENDABLE.test(token));
    note("sessionStorage", "token", token);
    asked = null;
  })();
  return asked;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function abortable(promise, signal) {
  if (!signal) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
