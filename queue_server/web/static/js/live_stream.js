/** The hall's event stream as plain messages `{name, id, data}`; comes back by itself, whatever happens. */

const REOPEN_MS = 2_000;
const NAMES = [
  "open", "heartbeat", "snapshot",
  "ticket-issued", "ticket-called", "ticket-recalled", "ticket-started", "ticket-finished", "ticket-no-show",
  "ticket-held", "ticket-resumed", "ticket-transferred", "ticket-moved", "ticket-requeued", "ticket-cancelled",
  "ticket-expired", "ticket-print", "ticket-rated", "window-changed",
];

/** Open the stream and `tell` everything; `reopen()` replaces a connection that is open but dead. */
export function openStream(tell) {
  let source = null;
  const open = () => {
    source?.close();
    source = new EventSource("/api/v1/events");
    for (const name of NAMES)
      // A snapshot is the whole board, which every page asks for in its own zone.
      source.addEventListener(name, ({ lastEventId = "", data = "" }) =>
        tell({ name, id: lastEventId, data: name === "snapshot" ? "" : data }));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
    });
  };
  open();
  return { reopen: () => { if (source.readyState === EventSource.OPEN) open(); } };
}
