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
