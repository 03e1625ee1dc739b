// Wakes elements: <… data-live="ticket:12 *:handoff" hx-get="…" hx-trigger="live"> gets an event "live" when one of
// its topics rings, with data-spread="20" within 20 seconds. The event carries {topic, name, id} only; what is shown is asked for through the ordinary page.

import { Line } from "./live-line.js";

const root = document.documentElement;
const send = connect();
let pending = false;
let told = "";

function connect() {
  if (typeof SharedWorker === "function") {
    try {
      const worker = new SharedWorker(new URL("./live-worker.js", import.meta.url), { type: "module", name: "live" });
      worker.port.addEventListener("message", ({ data }) => take(data));
      worker.port.start();
      return (message) => worker.port.postMessage(message);
    } catch {
      // private windows of some browsers have none: a line of our own then
    }
  }
  const line = new Line(take);
  return (message) => line.listen(message.topics ?? [], message.since);
}

function take(message) {
  if (message.kind === "line") root.dataset.line = message.state;
  else if (message.kind === "stale") wake(null);
  else {
    const { topic, name, id } = message;
    document.dispatchEvent(new CustomEvent("madoguchi:ring", { detail: { topic, name, id } }));
    wake({ topic, name, id });
  }
}

function wake(detail) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!detail || tokens(element).includes(detail.topic)) spread(element, detail ?? { topic: "", name: "stale", id: 0 });
  }
}

// What rings for everybody at once (data-spread="20") is asked for by each at a moment of their own: within two seconds
// after a quiet time, else within so many seconds, and once for all that rang meanwhile.
const FIRST = 2;
const waking = new WeakMap();
function spread(element, detail) {
  const seconds = Number(element.dataset.spread);
  if (!seconds) return tell(element, detail);
  const { waits, asked } = waking.get(element) ?? { asked: -Infinity };
  if (waits) return;
  waking.set(element, { waits: true, asked });
  const isQuiet = performance.now() - asked > seconds * 1000;
  setTimeout(() => {
    waking.set(element, { asked: performance.now() });
    if (element.isConnected) tell(element, detail);
  }, Math.random() * (isQuiet ? FIRST : seconds) * 1000);
}

function tell(element, detail) {
  element.dispatchEvent(new CustomEvent("live", { bubbles: false, detail }));
}

function tokens(element) {
  return element.dataset.live.split(/\s+/).filter(Boolean);
}

function register() {
  pending = false;
  const topics = new Set([...document.querySelectorAll("[data-live]")].flatMap(tokens));
  const list = [...topics].sort();
  if (list.join() === told) return;
  told = list.join();
  // The page says where in the journal it was rendered: what rang between that and the line's opening is replayed.
  send({ kind: "topics", topics: list, since: root.dataset.position });
}

// A macrotask, not an animation frame: those stop in hidden tabs.
function later() {
  if (pending) return;
  pending = true;
  setTimeout(register, 0);
}

register();
new MutationObserver(later).observe(document.body, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-live"],
});
addEventListener("pagehide", () => {
  told = "";
  send({ kind: "bye" });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    register();
    wake(null); // back from the cache: whatever rang meanwhile was not heard
  }
});
