// The result where people reach for it: copied, dragged out of the page, or saved by a right click.

import * as api from "./api.js";
import { $, $$, isTyping } from "./dom.js";
import { download, fullSize, resultName, resultOf } from "./download.js";
import { chosenNetwork, on, state } from "./store.js";
import { toast } from "./toast.js";
import { suffixOf } from "./units.js";

const COPIED = 4096; // pixels of the longer side; programs that paste choke on much more
const copyButton = $("#copy");
const handle = $("#download");
const menu = $("#photo-menu");
const canCopy = !!navigator.clipboard?.write && "ClipboardItem" in window; // on pages that came by HTTPS, or from this computer
let made = null; // {key, file, url}: the last result that was made to be dragged

for (const button of $$("[data-copy]")) button.hidden = !canCopy;
const isReady = () => state.selected?.status === "ready";
on("select status", () => (copyButton.disabled = !isReady()));

async function copy() {
  if (copyButton.getAttribute("aria-busy") === "true") return;
  copyButton.setAttribute("aria-busy", "true");
  try {
    const options = { format: "png", long_edge: COPIED, mark: true };
    const png = resultOf(state.selected, options).then(({ blob }) => blob);
    png.catch(() => {}); // told below
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    toast("Copied: paste it anywhere.");
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

// A file can be dragged to a folder only if it is there when the drag begins.

const keyNow = () => JSON.stringify([state.selected?.key, state.selected?.history.edit, chosenNetwork()?.name, fullSize()]);

async function prepare() {
  const key = keyNow();
  const photo = state.selected;
  const { blob } = await resultOf(photo, fullSize());
  URL.revokeObjectURL(made?.url);
  const file = new File([blob], `${resultName(photo)}.${suffixOf(blob)}`, { type: blob.type });
  made = { key, file, url: URL.createObjectURL(file) };
}

handle.draggable = true;
handle.addEventListener("dragstart", (event) => {
  if (made?.key !== keyNow()) {
    event.preventDefault();
    toast("The file is being made; then drag it out.");
    prepare().then(
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
