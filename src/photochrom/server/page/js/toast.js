// Short notes at the head of the page, with one thing to do about each. They wait while somebody points at them.

import { $, el } from "./dom.js";

const LONG = 40; // letters that fit beside the buttons of the narrowest phone's header; longer notes get a row of their own

/** Show a note; `action` is {label, run}, `gone` is called unless that was done. Returns a function that takes it away. */
export function toast(text, { action = null, bad = false, ms = 6000, gone = () => {} } = {}) {
  const kind = `toast${bad ? " bad" : ""}${text.length > LONG ? " long" : ""}`;
  const note = el("div", { class: kind }, el("span", {}, text));
  let left = bad ? ms * 2 : ms;
  let since = 0;
  let timer = 0;
  const close = (acted = false) => {
    clearTimeout(timer);
    if (note.isConnected && !acted) gone();
    note.remove();
  };
  const stop = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    left -= performance.now() - since;
  };
  const go = () => {
    if (timer || note.matches(":hover, :focus-within")) return;
    since = performance.now();
    timer = setTimeout(close, left);
  };
  for (const event of ["pointerenter", "focusin"]) note.addEventListener(event, stop);
  for (const event of ["pointerleave", "focusout"]) note.addEventListener(event, () => setTimeout(go));
  if (action) {
    const run = () => {
      close(true);
      action.run();
    };
    note.append(el("button", { type: "button", class: "text", onclick: run }, action.label));
  }
  note.append(el("button", { type: "button", class: "text", "aria-label": "Close this note", onclick: () => close() }, "✕"));
  $("#toasts").append(note);
  go();
  return close;
}
