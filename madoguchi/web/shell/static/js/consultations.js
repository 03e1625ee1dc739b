// <ask-choices>: from the search the arrow leads into what was found, and Enter takes its first; Enter never asks.
customElements.define("ask-choices", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => {
      if (!event.target.matches("[type=search]") || madoguchi.isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!["Enter", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const choices = [...this.querySelectorAll("[type=radio]")];
      const next = choices.find((choice) => !choice.checked) ?? choices[0];
      if (!next) return;
      next.focus();
      if (!next.checked) next.click();
    });
  }
});

// [data-composes=id]: the text of that JSON script goes into the ticket's composer, under what was typed there; what it
// is made of ([data-source=id]) is ticked beside it. Where there is no composer, the link leads to one.
document.addEventListener("click", (event) => {
  const verb = event.target.closest("[data-composes]");
  const body = verb && document.querySelector("message-composer [name=body]");
  const draft = verb && document.getElementById(verb.dataset.composes);
  if (!body || !draft) return;
  event.preventDefault();
  document.dispatchEvent(new Event("close-sheet"));
  document.getElementById("tab-conversation-button")?.click();
  const text = JSON.parse(draft.textContent);
  if (!body.value.includes(text)) body.value = [body.value.trim(), text].filter(Boolean).join("\n\n");
  const ground = body.form.querySelector("[name=visibility][value=public]");
  const source = document.getElementById(verb.dataset.source ?? "");
  if (ground && !ground.checked) ground.click();
  if (source) source.checked = true;
  body.dispatchEvent(new Event("input", { bubbles: true }));
  body.focus();
  body.setSelectionRange(body.value.length, body.value.length);
});
