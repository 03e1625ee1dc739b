// [data-redraws]: a control that has a part of its form drawn anew, made of what stood in the form when it asked. What is
// typed or ticked while the answer is on its way must not be overwritten by it: then the same is asked again, of what stands
// there by now. Each place has one redraw at a time; a button that is pressed meanwhile is pressed when its turn comes.
const underway = new Map(); // place → { ctx, stood, changed, pressed, focused, left }
let composed = null; // the field in which the IME composes

document.addEventListener("compositionstart", (event) => { composed = event.target; });
document.addEventListener("compositionend", () => { composed = null; });

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const { sourceElement: source, target: place } = ctx;
  if (!source.matches("[data-redraws]")) return;
  const former = underway.get(place);
  if (former && ctx.sourceEvent.type !== "again") {
    event.preventDefault();
    if (source.matches("button")) former.pressed.push(source);
    else former.changed = true;
    return;
  }
  const { pressed, focused } = former ?? { pressed: [], focused: source.matches("button") ? source : document.activeElement };
  underway.set(place, { ctx, stood: standing(place), changed: false, pressed, focused });
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const place = placeOf(ctx);
  if (!place || !ctx.response.raw.ok) return;
  const drawn = underway.get(place);
  const field = document.activeElement;
  const [unfinished, finished] = composed ? [composed, "compositionend"] : [field, "blur"];
  if (place.contains(unfinished) && (composed || field.validity?.badInput)) {
    event.preventDefault();
    drawn.ctx = null; // nothing is on its way, and nothing else begins, until the word or the date is written
    unfinished.addEventListener(finished, () => askAgain(ctx, place), { once: true });
  } else if (drawn.changed || standing(place) !== drawn.stood) {
    event.preventDefault();
    askAgain(ctx, place);
  } else if (field !== drawn.focused && field !== document.body) {
    // Who has gone on meanwhile stays there.
    for (const task of tasks) for (const one of task.fragment.querySelectorAll("[autofocus]")) one.removeAttribute("autofocus");
    if (place.contains(field)) drawn.left = { field, start: field.selectionStart, end: field.selectionEnd };
  }
});

// At once, before the next key: a moment later it would take away what was typed into the new field.
document.addEventListener("htmx:before:settle", (event) => {
  const place = event.target;
  const left = underway.get(place)?.left;
  const field = left && successor(left.field, place);
  if (!field) return;
  field.focus({ preventScroll: true });
  if (!Number.isInteger(left.start)) return;
  field.value = left.field.value; // as it is being written, whatever the server makes of it
  field.setSelectionRange(left.start, left.end);
});

document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  const place = placeOf(ctx);
  if (!place) return;
  const { pressed } = underway.get(place);
  underway.delete(place);
  if (ctx.status !== "swapped" || !ctx.response.raw.ok) return;
  while (pressed.length && !underway.has(place)) successor(pressed.shift(), place)?.click();
  underway.get(place)?.pressed.push(...pressed);
});

function askAgain(ctx, place) {
  underway.get(place).ctx = null;
  if (!ctx.sourceElement.isConnected) underway.delete(place);
  else htmx.ajax(ctx.request.method, ctx.request.action, { source: ctx.sourceElement, target: place, event: new Event("again") });
}

function placeOf(ctx) {
  for (const [place, drawn] of underway) if (drawn.ctx === ctx) return place;
  return null;
}

function standing(place) {
  const fields = [...place.querySelectorAll("input, select, textarea")];
  return JSON.stringify(fields.map((field) => (field.selectedOptions ? [...field.selectedOptions].map((one) => one.value) : [field.value, field.checked])));
}

// The same control after the form was drawn anew. Names tell the rows apart by a number; where rows change their numbers,
// [data-row] says which is which.
function successor(element, place) {
  if (!element.id && !element.name) return null;
  const row = element.closest("[data-row]")?.dataset.row;
  const within = row === undefined ? place : place.querySelector(`[data-row="${CSS.escape(row)}"]`);
  const named = (one) => [row === undefined ? one.id || one.name : (one.id || one.name).replace(/\d+/, ""), one.checked === undefined ? "" : one.value].join(" ");
  return [...(within?.querySelectorAll("[id], [name]") ?? [])].find((one) => named(one) === named(element));
}
