// <new-items data-live>: counts what came in and waits to be asked; a list that is being read never moves.
customElements.define("new-items", class extends HTMLElement {
  connectedCallback() {
    this.seen = new Set();
    this.addEventListener("live", (event) => {
      this.seen.add(event.detail?.id ?? event.detail?.topic ?? this.seen.size);
      const text = this.querySelector("[data-text]");
      text.textContent = this.seen.size === 1 ? text.dataset.one : text.dataset.many.replace("%s", this.seen.size);
      this.hidden = false;
    });
    this.addEventListener("click", () => { this.seen.clear(); this.hidden = true; });
  }
});
