// Runs in <head> before anything is painted, so that no page flashes in the wrong theme.
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("rapport-theme"); } catch { /* storage is off: follow the system */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
})();
