/**
 * One event stream for all pages of a browser (a SharedWorker).  Over HTTP/1.1 a browser opens six connections
 * to a server: the lab with its framed pages and a few tabs would use them up and nothing else would load.
 */

import { openStream } from "./live_stream.js";

const ports = new Set();
const stream = openStream((told) => {
  for (const port of ports) port.postMessage(told);
});

self.addEventListener("connect", ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data === "bye") ports.delete(port);
    else stream.reopen();
  };
  port.postMessage({ name: "joined", id: "", data: "" });
});
