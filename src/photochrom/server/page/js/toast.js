// Short notes at the foot of the page, with one thing to do about each.

import { $, el } from "./dom.js";

/** Show a note; `action` is {label, run}. Returns a function that takes it away. */
export function toast(text, { action = null, bad = false, ms = 6000, gone = () => {} } = {}) {
  const note = el("div", { class: bad ? "toast bad" : "toast" }, el("span", {}, text));
  let timer = 0;
  const close = (acted = false) => {
    clearTimeout(timer);
    if (note.isConnected && !acted) gone();
    note.remove();
  };
  if (action) {
    const run = () => {
      close(true);
      action.run();
    };
    note.append(el("button", { type: "button", class: "text", onclick: run }, action.label));
  }
  note.append(el("button", { type: "button", class: "text", "aria-label": "Close this note", onclick: () => close() }, "✕"));
  $("#toasts").append(note);
  timer = setTimeout(close, bad ? ms * 2 : ms);
  return close;
}
