// <dial-number>: a click asks the telephone system to call; where none is connected the tel: link goes its own way and
// the call is only noted. Whoever takes no calls has the link alone.
document.addEventListener("dial-by-hand", (event) => {
  if (document.body.dataset.dials === "order") location.href = `tel:${event.detail.number}`;
});

customElements.define("dial-number", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const dials = document.body.dataset.dials;
      if (!dials || event.ctrlKey || event.metaKey) return;
      if (dials === "order") event.preventDefault();
      this.dispatchEvent(new CustomEvent("dial"));
    });
  }
});
