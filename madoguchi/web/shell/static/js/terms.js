// <term-card>: the one explanation that stands open beside a word of the glossary. Words are marked by the server
// ([data-term]); a press, Enter or the space bar opens it, Escape or a press elsewhere closes it, and the focus goes back.
customElements.define("term-card", class extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const listen = { signal: this.stop.signal };
    // A press beside the card closes it before the click arrives: a second press on its word shall not open it again.
    document.addEventListener("pointerdown", (event) => {
      const word = event.target.closest?.("[data-term]");
      this.wasOpen = word && word === this.word && this.matches(":popover-open");
    }, { ...listen, capture: true });
    document.addEventListener("click", (event) => this.pressed(event), { ...listen, capture: true });
    document.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && !event.isComposing && event.target.matches?.("[data-term]")) this.pressed(event);
    }, { ...listen, capture: true });
    this.addEventListener("toggle", (event) => {
      if (event.newState === "closed") this.word?.setAttribute("aria-expanded", "false");
    }, listen);
    window.addEventListener("scroll", () => this.place(), { ...listen, capture: true, passive: true });
  }

  disconnectedCallback() { this.stop.abort(); }

  pressed(event) {
    const word = event.target.closest?.("[data-term]");
    if (!word) return;
    // A word in the label of a field, or in a row that opens, explains itself and does nothing else.
    event.preventDefault();
    event.stopPropagation();
    this.explain(word);
  }

  async explain(word) {
    const again = this.wasOpen || (this.word === word && this.matches(":popover-open"));
    this.wasOpen = false;
    if (this.matches(":popover-open")) this.hidePopover();
    if (again) return;
    this.word = word;
    const answer = await fetch(this.dataset.address.replace("/0/", `/${encodeURIComponent(word.dataset.term)}/`), { headers: { "HX-Request": "true", "HX-Target": "div#card", "HX-Request-Type": "partial" } }).catch(() => null);
    if (this.word !== word || !word.isConnected) return;
    if (answer?.ok) this.innerHTML = await answer.text();
    else this.textContent = madoguchi.word("termGone");
    // Beside a modal sheet nothing can be pressed or read: the card stands in the sheet then.
    const home = word.closest("dialog") ?? document.body;
    if (this.parentElement !== home) home.append(this);
    word.focus({ preventScroll: true });
    this.showPopover();
    word.setAttribute("aria-expanded", "true");
    this.place();
    this.focus({ preventScroll: true });
  }

  place() {
    if (!this.word?.isConnected || !this.matches(":popover-open")) return;
    const at = [...this.word.getClientRects()][0];
    if (!at) return;
    const { offsetWidth: width, offsetHeight: height } = this;
    const below = at.bottom + 6 + height <= innerHeight || at.top < height + 6;
    this.style.left = `${Math.max(12, Math.min(at.left, innerWidth - width - 12))}px`;
    this.style.top = `${Math.max(12, Math.min(below ? at.bottom + 6 : at.top - 6 - height, innerHeight - height - 12))}px`;
  }
});
