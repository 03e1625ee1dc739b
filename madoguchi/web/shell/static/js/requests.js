// Around htmx: refusals go where the person looks, slow answers show progress, live refreshes disturb nobody.
const SLOW = 300;
const LONG = 3000;
const running = new Map();
const bar = document.getElementById("progress");

madoguchi.token = () => JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}")["X-CSRFToken"] ?? "";

document.addEventListener("htmx:before:request", (event) => {
  const ctx = event.detail.ctx;
  const source = ctx.sourceElement;
  if (ctx.sourceEvent?.type === "live") {
    if (isTypedIn(ctx)) event.preventDefault();
    return;
  }
  running.set(ctx, [
    setTimeout(() => { bar.hidden = false; }, SLOW),
    setTimeout(() => offerCancel(source), LONG),
  ]);
});

// Between asking and answering the place may have been filled anew, or somebody has begun to type there.
document.addEventListener("htmx:before:swap", (event) => {
  const ctx = event.detail.ctx;
  if (ctx.sourceEvent?.type === "live" && (!ctx.sourceElement.isConnected || isTypedIn(ctx))) event.preventDefault();
});

// A live refresh of what is being typed in waits until the field is left.
function isTypedIn(ctx) {
  const field = document.activeElement;
  if (!madoguchi.isField(field) || !ctx.target?.contains?.(field)) return false;
  field.addEventListener("blur", () => ctx.sourceElement.dispatchEvent(new CustomEvent("live")), { once: true });
  return true;
}

document.addEventListener("htmx:finally:request", (event) => {
  for (const timer of running.get(event.detail.ctx) ?? []) clearTimeout(timer);
  running.delete(event.detail.ctx);
  if (!running.size) {
    bar.hidden = true;
    document.querySelector(".message.slow")?.remove();
  }
});

// What had the focus may be replaced: its successor gets it, else the place itself, so that the keyboard does not begin anew.
// Each answer has its own, since two may be filled in at once.
const held = new WeakMap();

document.addEventListener("htmx:before:swap", (event) => {
  const target = event.detail.ctx.target;
  const focused = document.activeElement;
  if (!(target instanceof Element) || focused === document.body || !target.contains(focused)) return;
  // A row has often no name but what it opens.
  const opens = ["hx-get", "hx-post", "href"].find((name) => focused.hasAttribute(name));
  const like = opens && `${focused.localName}[${opens}="${CSS.escape(focused.getAttribute(opens))}"]`;
  held.set(event.detail.ctx, { target, id: focused.id, key: focused.dataset.key, like });
});

document.addEventListener("htmx:after:swap", (event) => {
  const focused = held.get(event.detail.ctx);
  if (!focused || document.activeElement !== document.body) return;
  held.delete(event.detail.ctx);
  const { target, id, key, like } = focused;
  const place = target.isConnected ? target : document.getElementById(target.id);
  const successor = (id && document.getElementById(id)) || (key && place?.querySelector(`[data-key="${CSS.escape(key)}"]`)) || (like && place?.querySelector(like)) || place;
  if (!successor) return;
  if (successor === place) place.tabIndex = -1;
  successor.focus({ preventScroll: true });
});

function offerCancel(source) {
  const button = document.createElement("button");
  button.textContent = madoguchi.word("cancel");
  button.addEventListener("click", () => htmx.trigger(source, "htmx:abort"));
  madoguchi.say(madoguchi.word("slow"), "accent", button).classList.add("slow");
}

// A refusal lands in the form's own slot when it has one, else in the message area the server named.
document.addEventListener("htmx:after:request", (event) => {
  const ctx = event.detail.ctx;
  const root = ctx.sourceElement.closest("form, dialog") ?? ctx.sourceElement;
  const slot = root.querySelector?.("[data-refusal]");
  if (ctx.response?.raw.headers.get("X-Refusal")) {
    if (!slot) return;
    slot.id ||= `refusal-${crypto.randomUUID()}`;
    ctx.hx.retarget = `#${CSS.escape(slot.id)}`;
  } else if (ctx.response?.raw.ok && ctx.sourceElement.matches("form, button")) {
    // A field that asks something on the side (a preview, what fits) leaves the form's refusal where it is.
    slot?.replaceChildren();
    for (const field of root.querySelectorAll?.("[aria-invalid][data-refused]") ?? []) {
      field.removeAttribute("aria-invalid");
      delete field.dataset.refused;
    }
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const ctx = event.detail.ctx;
  const target = typeof ctx.target === "string" ? document.querySelector(ctx.target) : ctx.target;
  if (ctx.sourceEvent?.type === "live") mark(target, before.get(ctx));
  const refusal = target?.querySelector?.(".message.bad");
  if (ctx.response?.raw?.headers.get("X-Refusal") && refusal) point(refusal);
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.error?.name === "AbortError") return;
  if (event.detail.error instanceof TypeError) madoguchi.say(madoguchi.word("offline"));
});

// Only what is new marks itself: the rows that were not there before, or the place when it has no rows.
const before = new WeakMap();

document.addEventListener("htmx:before:swap", (event) => {
  const { sourceEvent, target } = event.detail.ctx;
  if (sourceEvent?.type === "live" && target instanceof Element) before.set(event.detail.ctx, pieces(target));
});

function mark(element, known) {
  if (!element || !known || element.closest(".top") || element.querySelector(".ringing")) return;
  for (const [piece, words] of pieces(element)) {
    if ([...known.values()].includes(words)) continue;
    piece.classList.add("changed-now");
    piece.addEventListener("animationend", () => piece.classList.remove("changed-now"), { once: true });
  }
}

function pieces(element) {
  const rows = [...element.querySelectorAll("li, tbody > tr")].filter((row) => !row.querySelector("li"));
  return new Map((rows.length ? rows : [element]).map((row) => [row, words(row)]));
}

// The running clocks of a row are no change.
function words(row) {
  let text = row.textContent;
  for (const clock of row.querySelectorAll("relative-time")) text = text.replace(clock.textContent, "");
  return text.replace(/\s+/g, " ");
}

// In the form that was refused, before another of the page that has a field of that name.
function field(link) {
  const key = CSS.escape(link.dataset.missing);
  const named = [`#field-${key}`, `[name="${key}"], [name$=".${key}"]`];
  const found = [link.closest("form"), document].flatMap((place) => named.map((selector) => place?.querySelector(selector)));
  return found.find(Boolean);
}

function point(refusal) {
  const links = [...refusal.querySelectorAll("[data-missing]")];
  for (const link of links) {
    const wanted = field(link);
    wanted?.setAttribute("aria-invalid", "true");
    if (wanted) wanted.dataset.refused = "";
  }
  const first = links.map(field).find(Boolean);
  first?.focus();
  // Seen is the message: the field is reached by typing, and what else is missing stands nowhere else.
  refusal.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-missing]");
  const wanted = link && field(link);
  if (!wanted) return;
  event.preventDefault();
  (madoguchi.isField(wanted) ? wanted : wanted.querySelector("input, select, textarea"))?.focus();
});
