// <auto-save url key> inside a form: saves it as it is typed, says when, and keeps the text when it cannot.
const PAUSE = 800;
const RETRY = [2000, 5000, 15000, 30000];

customElements.define("auto-save", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.mark = this.querySelector(".saved");
    this.place = `draft:${document.body.dataset.staff}:${this.getAttribute("key")}`;
    this.failures = 0;
    this.leaving = false;
    this.taken = new WeakMap(); // request → what it took along
    this.stop = new AbortController();
    const listen = { signal: this.stop.signal };
    for (const kind of ["input", "change", "compositionend"]) this.form.addEventListener(kind, (event) => this.changed(event), listen);
    this.form.addEventListener("htmx:after:request", (event) => this.sent(event), listen);
    this.form.addEventListener("submit", () => this.form.hasAttribute("hx-post") || this.forget(), listen);
    document.addEventListener("htmx:before:request", (event) => this.carried(event), listen);
    document.addEventListener("htmx:before:swap", (event) => this.replaced(event), listen);
    document.addEventListener("htmx:after:swap", () => { this.leaving = false; }, listen); // it stayed: a morph
    addEventListener("online", () => this.dirty && this.save(), listen);
    addEventListener("offline", () => this.dirty && this.fail(madoguchi.word("offline")), listen);
    addEventListener("pagehide", () => this.dirty && this.keep(), listen);
    this.restore();
  }

  disconnectedCallback() {
    this.stop.abort();
    clearTimeout(this.timer);
    if (this.dirty) this.save();
  }

  changed(event) {
    if (this.leaving || event.target.type === "file" || event.target.matches("[data-unsaved]")) return;
    this.dirty = true;
    this.keep();
    clearTimeout(this.timer);
    if (!event.isComposing) this.timer = setTimeout(() => this.save(), PAUSE);
  }

  // A button beside the form takes it along (hx-include): what comes back knows it all, and more. Saved once again as it
  // was, the form would undo what the button did.
  carried(event) {
    const { ctx } = event.detail, include = ctx.sourceElement.getAttribute("hx-include");
    if (include && this.form.matches(include)) this.taken.set(ctx, JSON.stringify(this.values()));
  }

  replaced(event) {
    const { ctx } = event.detail;
    if (!ctx.response?.raw?.ok || !ctx.target?.contains?.(this.form) || this.taken.get(ctx) !== JSON.stringify(this.values())) return;
    this.leaving = true; // a field that is taken away while one writes in it says once more that it changed
    this.forget();
  }

  values() {
    const data = new FormData(this.form);
    data.delete("csrfmiddlewaretoken");
    return [...data].filter(([, value]) => typeof value === "string");
  }

  keep() {
    try { localStorage.setItem(this.place, JSON.stringify(this.values())); } catch { /* a full or forbidden store: the server still saves */ }
  }

  forget() {
    clearTimeout(this.timer);
    this.dirty = false;
    localStorage.removeItem(this.place);
  }

  async save() {
    if (this.running) { this.again = true; return; }
    this.running = true;
    const sent = JSON.stringify(this.values());
    const url = this.getAttribute("url");
    try {
      if (url) {
        const answer = await fetch(url, {
          method: "POST", body: new URLSearchParams(this.values()), credentials: "same-origin", keepalive: sent.length < 60000,
          headers: { "X-CSRFToken": this.form.querySelector("[name=csrfmiddlewaretoken]")?.value ?? madoguchi.token(), "HX-Request": "true", "HX-Current-URL": location.href, "X-Autosave": "1" },
        });
        if (answer.headers.get("HX-Redirect")) throw new Error(madoguchi.word("signedOut"));
        if (!answer.ok) throw new Error(answer.status < 500 ? sentence(await answer.text()) : "");
      }
      this.failures = 0;
      if (JSON.stringify(this.values()) === sent) { this.dirty = false; localStorage.removeItem(this.place); }
      if (!url) this.keep();
      this.say(madoguchi.word("saved", new Date().toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: document.documentElement.dataset.zone })));
      this.form.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
    } catch (error) {
      this.fail(error instanceof TypeError ? "" : error.message);
    } finally {
      this.running = false;
      if (this.again) { this.again = false; this.save(); }
    }
  }

  fail(text) {
    this.keep();
    this.say(text || madoguchi.word("unsaved"), true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), RETRY[Math.min(this.failures++, RETRY.length - 1)]);
  }

  say(text, failed = false) {
    this.mark.textContent = text;
    this.mark.classList.toggle("failed", failed);
  }

  sent(event) {
    if (event.target === this.form && event.detail.ctx?.response?.raw?.ok && event.detail.ctx.request.method !== "GET") this.forget();
  }

  restore() {
    const kept = localStorage.getItem(this.place);
    if (!kept || kept === JSON.stringify(this.values())) return;
    const byName = new Map();
    for (const [name, value] of JSON.parse(kept)) byName.set(name, [...(byName.get(name) ?? []), value]);
    for (const field of this.form.elements) {
      if (!field.name || ["hidden", "file", "submit"].includes(field.type)) continue;
      const values = byName.get(field.name) ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else if (values.length) field.value = values.shift();
    }
    this.say(madoguchi.word("restored"));
    this.form.dispatchEvent(new CustomEvent("restored", { bubbles: true }));
    this.dirty = true;
    if (this.getAttribute("url")) this.timer = setTimeout(() => this.save(), PAUSE);
  }
});

function sentence(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("p")?.textContent ?? "";
}
