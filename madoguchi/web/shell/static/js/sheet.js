// Dialogs: [data-opens=id] opens, [data-closes] closes; what is loaded into #sheet-body opens the sheet by itself.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    opener.closest("[popover]")?.hidePopover();
    if (opener.dataset.opens === "keys") document.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true }));
    else document.getElementById(opener.dataset.opens)?.showModal();
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  if (event.target.closest("[data-closes]")) close(dialog);
  else if (event.target === dialog && !dialog.matches(".sheet")) close(dialog);
});

document.addEventListener("htmx:after:swap", () => {
  const sheet = document.getElementById("sheet");
  if (!sheet) return;
  const full = document.getElementById("sheet-body").childElementCount > 0;
  if (full && !sheet.open) {
    sheet.showModal();
    // The dialog would focus its cross: the work begins at the first thing to fill in, or at the first verb.
    const body = sheet.querySelector(".sheet-content");
    const seen = (selector) => [...(body?.querySelectorAll(selector) ?? [])].find((element) => element.checkVisibility());
    (seen("[autofocus]") ?? seen("input:checked") ?? seen("input:not([type=hidden], [disabled]), textarea, select, button, a[href]"))?.focus();
  }
  if (!full && sheet.open) sheet.close();
});

document.addEventListener("close", (event) => {
  if (event.target.id === "sheet" && !event.target.open) document.getElementById("sheet-body").replaceChildren();
}, true);

// Escape and the cross ask before they throw away what was typed (and is not saved by itself).
document.addEventListener("cancel", (event) => {
  if (!event.target.matches("dialog")) return;
  event.preventDefault();
  close(event.target);
}, true);

document.addEventListener("input", (event) => {
  const form = event.target.closest("dialog form");
  if (form && !form.querySelector("auto-save")) form.dataset.touched = "";
});

// Any act may close the sheet: the answer's header HX-Trigger: close-sheet.
document.addEventListener("close-sheet", () => shut(document.getElementById("sheet")));

function close(dialog) {
  if (mayClose(dialog)) shut(dialog);
}

// The browser tells of the closing a moment later: a swap in between must not find the sheet full, and open it again.
function shut(dialog) {
  if (dialog?.id === "sheet") document.getElementById("sheet-body").replaceChildren();
  dialog?.close();
}

function mayClose(dialog) {
  return !dialog.querySelector("form[data-touched]") || confirm(madoguchi.word("discard"));
}
