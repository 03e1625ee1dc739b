// The live line: one EventSource, its topics, and the place where it stands in the journal.
// Used by the shared worker (one for all tabs) or, where there is none, by each tab itself.

const SILENCE = 45_000; // the server beats every 15 s
const SLOWEST = 30_000;

function isBefore(one, other) {
  const [xid, entry] = one.split(".").map(BigInt);
  const [otherXid, otherEntry] = other.split(".").map(BigInt);
  return xid < otherXid || (xid === otherXid && entry < otherEntry);
}

export class Line {
  #tell;
  #source = null;
  #topics = "";
  #position = "";
  #wait = 1000;
  #timer = 0;
  #watch = 0;
  #lost = false;

  /** `tell(message)` receives {kind: "ring", topic, name, id}, {kind: "stale"} and {kind: "line", state}. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** Listen to exactly these topics from now on, beginning no later than the position `since` when it is given. */
  listen(topics, since) {
    const wanted = [...new Set(topics)].sort().join(",");
    if (wanted === this.#topics) return;
    const added = wanted.split(",").some((topic) => topic && !`,${this.#topics},`.includes(`,${topic},`));
    this.#topics = wanted;
    if (added && since && (!this.#position || isBefore(since, this.#position))) this.#position = since;
    if (added || !wanted) this.#open(); // a topic too many costs nothing until the next opening
  }

  #open() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
    if (!this.#topics) return;
    const query = new URLSearchParams({ topics: this.#topics });
    if (this.#position) query.set("after", this.#position);
    const source = new EventSource(`/live?${query}`);
    this.#source = source;
    this.#await();
    source.addEventListener("ready", (event) => {
      this.#heard(event);
      this.#wait = 1000;
      this.#tell({ kind: "line", state: "connected" });
      if (this.#lost && !this.#position) this.#tell({ kind: "stale" });
      this.#lost = false;
    });
    source.addEventListener("ring", (event) => {
      this.#heard(event);
      this.#tell({ kind: "ring", ...JSON.parse(event.data) });
    });
    source.addEventListener("stale", (event) => {
      this.#heard(event);
      this.#tell({ kind: "stale" });
    });
    source.addEventListener("beat", (event) => this.#heard(event));
    source.onerror = () => this.#retry();
  }

  #heard(event) {
    if (event.lastEventId) this.#position = event.lastEventId;
    this.#await();
  }

  #await() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#retry(), SILENCE);
  }

  // We reopen by ourselves: an EventSource that got an error status gives up for ever.
  #retry() {
    this.#source?.close();
    this.#source = null;
    this.#lost = true;
    clearTimeout(this.#watch);
    clearTimeout(this.#timer);
    this.#tell({ kind: "line", state: "reconnecting" });
    this.#timer = setTimeout(() => this.#open(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, SLOWEST);
  }
}
