// Behaviours set off by data attributes, by delegation: they work on whatever htmx swaps in later.

function toast(message, kind) {
  const holder = document.getElementById("toasts");
  if (!holder || !message) return;
  const item = document.createElement("div");
  item.className = kind === "error" ? "toast toast-error" : "toast";
  item.setAttribute("role", kind === "error" ? "alert" : "status");
  item.textContent = message;
  holder.append(item);
  leave(item, kind === "error" ? 7000 : 3200);
}

function leave(item, afterMs) {
  setTimeout(() => {
    item.classList.add("toast-leaving");
    setTimeout(() => item.remove(), 300);
  }, afterMs);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // Plain http and some in-app browsers have no clipboard API: select and copy the old way.
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

async function onCopy(button) {
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  const text = source ? source.value || source.textContent.trim() : button.dataset.copy;
  const done = await copyText(text);
  toast(done ? button.dataset.copied : button.dataset.copyFailed, done ? "info" : "error");
  if (done) {
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1600);
  }
}

function cycleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember("kamao-theme", root.dataset.theme);
}

function toggleDense() {
  const root = document.documentElement;
  const dense = root.dataset.dense === "1";
  if (dense) delete root.dataset.dense;
  else root.dataset.dense = "1";
  remember("kamao-dense", dense ? "0" : "1");
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    // Storage refused: the choice holds for this page only.
  }
}

function onClick(event) {
  const target = event.target.closest("[data-copy],[data-copy-from],[data-theme-toggle],[data-dense-toggle],[data-open],[data-close],[data-share],[data-print]");
  if (target) {
    if ("copy" in target.dataset || "copyFrom" in target.dataset) onCopy(target);
    else if ("themeToggle" in target.dataset) cycleTheme();
    else if ("denseToggle" in target.dataset) toggleDense();
    else if ("open" in target.dataset) document.querySelector(target.dataset.open)?.showModal();
    else if ("close" in target.dataset) target.closest("dialog")?.close();
    else if ("print" in target.dataset) window.print();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

function onSubmit(event) {
  const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (question && !event.target.hasAttribute("hx-confirm") && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  // A second press on a slow line must not send the form again; the server is idempotent all the same.
  const button = event.submitter;
  if (button && !event.target.hasAttribute("hx-post")) {
    setTimeout(() => button.setAttribute("aria-disabled", "true"), 0);
    setTimeout(() => button.removeAttribute("aria-disabled"), 8000);
  }
}

function onKey(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName || "");
  if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey) {
    const box = document.querySelector("[data-search-key]");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  }
}

function tickCountdowns() {
  for (const item of document.querySelectorAll("[data-until]")) {
    const leftS = Math.max(0, Math.round((Date.parse(item.dataset.until) - Date.now()) / 1000));
    const minutes = String(Math.floor(leftS / 60)).padStart(2, "0");
    item.textContent = `${minutes}:${String(leftS % 60).padStart(2, "0")}`;
  }
}

export function register(htmx) {
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control.matches("[data-autosubmit]")) control.form?.requestSubmit();
    if (control.matches("[data-check-all]")) {
      const scope = control.closest("form,table,[data-check-scope]") || document;
      const boxes = scope.querySelectorAll("input[type=checkbox][data-check]");
      for (const box of boxes) box.checked = control.checked;
    }
  });
  document.addEventListener("toast", (event) =>
    toast(event.detail.message || event.detail.value, event.detail.kind),
  );
  document.addEventListener("htmx:responseError", (event) => {
    const text = document.body.dataset.errorText;
    let detail = "";
    try {
      detail = JSON.parse(event.detail.xhr.responseText).detail;
    } catch (error) {
      detail = "";
    }
    toast(detail || text, "error");
  });
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offlineText, "error"));
  document.addEventListener("DOMContentLoaded", () => {
    for (const item of document.querySelectorAll("#toasts .toast")) {
      leave(item, item.classList.contains("toast-error") ? 7000 : 4000);
    }
    tickCountdowns();
    setInterval(tickCountdowns, 1000);
  });
  // A page with codes must not come back from the browser's page cache after it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.body.dataset.noStore === "1") window.location.reload();
  });
  window.kamaoToast = toast;
  return htmx;
}
