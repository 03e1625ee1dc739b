// <article-pictures> around the answer of an article: a picture that is chosen, pasted or dropped is added at the cursor.
customElements.define("article-pictures", class extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("textarea");
    this.chooser = this.querySelector("input[type=file]");
    this.chooser.addEventListener("change", () => { this.add([...this.chooser.files]); this.chooser.value = ""; });
    this.text.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    this.text.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    this.text.addEventListener("dragover", (event) => [...event.dataTransfer.types].includes("Files") && event.preventDefault());
  }

  take(event, data) {
    const pictures = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!pictures.length) return;
    event.preventDefault();
    this.add(pictures);
  }

  async add(files) {
    for (const file of files) {
      const data = new FormData();
      data.append("picture", file);
      const token = this.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
      try {
        const answer = await fetch(this.getAttribute("url"), { method: "POST", body: data, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
        const said = await answer.text();
        if (answer.ok) this.insert(file, said);
        else madoguchi.say(new DOMParser().parseFromString(said, "text/html").body.textContent.trim() || answer.statusText);
      } catch {
        madoguchi.say(madoguchi.word("offline"));
      }
    }
  }

  // The words of the picture are selected: what it shows is written over the name of the file.
  insert(file, code) {
    const words = file.name.replace(/\.[^.]*$/, "").replace(/[[\]]/g, "") || "image";
    const { selectionStart: start, selectionEnd: end, value } = this.text;
    const before = start > 0 && value[start - 1] !== "\n" ? "\n" : "";
    this.text.focus();
    this.text.setRangeText(`${before}![${words}](picture:${code})\n`, start, end, "end");
    this.text.setSelectionRange(start + before.length + 2, start + before.length + 2 + words.length);
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
