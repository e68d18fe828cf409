// Projects: all photos with their hints, options and order as one file, which is opened again on any computer.
//
// It is JSON, or with the photos a zip file of that JSON, project.json, and them. Hints stand in it as in the engine's own
// hint files; what the page alone knows of them, names and what is hidden or taken over, stands beside. Photos and network are named by their SHA-256 as well, so that others of the same name are told apart.

import { $, $$, el, saveFile } from "./dom.js";
import { fileOf } from "./persistence.js";
import { newId } from "./pointmarks.js";
import { parsePoints } from "./pointsfile.js";
import { asHints, asRegions, ready } from "./remote.js";
import { shapeOf } from "./shapes.js";
import { chooseNetwork, chosenNetwork, edit, on, state } from "./store.js";
import { toast } from "./toast.js";
import { entriesOf } from "./unzip.js";
import { megabytes, stemOf } from "./units.js";

const VERSION = 1;
const INSIDE = "project.json";
const LONGEST_NAME = 60;
let missing = []; // entries of opened projects whose photos are not here yet
let bring; // brings files to the page

/** Whether a file is a project, by what it holds. */
export async function isProject(file) {
  const start = await file.slice(0, 2000).text();
  return start.startsWith("PK") || start.includes('"photochrom_project"');
}

/** Save all photos as a project, with the photos themselves where that is asked for. */
export async function saveProject(withPhotos) {
  const { name, version, sha256 } = chosenNetwork() ?? {}; // of which nothing is known while the server is away
  const files = [];
  const lost = [];
  const photos = [];
  for (const photo of state.photos) {
    const file = await fileOf(photo);
    const inside = withPhotos && file ? `photos/${photos.length + 1}-${photo.name.replaceAll(/[/\\]/g, "_")}` : null;
    if (!file) lost.push(photo.name);
    if (inside) files.push({ name: inside, input: file, lastModified: new Date(file.lastModified ?? Date.now()) });
    photos.push({ ...(await identityOf(photo.name, file)), ...(inside ? { file: inside } : {}), ...contentOf(photo) });
  }
  const project = { photochrom_project: VERSION, ...(name ? { network: { name, version, sha256 } } : {}), photos };
  const text = `${JSON.stringify(project, null, 2)}\n`;
  const stem = photos.length === 1 ? stemOf(photos[0].name) : "photos";
  if (!withPhotos) return saveFile(new Blob([text], { type: "application/json" }), `${stem}.photochrom.json`);
  if (lost.length) toast(`This browser has no copy of ${lost.join(", ")}: the project asks for it where it is opened.`, { bad: true });
  const { downloadZip } = await import("../vendor/client-zip.js");
  const zip = downloadZip([{ name: INSIDE, input: text, lastModified: new Date() }, ...files]);
  return saveFile(await zip.blob(), `${stem}.photochrom.zip`);
}

async function identityOf(name, file) {
  return { name, bytes: file?.size ?? null, sha256: file ? await digest(file) : null };
}

/** SHA-256 of a file; null where the browser has none, as on pages that came without HTTPS. */
async function digest(file) {
  if (!crypto.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function contentOf(photo) {
  const { points, protected: regions = [], taken = [], vividness, saturation, reference, referenceStrength = 1 } = photo.history.edit;
  const options = { ...(vividness === null ? {} : { vividness }), saturation };
  if (reference) Object.assign(options, { palette: reference.palette, palette_strength: referenceStrength });
  const hints = { version: 1, hints: asHints([...taken, ...points]), ...(regions.length ? { protected: asRegions(regions) } : {}) };
  const own = reference || taken.length || [...points, ...regions].some(({ name, hidden }) => name || hidden);
  const page = { hints: points.map(noted), protected: regions.map(noted), taken: taken.map(noted), reference: reference?.name };
  return { hints, ...(own ? { page } : {}), options };
}

/** A hint or region with all that the page knows of it, but for what it calls it by. */
function noted(one) {
  const { color, reach, name, hidden } = one;
  return { ...shapeOf(one), color, reach, name, hidden };
}

/** What was noted, checked as a file of hints is. */
function readNoted({ hints = [], protected: regions = [], taken = [] }) {
  const read = parsePoints(JSON.stringify({ hints, protected: regions }));
  const again = (one, number, list) => {
    const { name, hidden } = list[number];
    return { ...one, ...(typeof name === "string" && name ? { name: name.slice(0, LONGEST_NAME) } : {}), ...(hidden === true ? { hidden } : {}) };
  };
  return {
    points: read.hints.map((one, number) => again(one, number, hints)),
    protected: read.regions.map((one, number) => again(one, number, regions)),
    taken: parsePoints(JSON.stringify(taken)).hints,
  };
}

/** Open a project: its photos join those that are there; those that it does not hold are asked for. */
export async function openProject(file) {
  let project;
  try {
    project = await read(file);
  } catch (error) {
    toast(`${file.name} was not opened: ${error.message}.`, { bad: true });
    return;
  }
  const here = await photosHere(project.entries);
  const first = Math.max(0, ...state.photos.map((photo) => photo.order)) + 1;
  const wanted = project.entries.map((entry, number) => ({ ...entry, order: first + number }));
  for (const entry of wanted) if (here.has(entry.sha256)) apply(here.get(entry.sha256), entry);
  missing.push(...wanted.filter((entry) => !here.has(entry.sha256)));
  await bring(wanted.filter((entry) => entry.content && missing.includes(entry)).map((entry) => entry.content));
  await useNetwork(project.network);
  askForMissing();
}

/** Photos of the page that a project names, by their SHA-256. */
async function photosHere(entries) {
  const wanted = new Set(entries.map(({ sha256 }) => sha256).filter(Boolean));
  const here = new Map();
  if (!wanted.size) return here;
  for (const photo of state.photos) {
    const file = await fileOf(photo);
    const sha256 = file && (await digest(file));
    if (wanted.has(sha256)) here.set(sha256, photo);
  }
  return here;
}

async function read(file) {
  const zipped = (await file.slice(0, 2).text()) === "PK";
  const entries = zipped ? await entriesOf(file) : new Map();
  if (zipped && !entries.has(INSIDE)) throw new Error("it is a zip file without a project");
  let content;
  try {
    content = JSON.parse(zipped ? await (await entries.get(INSIDE)()).text() : await file.text());
  } catch {
    throw new Error("it is damaged");
  }
  if (content?.photochrom_project === undefined) throw new Error("it is no project");
  if (content.photochrom_project !== VERSION) throw new Error("a newer photochrom wrote it; update this one");
  if (!Array.isArray(content.photos)) throw new Error("it holds no list of photos");
  const photos = content.photos.map((photo, number) => check(photo, number + 1));
  for (const photo of photos) {
    if (!photo.file) continue;
    if (!entries.has(photo.file)) throw new Error(`${photo.name} is not in it`);
    photo.content = new File([await entries.get(photo.file)()], photo.name);
  }
  return { entries: photos, network: content.network };
}

/** An entry whose hints and options can be used; throws an Error that says what is wrong. */
function check(entry, number) {
  if (typeof entry?.name !== "string") throw new Error(`photo ${number} has no name`);
  const { name, bytes = null, sha256 = null, file = null, hints, page, options = {} } = entry;
  const { vividness = null, saturation = 1, palette = [], palette_strength: referenceStrength = 1 } = options;
  const within = (value, most) => typeof value === "number" && value >= 0 && value <= most;
  if ((vividness !== null && !within(vividness, 1)) || !within(saturation, 2) || !isPalette(palette) || !within(referenceStrength, 1)) throw new Error(`${name} has options that cannot be`);
  try {
    const marks = page ? readNoted(page) : readNoted(Array.isArray(hints) ? { hints } : (hints ?? {}));
    const called = typeof page?.reference === "string" ? page.reference : "another photo";
    const reference = palette.length ? { name: called, palette, thumb: null } : null;
    return { name, bytes, sha256, file, edit: { ...marks, vividness, saturation, reference, referenceStrength } };
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

const isPalette = (palette) =>
  Array.isArray(palette) && palette.every((ab) => Array.isArray(ab) && ab.length === 2 && ab.every((value) => typeof value === "number" && Math.abs(value) <= 128));

function apply(photo, entry) {
  const called = (marks) => marks.map((mark) => ({ id: newId(), ...mark }));
  const { points, protected: regions, ...others } = entry.edit;
  edit(photo, { ...others, points: called(points), protected: called(regions) });
}

/** For each of the files that come: what opened projects say of it, {order, apply(photo)}, or undefined. */
export async function claimed(files) {
  const claims = [];
  for (const file of files) {
    const entry = missing.length ? await entryOf(file) : null;
    missing = missing.filter((other) => other !== entry);
    claims.push(entry ? { order: entry.order, apply: (photo) => apply(photo, entry) } : undefined);
  }
  if (missing.length) listMissing();
  else $("#project-missing").close();
  return claims;
}

async function entryOf(file) {
  const inside = missing.find((entry) => entry.content === file);
  if (inside) return inside;
  const sha256 = await digest(file);
  const exact = sha256 && missing.find((entry) => entry.sha256 === sha256);
  if (exact) return exact;
  const named = missing.find((entry) => entry.name === file.name);
  if (named && (sha256 && named.sha256 ? true : named.bytes !== file.size)) {
    toast(`${file.name} is not the very file that the project was saved with; see whether its colours still fit.`, { bad: true });
  }
  return named;
}

async function useNetwork(network) {
  await ready();
  if (!network?.name) return;
  const same = state.networks.find((one) => one.sha256 === network.sha256);
  if (same) {
    if (same !== chosenNetwork()) chooseNetwork(same.name);
    return;
  }
  const named = state.networks.find((one) => one.name === network.name);
  if (named && named !== chosenNetwork()) chooseNetwork(named.name);
  const words = named
    ? `This server's network ${named.name} is not the one that the project was made with`
    : `The project was made with the network ${network.name}, which this server does not offer; ${chosenNetwork().name} is used`;
  toast(`${words}: colours may differ.`, { bad: true });
}

function askForMissing() {
  if (!missing.length) return;
  listMissing();
  if (!$("#project-missing").open) $("#project-missing").showModal();
}

function listMissing() {
  $("#project-missing-list").replaceChildren(...missing.map(({ name, bytes }) => el("li", {}, bytes ? `${name}, ${megabytes(bytes)}` : name)));
}

const chooser = $("#project-file");
for (const button of $$("[data-open-project]")) button.addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => {
  const [file] = chooser.files;
  if (file) openProject(file);
  chooser.value = "";
});

/** Say how files are brought to the page. */
export const onBring = (addFiles) => (bring = addFiles);

$("#project-save-go").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.setAttribute("aria-busy", "true");
  try {
    await saveProject($("#project-with-photos").checked);
    $("#project-save").close();
  } catch (error) {
    console.info(error);
    toast("The project was not saved: this browser has no room for it. Leave the photos out.", { bad: true });
  } finally {
    button.removeAttribute("aria-busy");
  }
});
on("photos select", () => {
  $("#project-about").textContent = state.photos.length === 1 ? "1 photo with its colours and settings." : `${state.photos.length} photos with their colours, settings and order.`;
});
