// How the colours are to be: vividness, saturation, and the network that chooses them.

import { $, el } from "./dom.js";
import { can } from "./remote.js";
import { chooseNetwork, chosenNetwork, edit, on, state } from "./store.js";

const vividness = $("#vividness");
const saturation = $("#saturation");
const network = $("#network");

on("select edit network", show);

function slide(input, name, read) {
  let gesture = 0;
  const change = (live) => state.selected && edit(state.selected, { [name]: read(input) }, { tag: `${name} ${gesture}`, live });
  input.addEventListener("input", () => change(true));
  input.addEventListener("change", () => {
    change(false);
    gesture += 1;
  });
}
slide(vividness, "vividness", (input) => Number(input.value) / 100);
slide(saturation, "saturation", (input) => Number(input.value) / 100);
$("#vividness-reset").addEventListener("click", () => reset("vividness", null, vividness));
$("#saturation-reset").addEventListener("click", () => reset("saturation", 1, saturation));
network.addEventListener("change", () => chooseNetwork(network.value));

function reset(name, value, input) {
  edit(state.selected, { [name]: value });
  input.focus();
}

function show() {
  const present = state.selected?.history.edit;
  const vivid = Math.round((present?.vividness ?? 0.5) * 100);
  const strong = Math.round((present?.saturation ?? 1) * 100);
  set(vividness, vivid, (present?.vividness ?? null) === null ? "as the network finds best" : `${vivid}%`);
  set(saturation, strong, `${strong}%`);
  $("#vividness-value").textContent = (present?.vividness ?? null) === null ? "Middle" : `${vivid}%`;
  $("#saturation-value").textContent = `${strong}%`;
  $("#vividness-reset").hidden = (present?.vividness ?? null) === null;
  $("#saturation-reset").hidden = (present?.saturation ?? 1) === 1;
  allow();
  showNetworks();
}

function set(input, value, words) {
  if (Number(input.value) !== value) input.value = value;
  input.style.setProperty("--at", (value - input.min) / (input.max - input.min));
  input.setAttribute("aria-valuetext", words);
}

/** Turn off what the chosen network cannot do, and say why beside it. */
function allow() {
  const chosen = chosenNetwork();
  for (const element of document.querySelectorAll("[data-needs]")) {
    const off = !!chosen && !can(...element.dataset.needs.split(" "));
    element.toggleAttribute("disabled", off);
    element.classList.toggle("off", off);
  }
  const able = state.networks.find((one) => one.inputs.includes("hints") && one.inputs.includes("vividness"));
  const other = able && able !== chosen ? ` Choose ${able.name} below for that.` : "";
  for (const note of document.querySelectorAll("[data-without]")) {
    note.hidden = !chosen || can(...note.dataset.without.split(" "));
    if (chosen) note.textContent = `The network ${chosen.name} ${note.dataset.why}.${other}`;
  }
}

function showNetworks() {
  $("#network-row").hidden = state.networks.length < 2;
  if (network.options.length !== state.networks.length) {
    network.replaceChildren(...state.networks.map((one) => el("option", { value: one.name }, one.name)));
  }
  const chosen = chosenNetwork();
  if (!chosen) return;
  network.value = chosen.name;
  $("#network-about").textContent = `${chosen.description[0].toUpperCase()}${chosen.description.slice(1)}.`.replace("..", ".");
}
