// <theme-switch>: buttons auto, light, dark; kept in a cookie, so that the next page comes in the right colours at once.
customElements.define("theme-switch", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      document.documentElement.dataset.theme = button.value;
      document.cookie = `madoguchi_theme=${button.value}; path=/; max-age=31536000; samesite=lax`;
      for (const one of document.querySelectorAll("theme-switch button")) one.setAttribute("aria-pressed", String(one.value === button.value));
    });
  }
});

// <sound-switch>: on or off, kept in this browser.
customElements.define("sound-switch", class extends HTMLElement {
  connectedCallback() {
    const show = () => {
      const chosen = localStorage.getItem("madoguchi_sound") ?? "on";
      for (const button of this.querySelectorAll("button[value]")) button.setAttribute("aria-pressed", String(button.value === chosen));
    };
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button[value]");
      if (button) localStorage.setItem("madoguchi_sound", button.value);
      if (event.target.closest("[data-try]")) new Audio(document.body.dataset.ring).play();
      show();
    });
    show();
  }
});
