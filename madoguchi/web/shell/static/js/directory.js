// <directory-search>: arrows go from the field through the hits; Enter in the field opens the first, once it is there.
customElements.define("directory-search", class extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.stop = new AbortController();
    this.field.addEventListener("input", () => { this.stale = true; });
    this.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("htmx:after:swap", (event) => this.arrived(event), { signal: this.stop.signal });
  }

  disconnectedCallback() { this.stop.abort(); }

  get hits() { return [...this.querySelectorAll("[data-open]")]; }

  key(event) {
    if (madoguchi.isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [this.field, ...this.hits];
    const at = stops.indexOf(event.target);
    if (step && at >= 0 && stops[at + step]) {
      event.preventDefault();
      stops[at + step].focus();
    } else if (event.key === "Enter" && event.target === this.field && this.field.value.trim()) {
      if (this.stale) this.opens = true;
      else { event.preventDefault(); this.hits[0]?.click(); }
    }
  }

  arrived(event) {
    const source = event.detail.ctx?.sourceElement;
    if (!source || !this.contains(source)) return;
    this.stale = false;
    if (this.opens) this.hits[0]?.click();
    this.opens = false;
  }
});

// <chain-editor>: a row is moved by Alt+Up and Alt+Down, by its buttons or by dragging, and saved when it rests.
const REST_MS = 400;

customElements.define("chain-editor", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.list = this.querySelector("ol");
    if (!this.list) return;
    this.before = this.order;
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => this.pressed(event));
    for (const kind of ["dragstart", "dragover", "drop", "dragend"]) this.list.addEventListener(kind, (event) => this.drag(event));
    this.form.addEventListener("submit", () => { this.sending = true; this.sent = this.order; });
    this.form.addEventListener("htmx:finally:request", () => {
      this.sending = false;
      if (this.isConnected && this.last && this.order !== this.sent) this.rest(this.last);
    });
  }

  disconnectedCallback() {
    clearTimeout(this.waiting);
    if (!this.last || this.order === this.sent) return;
    const saved = document.getElementById(this.form.id)?.closest("chain-editor"); // the one that has come in our place
    if (saved?.list) saved.takeUp(this.rows.map((row) => row.id), this.last.id);
  }

  // What was moved while an earlier move was being saved; somebody who has come in meanwhile stays last.
  takeUp(order, last) {
    const rows = this.rows;
    const place = (row) => (order.includes(row.id) ? order.indexOf(row.id) : rows.length);
    this.list.append(...rows.sort((one, other) => place(one) - place(other)));
    const row = this.rows.find((one) => one.id === last);
    if (row) this.rest(row);
  }

  get rows() { return [...this.list.children]; }

  get order() { return this.rows.map((row) => row.id).join(); }

  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest("li");
    if (!step || !row || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.altKey) this.move(row, step);
    else if (event.target === row) this.rows[this.rows.indexOf(row) + step]?.focus();
  }

  pressed(event) {
    const button = event.target.closest("button[name=move]");
    if (!button) return;
    event.preventDefault();
    this.move(button.closest("li"), button.value.endsWith(":up") ? -1 : 1);
  }

  move(row, step) {
    const other = this.rows[this.rows.indexOf(row) + step];
    if (!other) return;
    other[step < 0 ? "before" : "after"](row);
    row.focus();
    this.rest(row);
  }

  drag(event) {
    const row = event.target.closest?.("li");
    if (event.type === "dragstart" && row) {
      this.dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.id);
      row.classList.add("dragged");
    } else if (event.type === "dragover" && this.dragged) {
      event.preventDefault();
      if (!row || row === this.dragged) return;
      const box = row.getBoundingClientRect();
      row[event.clientY < box.top + box.height / 2 ? "before" : "after"](this.dragged);
    } else if (event.type === "drop" && this.dragged) {
      event.preventDefault();
    } else if (event.type === "dragend" && this.dragged) {
      this.dragged.classList.remove("dragged");
      this.rest(this.dragged);
      this.dragged = null;
    }
  }

  rest(row) {
    this.rows.forEach((one, at) => {
      one.querySelector("[value$=':up']").disabled = !at;
      one.querySelector("[value$=':down']").disabled = at === this.rows.length - 1;
    });
    const said = this.querySelector(".chain-said");
    said.textContent = said.dataset.moved.replace("%1", row.querySelector(".order-what").firstChild.textContent.trim()).replace("%2", this.rows.indexOf(row) + 1);
    clearTimeout(this.waiting);
    this.last = row;
    if (this.sending || this.order === this.before) return;
    this.waiting = setTimeout(() => this.form.requestSubmit(), REST_MS);
  }
});
