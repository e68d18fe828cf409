// Runs before anything is painted, so that a page in the dark never flashes white.
try {
  document.documentElement.dataset.theme = localStorage.getItem("photochrom-theme") || "auto";
} catch {
  // storage is forbidden: as the system has it
}
