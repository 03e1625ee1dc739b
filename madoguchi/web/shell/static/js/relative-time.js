// <relative-time mode="due|ago|timer|countdown" datetime>: keeps its words true while the page stays open.
const all = new Set();

customElements.define("relative-time", class extends HTMLElement {
  connectedCallback() {
    this.moment = Date.parse(this.getAttribute("datetime"));
    this.text = this.querySelector("[data-text]");
    all.add(this);
  }
  disconnectedCallback() { all.delete(this); }
  show(now) {
    const left = Math.round((this.moment - now) / 1000);
    const mode = this.getAttribute("mode");
    if (mode === "timer") return this.say(clock(Math.max(0, -left)));
    if (mode === "countdown") return this.say(clock(Math.max(0, left)));
    if (mode === "ago") return this.say(madoguchi.word("ago", span(Math.max(0, -left))));
    this.dataset.state = left < 0 ? "late" : left < 3600 ? "soon" : "calm";
    return this.say(left < 0 ? madoguchi.word("overdue", span(-left)) : madoguchi.word("in", span(left)));
  }
  say(words) {
    if (this.text.textContent !== words) this.text.textContent = words;
  }
});

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function span(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at < 0) return madoguchi.word("second", 0);
  const [unit, size] = units[at];
  const first = madoguchi.word(unit, Math.floor(seconds / size));
  if (at > 1 || seconds >= 7 * 86400) return first; // as `duration` in Python
  const [below, smaller] = units[at + 1];
  const rest = Math.floor((seconds % size) / smaller);
  return rest ? first + (document.documentElement.lang === "ja" ? "" : " ") + madoguchi.word(below, rest) : first;
}

setInterval(() => {
  const now = Date.now();
  for (const one of all) one.show(now);
}, 1000);
