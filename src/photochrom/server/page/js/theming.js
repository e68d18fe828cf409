// Dark, light, or as the system has it.

import { $, icon } from "./dom.js";
import { note } from "./storage.js";

const NEXT = { auto: "dark", dark: "light", light: "auto" };
const WORDS = { auto: "as the system has it", dark: "dark", light: "light" };
const ICONS = { auto: "sun-moon", dark: "moon", light: "sun" };

export function startTheme() {
  const button = $("#theme");
  const show = () => {
    const { theme } = document.documentElement.dataset;
    button.setAttribute("aria-label", `Light or dark: ${WORDS[theme]}`);
    button.title = `Light or dark: ${WORDS[theme]}`;
    button.replaceChildren(icon(ICONS[theme]));
  };
  button.addEventListener("click", () => {
    const theme = NEXT[document.documentElement.dataset.theme];
    document.documentElement.dataset.theme = theme;
    note("localStorage", "theme", theme);
    show();
  });
  show();
}
