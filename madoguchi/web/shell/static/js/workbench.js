// <category-picker>: type a few letters (kanji, kana, romaji, English) over a plain select, which keeps the value.
customElements.define("category-picker", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[role=combobox]");
    this.select = this.querySelector("select");
    this.list = this.querySelector("[role=listbox]");
    this.options = [...this.select.options].filter((option) => option.value);
    this.input.addEventListener("focus", () => { this.input.select(); });
    this.input.addEventListener("click", () => this.filter(""));
    this.input.addEventListener("input", () => this.filter(this.input.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => { if (this.open) this.show(); });
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) this.choose(item.dataset.value);
    });
    this.select.form?.addEventListener("restored", () => this.show());
    this.show();
  }

  get open() { return !this.list.hidden; }

  show() {
    this.input.value = this.select.selectedOptions[0]?.text ?? "";
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  filter(typed) {
    const wanted = typed.split(/\s+/).filter(Boolean).map(fold);
    const fitting = this.options.filter((option) => wanted.every((word) => option.dataset.words.includes(word) || fold(option.text).includes(word)));
    if (wanted.length) fitting.sort((one, other) => one.dataset.rank - other.dataset.rank);
    this.list.replaceChildren(...fitting.map((option) => {
      const item = document.createElement("li");
      item.id = `category-${option.value}`;
      item.setAttribute("role", "option");
      item.dataset.value = option.value;
      const parts = option.text.split(" › ");
      const leaf = document.createElement("span");
      leaf.textContent = parts.pop();
      const path = document.createElement("span");
      path.className = "sub";
      path.textContent = parts.join(" › ");
      item.append(leaf, path);
      return item;
    }));
    this.list.hidden = !fitting.length;
    this.input.setAttribute("aria-expanded", String(fitting.length > 0));
    this.mark(typed ? 0 : Math.max(0, fitting.findIndex((option) => option.selected)));
  }

  mark(place) {
    const items = [...this.list.children];
    this.at = Math.max(0, Math.min(items.length - 1, place));
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === this.at)));
    items[this.at]?.scrollIntoView({ block: "nearest" });
    if (items[this.at]) this.input.setAttribute("aria-activedescendant", items[this.at].id);
  }

  key(event) {
    if (madoguchi.isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.open) this.mark(this.at + step);
      else this.filter("");
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = this.open && this.list.children[this.at];
      if (item) this.choose(item.dataset.value);
    } else if (event.key === "Escape" && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.show();
    } else if (event.key === "Tab" && this.open && this.input.value && this.input.value !== this.select.selectedOptions[0]?.text) {
      const item = this.list.children[this.at];
      if (item) this.choose(item.dataset.value);
    }
  }

  choose(value) {
    const changed = this.select.value !== value;
    this.select.value = value;
    this.show();
    if (changed) this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

function fold(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[ァ-ヶ]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0x60)).replace(/\s+/g, "");
}

// <hearing-items>: how many of the required items are answered, while they are typed. The page itself brings the first count.
customElements.define("hearing-items", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.count());
    this.closest("form")?.addEventListener("restored", () => this.isConnected && this.count());
  }
  count() {
    const figure = this.querySelector("[data-count]");
    if (!figure) return;
    const fields = [...this.querySelectorAll("[data-required] :is(input, textarea, select)")];
    const answered = fields.filter((field) => field.value.trim()).length;
    figure.textContent = `${answered}/${fields.length}`;
    figure.classList.toggle("warn", answered < fields.length);
  }
});

// The subject that would be taken from the notes is shown while they are written.
document.addEventListener("input", (event) => {
  if (!event.target.matches("#intake [name=notes]")) return;
  const subject = event.target.form.elements.subject;
  if (!subject) return;
  subject.dataset.empty ??= subject.placeholder;
  subject.placeholder = event.target.value.split("\n").map((line) => line.trim()).find(Boolean) ?? subject.dataset.empty;
});

// A key that leads to a field: <button data-key="Alt+M" data-focuses="field-notes">; of several it takes the next one.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-focuses]");
  const fields = button?.dataset.focuses.split(" ").map((id) => document.getElementById(id)).filter(Boolean) ?? [];
  const field = fields[(fields.indexOf(document.activeElement) + 1) % fields.length];
  if (!field) return;
  field.focus();
  field.scrollIntoView({ block: "nearest" });
  if (field.matches("[role=combobox]")) field.click();
});

// The proposed category is chosen where one would choose it by hand, so that what is being typed stays as it is.
document.addEventListener("click", (event) => {
  const taken = event.target.closest("[data-takes-category]");
  if (taken) document.querySelector("category-picker")?.choose(taken.dataset.takesCategory);
});

// The arrows go through who it may be: the candidates, the search, what it found.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const list = step && event.target.closest(".candidates");
  if (!list || madoguchi.isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [...list.querySelectorAll(".candidate, #person-search")];
  const next = stops[stops.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// Suggestions and what is due never move under the pointer: what came in waits until it has left.
document.addEventListener("htmx:before:swap", (event) => {
  const source = event.detail.ctx?.sourceElement;
  const again = { known: "saved", due: "live" }[source?.id];
  const list = again && source.querySelector(":is(.suggestions, .due-list):hover");
  if (!list) return;
  event.preventDefault();
  if (list.dataset.waits) return;
  list.dataset.waits = again;
  list.addEventListener("pointerleave", () => htmx.trigger(source, again), { once: true });
});
