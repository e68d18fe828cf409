// Runs before anything is painted, so that a page in the dark never flashes white.
document.documentElement.dataset.theme = localStorage.getItem("photochrom-theme") || "auto";
