// Loaded before the page is painted: a remembered theme or density must not flash. The rest is in kit.js.
(function () {
  try {
    var root = document.documentElement;
    var theme = localStorage.getItem("kamao-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("kamao-dense") === "1") root.dataset.dense = "1";
  } catch (error) {
    // Storage may be refused (private windows): the page then follows the system's theme.
  }
  document.documentElement.classList.add("js");
})();
