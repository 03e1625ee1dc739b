// <message-composer>: the ground of the form follows who may read the text.
customElements.define("message-composer", class extends HTMLElement {
  connectedCallback() {
    const follow = () => { this.dataset.visibility = this.querySelector("[name=visibility]:checked")?.value ?? "public"; };
    this.addEventListener("change", follow);
    this.addEventListener("restored", follow);
    follow();
  }
});
document.addEventListener("change", (event) => {
  const chooser = event.target.closest(".attach input[type=file]");
  if (chooser) chooser.parentElement.querySelector("span").textContent = [...chooser.files].map((file) => file.name).join(", ");
});
