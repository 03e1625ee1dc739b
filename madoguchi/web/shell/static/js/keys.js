// The keyboard: single keys outside fields, Alt combinations anywhere, nothing while the IME is composing.
const SINGLE = { "/": search, "?": help, j: () => move(1), k: () => move(-1), o: open };

addEventListener("keydown", (event) => {
  if (madoguchi.isComposing(event)) {
    // Safari ends the composition before this Enter arrives, and would submit the form.
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(event);
  if (event.ctrlKey || event.metaKey) return;
  if (event.altKey) return combination(event);
  if (madoguchi.isField(event.target) || document.querySelector("dialog:modal")) return;
  if (event.key === "Enter" && event.target.matches(".focused")) return open();
  const act = SINGLE[event.key];
  if (act && !event.repeat | "jk".includes(event.key)) { event.preventDefault(); act(); }
}, true);

function scope() {
  return document.querySelector("dialog:modal") ?? document;
}

function combination(event) {
  const name = event.code.replace(/^(Key|Digit)/, "");
  const pressed = (key) => [...scope().querySelectorAll(`[data-key="${key}"]`)].find((one) => one.checkVisibility() && !one.disabled);
  // With Shift a key of its own comes first; where there is none, Shift changes nothing.
  const button = (event.shiftKey && pressed(`Alt+Shift+${name}`)) || pressed(`Alt+${name}`);
  if (!button) return;
  event.preventDefault();
  // A live refresh has just put it there, and htmx does not know it yet: as a plain link it would leave the page.
  if (!button.hasAttribute("data-htmx-powered")) htmx.process(button.form ?? button);
  button.click();
}

function send(event) {
  const form = event.target.closest?.("form");
  const button = form?.querySelector("[data-send]") ?? form?.querySelector("button.primary:not([type=button])");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
}

function search() {
  document.getElementById("search")?.focus();
}

function help() {
  const sheet = document.getElementById("keys");
  if (!sheet) return;
  const list = sheet.querySelector("[data-page-keys]");
  list.replaceChildren(...[...document.querySelectorAll("[data-key]")].filter((one) => one.checkVisibility()).map((one) => {
    const row = document.createElement("div");
    const key = document.createElement("kbd");
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    key.textContent = one.dataset.key;
    text.textContent = one.dataset.keyLabel ?? one.querySelector("span")?.textContent ?? one.textContent;
    term.append(key);
    row.append(term, text);
    return row;
  }));
  sheet.showModal();
}

function rows() {
  return [...document.querySelectorAll("[data-list] > *")].filter((row) => row.checkVisibility());
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("focused"));
  const next = all[Math.max(0, Math.min(all.length - 1, now + step))];
  all[now]?.classList.remove("focused");
  next.classList.add("focused");
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function open() {
  const row = rows().find((one) => one.classList.contains("focused"));
  (row?.querySelector("[data-open]") ?? row?.querySelector("a"))?.click();
}
