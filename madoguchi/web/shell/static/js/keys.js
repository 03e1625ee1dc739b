// The keyboard: single keys outside fields, Alt combinations anywhere, nothing while the IME is composing.
// "Alt+0 3" is a pair: Alt+0, then 3 with or without Alt, within three seconds.
const PAIR_MS = 3000;
let begun = null;

const SINGLE = { "/": search, "?": help, j: () => move(1), k: () => move(-1), o: open };

addEventListener("keydown", (event) => {
  if (madoguchi.isComposing(event)) {
    // Safari ends the composition before this Enter arrives, and would submit the form.
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (begun && second(event)) return;
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

function named(event) {
  return event.code.replace(/^(Key|Digit|Numpad)/, "");
}

function visible(selector) {
  return [...scope().querySelectorAll(selector)].filter((one) => one.checkVisibility() && !one.disabled);
}

function combination(event) {
  const name = named(event);
  const pressed = (key) => visible(`[data-key="${key}"]`)[0];
  // With Shift a key of its own comes first; where there is none, Shift changes nothing.
  const button = (event.shiftKey && pressed(`Alt+Shift+${name}`)) || pressed(`Alt+${name}`);
  if (button) return press(event, button);
  const pair = visible(`[data-key^="Alt+${name} "]`);
  if (!pair.length) return;
  event.preventDefault();
  begun = { key: `Alt+${name}`, at: event.timeStamp, pair };
  for (const one of pair) one.classList.add("awaited");
}

// The second key of a pair; anything else ends the pair and means what it always means.
function second(event) {
  if (["Alt", "Shift", "Control", "Meta"].includes(event.key)) return false;
  const { key, at, pair } = begun;
  begun = null;
  for (const one of pair) one.classList.remove("awaited");
  if (event.timeStamp - at > PAIR_MS) return false;
  if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); return true; }
  const button = visible(`[data-key="${key} ${named(event)}"]`)[0];
  if (button) press(event, button);
  return Boolean(button);
}

function press(event, button) {
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
