// <offer-list>: Alt+A accepts the selected row; what was decided elsewhere stays in its place, dimmed, while the
// pointer or the selection is in the list, so that no row moves under a hand that is about to press.
customElements.define("offer-list", class extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const listen = { signal: this.stop.signal };
    this.addEventListener("focusin", (event) => this.select(event.target.closest("tr[id]")), listen);
    this.addEventListener("pointerleave", () => this.clear(), listen);
    document.addEventListener("htmx:before:swap", (event) => this.remember(event), listen);
    document.addEventListener("htmx:after:swap", (event) => this.restore(event), listen);
  }

  disconnectedCallback() { this.stop.abort(); }

  mine(event) {
    const target = event.detail.ctx.target;
    return target === this || target === `#${this.id}`;
  }

  select(row) {
    for (const button of this.querySelectorAll("[data-accept]")) {
      const on = row?.contains(button);
      button.toggleAttribute("data-selected", on);
      if (on) { button.dataset.key = "Alt+A"; button.setAttribute("aria-keyshortcuts", "Alt+A"); }
      else { delete button.dataset.key; button.removeAttribute("aria-keyshortcuts"); }
    }
    this.selected = row?.id;
  }

  remember(event) {
    if (!this.mine(event)) return;
    this.rows = this.matches(":hover") ? [...this.querySelectorAll("tbody")].map((body) => [body.closest("section").getAttribute("aria-labelledby"), [...body.rows]]) : [];
    this.held = this.contains(document.activeElement);
  }

  restore(event) {
    if (!this.mine(event)) return;
    for (const [name, rows] of this.rows ?? []) {
      const body = this.querySelector(`section[aria-labelledby="${name}"] tbody`);
      if (!body) continue;
      rows.forEach((row, at) => {
        if (document.getElementById(row.id)) return;
        const ghost = row.cloneNode(true);
        ghost.className = "gone";
        ghost.inert = true;
        ghost.removeAttribute("id");
        const verbs = ghost.querySelector(".offer-verbs");
        if (verbs) verbs.textContent = this.dataset.gone;
        body.insertBefore(ghost, body.rows[at] ?? null);
      });
    }
    this.rows = [];
    const again = this.selected && document.getElementById(this.selected);
    if (again && this.held) {
      again.classList.add("focused");
      again.tabIndex = -1;
      again.focus({ preventScroll: true });
    } else this.select(null);
  }

  clear() {
    for (const ghost of this.querySelectorAll("tr.gone")) ghost.remove();
  }
});
