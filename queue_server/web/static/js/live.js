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
import { openStream } from "./live_stream.js";

const SILENT_MS = 10_000;
const DEAD_MS = 25_000; // a half-open connection never errs by itself: ask for a new one
const AGAIN_MS = 2_000;
const FETCH_MS = 8_000;

/**
 * Follow the hall.  `onBoard(board)` gets the first board at once and every newer one; `onEvent(event)`
 * each event as told, `onResync()` is called when events may have been missed; `zone` narrows the board.
 */
export function follow({ zone = "", onBoard, onEvent = () => {}, onResync = () => {} }) {
  const state = { told: -1, heardAt: performance.now(), fetching: false, again: false, gaps: 0 };
  const badge = h("div.stale", { role: "status", hidden: true });
  document.body.append(badge);

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
      setTimeout(refresh, AGAIN_MS); // the watch below tells the reader when this lasts
    } finally {
      state.fetching = false;
    }
  };

  const onTold = ({ name, id, data }) => {
    if (name !== "joined") heard();
    if (name === "heartbeat") return;
    if (name === "snapshot") state.told = Number(id); // what lies between is in the board
    else if (data) {
      const event = JSON.parse(data);
      const seq = Number(id || event.seq);
      if (state.told >= 0 && seq > state.told + 1) document.documentElement.dataset.gaps = String((state.gaps += 1));
      state.told = seq; // a restored server may count lower: follow it
      onEvent(event);
    }
    if (!data) onResync();
    refresh();
  };

  const watch = () => {
    const silent = performance.now() - state.heardAt;
    if (silent < SILENT_MS) return;
    if (badge.hidden) {
      badge.textContent = t("common.not_live", { time: hallParts(hallNow() - silent).hms });
      badge.hidden = false;
      document.documentElement.dataset.stale = "yes";
    }
    if (silent > DEAD_MS) stream.reopen();
  };

  take(page.board);
  const stream = sharedStream(onTold);
  setInterval(watch, 1000);
  return { refresh };
}

/** The browser's one stream where it can share, else a stream of this page's own. */
function sharedStream(tell) {
  if (!window.SharedWorker) return openStream(tell);
  const worker = new SharedWorker("/static/js/live_worker.js", { type: "module", name: "tingtong-live" });
  let stream = { reopen: () => worker.port.postMessage("reopen") };
  worker.addEventListener("error", () => { stream = openStream(tell); }, { once: true });
  worker.port.onmessage = ({ data }) => tell(data);
  window.addEventListener("pagehide", () => worker.port.postMessage("bye"));
  window.addEventListener("pageshow", (event) => event.persisted && location.reload()); // kept aside, it heard nothing
  return { reopen: () => stream.reopen() };
}
