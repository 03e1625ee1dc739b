// <tab-columns>: on a phone one column at a time, chosen by tabs; the choice survives a live refresh.
customElements.define("tab-columns", class extends HTMLElement {
  connectedCallback() {
    this.buttons = [...this.querySelectorAll(":scope > .tabs > [role=tab]")];
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[role=tab]");
      if (button && this.buttons.includes(button)) this.show(button);
    });
    this.addEventListener("keydown", (event) => {
      const at = this.buttons.indexOf(event.target);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (at < 0 || !step) return;
      const next = this.buttons[(at + step + this.buttons.length) % this.buttons.length];
      this.show(next);
      next.focus();
    });
    this.restore();
  }

  restore() {
    const kept = sessionStorage.getItem(this.place);
    this.show(this.buttons.find((button) => button.id === kept) ?? this.buttons[0]);
  }

  get place() { return `tab:${location.pathname}`; }

  show(chosen) {
    if (!chosen) return;
    for (const button of this.buttons) {
      const on = button === chosen;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      this.querySelector(`#${CSS.escape(button.getAttribute("aria-controls"))}`)?.toggleAttribute("data-shown", on);
    }
    sessionStorage.setItem(this.place, chosen.id);
  }
});

// htmx ends a swap by setting the attributes of elements with an id as the server wrote them.
document.addEventListener("htmx:after:settle", () => {
  for (const columns of document.querySelectorAll("tab-columns")) columns.restore();
});

// A row of pages wider than the screen shows the one that is open, once, where the style sheet could not.
for (const open of document.querySelectorAll(":is(.link-tabs, .views) > [aria-current]")) {
  const row = open.parentElement.getBoundingClientRect(), here = open.getBoundingClientRect();
  if (here.left < row.left || here.right > row.right) open.parentElement.scrollLeft += here.left - row.left - (row.width - here.width) / 2;
}
