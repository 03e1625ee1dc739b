// The list of all steps stands over the page: Escape and a press elsewhere close it.
const openSteps = () => document.querySelector("details.script-all[open]");
document.addEventListener("keydown", (event) => {
  const list = event.key === "Escape" && !madoguchi.isComposing(event) ? openSteps() : null;
  if (!list) return;
  const inside = list.contains(document.activeElement);
  list.open = false;
  if (inside) list.querySelector("summary").focus();
});
document.addEventListener("pointerdown", (event) => {
  const list = openSteps();
  if (list && !list.contains(event.target)) list.open = false;
});
// <walk-step>: Enter in the answer goes on to the next step of the script; a long text keeps its own Enter.
customElements.define("walk-step", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input, select") || madoguchi.isComposing(event)) return;
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.querySelector("[data-next]")?.click();
    });
  }
});
