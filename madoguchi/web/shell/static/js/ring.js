// <ring-bell text>: while it stands on the page it rings and blinks in the title; taking it away ends both.
customElements.define("ring-bell", class extends HTMLElement {
  connectedCallback() {
    this.title_ = document.title;
    const text = this.getAttribute("text") || madoguchi.word("ringing");
    this.blink = setInterval(() => { document.title = document.title === text ? this.title_ : text; }, 1000);
    document.title = text;
    if ((localStorage.getItem("madoguchi_sound") ?? "on") !== "on" || this.hasAttribute("silent")) return;
    this.sound = new Audio(document.body.dataset.ring);
    this.sound.loop = true;
    // Browsers keep silent until the page was touched once; the title still tells.
    this.sound.play().catch(() => {});
  }
  disconnectedCallback() {
    clearInterval(this.blink);
    document.title = this.title_;
    this.sound?.pause();
  }
});
