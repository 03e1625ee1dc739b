// <look-up>: a text field whose list is asked for while one types; arrows move, Enter or Tab takes, other text stays free.
customElements.define("look-up", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[role=combobox]");
    this.chosen = this.querySelector("input[type=hidden]");
    this.list = this.querySelector("[role=listbox]");
    this.input.addEventListener("input", () => { this.chosen.value = ""; this.typed = true; });
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) this.choose(item);
    });
    this.watching = new MutationObserver(() => this.show());
    this.watching.observe(this.list, { childList: true });
  }

  disconnectedCallback() { this.watching?.disconnect(); }

  get items() { return [...this.list.querySelectorAll("[role=option]")]; }

  show() {
    if (!this.typed || document.activeElement !== this.input || !this.items.length) return this.close();
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(0);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(place) {
    this.at = Math.max(0, Math.min(this.items.length - 1, place));
    this.items.forEach((item, index) => item.setAttribute("aria-selected", String(index === this.at)));
    this.input.setAttribute("aria-activedescendant", this.items[this.at].id);
    this.items[this.at].scrollIntoView({ block: "nearest" });
  }

  choose(item) {
    this.input.value = item.dataset.label;
    this.chosen.value = item.dataset.value;
    this.typed = false;
    this.close();
  }

  key(event) {
    if (madoguchi.isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const open = !this.list.hidden;
    if (step && open) {
      event.preventDefault();
      this.mark(this.at + step);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      this.choose(this.items[this.at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.typed = false;
      this.close();
    } else if (event.key === "Tab" && open && !event.shiftKey) this.choose(this.items[this.at]);
  }
});
