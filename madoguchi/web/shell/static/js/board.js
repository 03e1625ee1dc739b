// <wall-board>: F hides everything but the board; what passes its time turns red on the second, without asking again.
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
    this.clock = setInterval(() => this.redden(), 1000);
    this.show(location.hash === "#wall");
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.pressed);
    document.removeEventListener("fullscreenchange", this.left);
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
  redden() {
    const now = Date.now();
    for (const one of this.querySelectorAll("[data-late-at]:not([data-late])")) one.toggleAttribute("data-late", Date.parse(one.dataset.lateAt) <= now);
  }
});
