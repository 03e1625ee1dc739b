// One per browser, shared by all tabs: holds the one line and passes on what rings.

import { Line } from "./live-line.js";

const tabs = new Map(); // port → topics
let state = "";

const line = new Line((message) => {
  if (message.kind === "line") state = message.state;
  for (const port of tabs.keys()) port.postMessage(message);
});

function listen(since) {
  line.listen([...tabs.values()].flat(), since);
}

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  tabs.set(port, []);
  port.addEventListener("message", ({ data }) => {
    if (data.kind === "topics") tabs.set(port, data.topics);
    else if (data.kind === "bye") tabs.delete(port);
    listen(data.since);
  });
  port.start();
  if (state) port.postMessage({ kind: "line", state });
});
