// The words of the page's language, for the other behaviours: madoguchi.word("saved", "14:05:12").
const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
window.madoguchi = {
  word: (key, value = "") => (words[key] ?? key).replace("%s", value),
  isComposing: (event) => event.isComposing || event.keyCode === 229,
  isField: (element) => Boolean(element?.matches?.("input:not([type=checkbox],[type=radio],[type=button]), textarea, select, [contenteditable]")),
  say(text, kind = "bad", button) {
    const icons = { bad: "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.8M8 10.8v.3", accent: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 7.3V11M8 4.8v.3" };
    const box = document.createElement("div");
    box.className = `message ${kind}`;
    if (kind === "bad") box.setAttribute("role", "alert");
    box.innerHTML = `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${icons[kind] ?? icons.accent}"/></svg><div><p></p></div>`;
    box.querySelector("p").textContent = text;
    const control = button ?? document.createElement("button");
    control.type = "button";
    if (!button) {
      control.className = "quiet";
      control.dataset.dismiss = "";
      control.textContent = "×";
      control.setAttribute("aria-label", madoguchi.word("close"));
    }
    box.append(control);
    document.getElementById("messages")?.replaceChildren(box);
    return box;
  },
};
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".message")?.remove());
