// The result where people reach for it: copied, dragged out of the page, or saved by a right click.

import { madeNow, make } from "./ahead.js";
import * as api from "./api.js";
import { $, $$, isTyping } from "./dom.js";
import { download, tellNotes } from "./download.js";
import { resultOf } from "./result.js";
import { on, state } from "./store.js";
import { toast } from "./toast.js";

const COPIED = 4096; // pixels of the longer side; programs that paste choke on much more
const copyButton = $("#copy");
const handle = $("#download");
const menu = $("#photo-menu");
const canCopy = !!navigator.clipboard?.write && "ClipboardItem" in window; // on pages that came by HTTPS, or from this computer

for (const button of $$("[data-copy]")) button.hidden = !canCopy;
const isReady = () => state.selected?.status === "ready";
on("select status", () => (copyButton.disabled = !isReady()));

async function copy() {
  if (copyButton.getAttribute("aria-busy") === "true") return;
  copyButton.setAttribute("aria-busy", "true");
  try {
    const { width = 0, height = 0 } = state.selected.remote ?? {};
    const options = { format: "png", long_edge: COPIED, mark: true };
    const png = resultOf(state.selected, options).then(({ blob }) => blob);
    png.catch(() => {}); // told below
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    const smaller = Math.max(width, height) > COPIED ? ` It is ${COPIED} pixels long; a download has all.` : "";
    toast(`Copied: paste it anywhere.${smaller}`);
  } catch (error) {
    toast(error instanceof api.Problem ? error.message : "This browser did not let it be copied.", { bad: true });
  } finally {
    copyButton.removeAttribute("aria-busy");
  }
}

copyButton.addEventListener("click", copy);
document.addEventListener("copy", (event) => {
  if (!canCopy || !isReady() || isTyping(event.target) || !getSelection().isCollapsed || $("dialog[open]")) return;
  event.preventDefault();
  copy();
});

// Dragged out: where the file is not made yet, for a mouse that was too quick, it is dragged once more.

handle.draggable = true;
handle.addEventListener("dragstart", (event) => {
  const made = madeNow();
  if (!made) {
    event.preventDefault();
    toast("The file is being made; then drag it out.");
    make().then(
      () => toast("It is ready: drag it out now."),
      (error) => toast(error.message, { bad: true }),
    );
    return;
  }
  event.dataTransfer.effectAllowed = "copy";
  event.dataTransfer.setData("DownloadURL", `${made.file.type}:${made.file.name}:${made.url}`);
  event.dataTransfer.items.add(made.file);
  event.dataTransfer.setDragImage($(`[data-key="${state.selected.key}"] img`), 20, 20);
});
handle.addEventListener("dragend", (event) => event.dataTransfer.dropEffect !== "none" && tellNotes(madeNow()?.notes ?? []));

// The menu of a right click.

function openMenu(event) {
  if (event.shiftKey || event.target.closest(".mark, [data-own-gestures]") || !isReady()) return;
  event.preventDefault();
  const stage = $("#stage").getBoundingClientRect();
  const at = event.clientX || event.clientY ? event : { clientX: stage.left + stage.width / 2, clientY: stage.top + stage.height / 2 };
  menu.hidden = false;
  menu.style.left = `${Math.min(at.clientX, window.innerWidth - menu.offsetWidth - 8)}px`;
  menu.style.top = `${Math.min(at.clientY, window.innerHeight - menu.offsetHeight - 8)}px`;
  $("button:not([hidden])", menu).focus();
}

function closeMenu(focus = true) {
  if (menu.hidden) return;
  menu.hidden = true;
  if (focus) $("#stage").focus({ preventScroll: true });
}

$("#stage").addEventListener("contextmenu", openMenu);
menu.addEventListener("keydown", (event) => {
  const items = $$("button:not([hidden])", menu);
  const at = items.indexOf(document.activeElement);
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) items[(at + by + items.length) % items.length].focus();
  else if (["Escape", "Tab"].includes(event.key)) closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || closeMenu(false));
$("#menu-save").addEventListener("click", () => {
  closeMenu();
  download();
});
$("#menu-copy").addEventListener("click", () => {
  closeMenu();
  copy();
});
