// A conversation opens at its newest end and stays where it is being read when it is filled again.
const scroller = () => document.querySelector("[data-keep-scroll]");
const toEnd = (column) => { column.scrollTop = column.scrollHeight; };
let before = null;

document.addEventListener("DOMContentLoaded", () => { const column = scroller(); if (column) toEnd(column); });
document.addEventListener("htmx:before:swap", () => {
  const column = scroller();
  before = column && { top: column.scrollTop, atEnd: column.scrollHeight - column.scrollTop - column.clientHeight < 24 };
});
document.addEventListener("htmx:after:swap", () => {
  const column = scroller();
  if (!column || !before) return;
  if (before.atEnd) toEnd(column); else column.scrollTop = before.top;
  before = null;
});
