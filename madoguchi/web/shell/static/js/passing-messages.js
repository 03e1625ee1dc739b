// A message of success has been read after a while and must not cover what one does next; any other stays until it is closed.
const STAYS = 8000;
const passing = (message) => {
  if (!message.matches?.(".message.good") || message.dataset.passing) return;
  message.dataset.passing = "";
  const leave = () => (message.matches(":hover, :focus-within") ? setTimeout(leave, STAYS) : message.remove());
  setTimeout(leave, STAYS);
};
const area = document.getElementById("messages");
if (area) {
  area.querySelectorAll(".message").forEach(passing);
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(passing))).observe(area, { childList: true });
}
