/**
 * Keeps a page true: one event stream, one board.
 *
 * Every event makes the board be fetched again (many events, one fetch), so a missed event costs nothing.
 * When nothing was heard for SILENT_MS the page says since when it is not live and dims; it tries on by
 * itself and needs no reload, whatever happened to the server.
 */

import { h } from "./dom.js";
import { page, t } from "./page.js";
import { hallNow, hallParts, setHallTime } from "./clock.js";

const SILENT_MS = 10_000;
const DEAD_MS = 25_000; // a half-open connection never errs by itself: open a new one
const REOPEN_MS = 2_000;
const FETCH_MS = 8_000;
const EVENTS = [
  "ticket-issued", "ticket-called", "ticket-recalled", "ticket-started", "ticket-finished", "ticket-no-show",
  "ticket-held", "ticket-resumed", "ticket-transferred", "ticket-requeued", "ticket-cancelled",
  "ticket-expired", "ticket-print", "ticket-rated", "window-changed",
];

/**
 * Follow the hall.  `onBoard(board)` gets the first board at once and every newer one; `onEvent(event)`
 * each event as told; `zone` narrows the board.
 */
export function follow({ zone = "", onBoard, onEvent = () => {} }) {
  const state = { told: -1, heardAt: performance.now(), fetching: false, again: false, gaps: 0 };
  const badge = h("div.stale", { role: "status", hidden: true });
  document.body.append(badge);
  let source = null;

  const take = (board) => {
    setHallTime(board.at);
    state.told = Math.max(state.told, board.seq);
    onBoard(board);
  };

  const heard = () => {
    state.heardAt = performance.now();
    if (!badge.hidden) {
      badge.hidden = true;
      delete document.documentElement.dataset.stale;
    }
  };

  const refresh = async () => {
    if (state.fetching) {
      state.again = true;
      return;
    }
    state.fetching = true;
    try {
      do {
        state.again = false;
        const answer = await fetch(`/api/v1/board?zone=${encodeURIComponent(zone)}`, {
          cache: "no-store", signal: AbortSignal.timeout(FETCH_MS),
        });
        if (!answer.ok) throw new Error(`board: ${answer.status}`);
        take(await answer.json());
      } while (state.again);
    } catch {
      setTimeout(refresh, REOPEN_MS); // the watch below tells the reader when this lasts
    } finally {
      state.fetching = false;
    }
  };

  const onTold = (message) => {
    heard();
    const event = parsed(message.data);
    const seq = Number(message.lastEventId || event.seq || 0);
    if (state.told >= 0 && seq > state.told + 1) document.documentElement.dataset.gaps = String((state.gaps += 1));
    state.told = seq; // a restored server may count lower: follow it
    onEvent(event);
    refresh();
  };

  const open = () => {
    source?.close();
    source = new EventSource("/api/v1/events");
    source.addEventListener("open", () => {
      heard();
      refresh();
    });
    source.addEventListener("heartbeat", heard);
    source.addEventListener("snapshot", (message) => {
      heard();
      state.told = Number(message.lastEventId); // what lies between is in the board
      refresh();
    });
    for (const name of EVENTS) source.addEventListener(name, onTold);
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
    });
  };

  const watch = () => {
    const silent = performance.now() - state.heardAt;
    if (silent < SILENT_MS) return;
    if (badge.hidden) {
      badge.textContent = t("common.not_live", { time: hallParts(hallNow() - silent).hms });
      badge.hidden = false;
      document.documentElement.dataset.stale = "yes";
    }
    if (silent > DEAD_MS && source?.readyState === EventSource.OPEN) {
      open();
    }
  };

  take(page.board);
  open();
  setInterval(watch, 1000);
  return { refresh };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
