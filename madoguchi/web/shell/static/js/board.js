// <wall-board>: F hides everything but the board; what passes its time turns red on the second, without asking again.
// Its parts change by one request for all that rang, each part as often as its data-every (seconds) allows.
const WHOLE = 60;
const PAUSE = 2;

customElements.define("wall-board", class extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("[data-wall]");
    this.button.addEventListener("click", () => this.wall(!this.isWall));
    this.pressed = (event) => {
      if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (madoguchi.isComposing(event) || madoguchi.isField(event.target) || document.querySelector("dialog:modal")) return;
      event.preventDefault();
      this.wall(!this.isWall);
    };
    this.left = () => { if (!document.fullscreenElement) this.show(false); };
    document.addEventListener("keydown", this.pressed);
    document.addEventListener("fullscreenchange", this.left);
    this.source = this.querySelector("#board-live");
    this.due = new Set();
    this.last = -Infinity;
    this.asked = new Map();
    this.whole = performance.now();
    this.addEventListener("live", (event) => {
      if (event.target === this.source) return;
      if (event.detail?.name === "stale") this.whole = -Infinity;
      this.due.add(event.target.id);
      this.ask();
    }, true);
    this.source.addEventListener("htmx:finally:request", () => { this.isAsking = false; });
    this.fresh = new MutationObserver(() => this.take());
    this.fresh.observe(this.querySelector("#operators"), { childList: true, subtree: true });
    this.clock = setInterval(() => { this.redden(); this.ask(); }, 1000);
    this.show(location.hash === "#wall");
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.pressed);
    document.removeEventListener("fullscreenchange", this.left);
    this.fresh.disconnect();
    clearInterval(this.clock);
  }
  get isWall() { return "wall" in document.documentElement.dataset; }
  // The address keeps the mode, so that a screen on the wall finds it again after a restart.
  wall(on) {
    history.replaceState(history.state, "", on ? "#wall" : location.pathname + location.search);
    this.show(on);
    if (on) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  }
  show(on) {
    document.documentElement.toggleAttribute("data-wall", on);
    this.button.setAttribute("aria-pressed", String(on));
  }
  // All parts that are due, in one request; once a minute everything, so that nothing stays wrong for longer.
  ask() {
    const now = performance.now();
    const parts = [...this.querySelectorAll("[data-every]")];
    const isWhole = now - this.whole > WHOLE * 1000;
    const wanted = parts.filter(({ id, dataset }) => isWhole || (this.due.has(id) && now - (this.asked.get(id) ?? -Infinity) >= dataset.every * 1000));
    if (!wanted.length || this.isAsking || now - this.last < PAUSE * 1000) return;
    this.last = now;
    this.isAsking = true;
    if (isWhole) this.whole = now;
    for (const { id } of wanted) { this.due.delete(id); this.asked.set(id, now); }
    const since = isWhole ? "" : this.querySelector("[data-as-of]").dataset.asOf;
    this.source.setAttribute("hx-vals", JSON.stringify({ parts: wanted.map(({ id }) => id).join(), since }));
    this.source.dispatchEvent(new CustomEvent("live"));
  }
  // Operators whose state has changed take the place of their old rows.
  take() {
    const rows = this.querySelector("#operator-rows");
    for (const row of [...(this.querySelector("#operators-new")?.children ?? [])]) {
      row.remove();
      rows.querySelector(`:scope > #${CSS.escape(row.id)}`)?.remove();
      if ("gone" in row.dataset) continue;
      rows.insertBefore(row, [...rows.children].find((other) => other.dataset.order > row.dataset.order) ?? null);
    }
  }
  redden() {
    const now = Date.now();
    for (const one of this.querySelectorAll("[data-alarm-at]")) {
      if (Date.parse(one.dataset.alarmAt) > now) continue;
      delete one.dataset.alarmAt;
      this.due.add("alarms");
    }
    for (const one of this.querySelectorAll("[data-late-at]:not([data-late])")) one.toggleAttribute("data-late", Date.parse(one.dataset.lateAt) <= now);
  }
});
