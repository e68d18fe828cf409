// Where the page begins: its parts are woken, what was there before is brought back, the service is asked what it offers.

import "./alike.js";
import "./alternatives.js";
import { connection, onTokenNeeded } from "./api.js";
import "./ask.js";
import "./compare.js";
import "./crosshair.js";
import "./detail.js";
import "./download.js";
import { $, $$, mountIcons } from "./dom.js";
import * as database from "./database.js";
import { pickFromPicture, takingColor, takingDrag } from "./eyedropper.js";
import { startGestures } from "./gestures.js";
import { resume, startIntake } from "./intake.js";
import "./coloroptions.js";
import "./pointslist.js";
import { restore } from "./persistence.js";
import "./reference.js";
import { ready } from "./remote.js";
import { takeAll } from "./removal.js";
import "./ring.js";
import "./sidebyside.js";
import "./stage.js";
import { on, state } from "./store.js";
import "./strip.js";
import "./takeout.js";
import { startTheme } from "./theming.js";
import { toast } from "./toast.js";
import { drawing, useTool } from "./tools.js";
import "./turning.js";
import "./unsure.js";
import { fit, isFitted, onView, scaleNow, zoom } from "./viewer.js";
import { duration, megabytes } from "./units.js";

mountIcons();
startTheme();
startIntake();
startGestures(
  (at) => {
    if (!takingColor()) return useTool(at);
    if (at) pickFromPicture(at);
    return null;
  },
  () => (takingColor() ? takingDrag() : drawing()),
);

$("#zoom-in").addEventListener("click", () => zoom(1.5));
$("#zoom-out").addEventListener("click", () => zoom(1 / 1.5));
$("#zoom-fit").addEventListener("click", fit);
onView(() => {
  $("#zoom-value").textContent = isFitted() ? "Fit" : `${Math.round(scaleNow() * window.devicePixelRatio * 100)}%`;
});

// On a phone the tools lie behind tabs.
for (const tab of $$("[data-tab]")) {
  tab.addEventListener("click", () => {
    $("#panel").dataset.shown = tab.dataset.tab;
    for (const other of $$("[data-tab]")) other.setAttribute("aria-pressed", other === tab);
  });
}

for (const opener of $$("[data-dialog]")) {
  opener.addEventListener("click", () => $(opener.dataset.dialog).showModal());
}
for (const dialog of $$("dialog")) {
  dialog.addEventListener("click", (event) => {
    const shut = event.target.closest("[data-close]") || (event.target === dialog && dialog.dataset.must !== "true");
    if (shut) dialog.close();
  });
}

$("#remove-all").addEventListener("click", () => {
  takeAll();
  $("#help").close();
});

connection.addEventListener("online", ({ detail }) => {
  $("#offline").hidden = detail;
});

onTokenNeeded(
  (refused) =>
    new Promise((resolve) => {
      const dialog = $("#token");
      $("#token-refused").hidden = !refused;
      let answered = false;
      $("#token-form").onsubmit = () => {
        answered = true;
        resolve($("#token-input").value.trim());
      };
      dialog.oncancel = (event) => event.preventDefault(); // without a token nothing works
      dialog.onclose = () => answered || dialog.showModal(); // a second Escape is not to be prevented
      if (!dialog.open) dialog.showModal();
    }),
);

database.onForgetting((error) => {
  const why = error?.name === "QuotaExceededError" ? "has no room left" : "keeps nothing for this page";
  toast(`This browser ${why}: what you do now lasts until the tab is closed.`, { bad: true });
});

on("network", () => {
  for (const place of $$("[data-keeps]")) place.textContent = duration(state.limits.keep_seconds);
  for (const place of $$("[data-most]")) place.textContent = megabytes(state.limits.upload_bytes);
  document.body.classList.add("ready");
});

await restore();
resume();
document.body.classList.remove("starting");
// Every photo says so too, and asks again when it is tried again.
ready().catch((error) => on("network", toast(error.message, { bad: true, ms: 600_000 })));
