// Small helpers around the DOM.

import { ICONS } from "../vendor/lucide.js";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Make an element: el("button", {class: "x", onclick: f, "aria-label": "…"}, child, "text"). */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = ICONS[name]; // from our own file, never from users
  return svg;
}

/** Put the icons into the elements that name one. */
export function mountIcons(root = document) {
  for (const element of $$("[data-icon]", root)) element.prepend(icon(element.dataset.icon));
}

/** Tell something to people who use a screen reader. */
export function announce(text) {
  $("#announcer").textContent = text;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const isTyping = (target) => target.matches?.("input:not([type=range]), textarea, select");

/** Save a blob as a file of the user's. */
export function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
