/** Where to go, and how the hall is doing. */

import { showClock } from "./clock.js";
import { byId, h, keyed, say } from "./dom.js";
import { follow } from "./live.js";
import { lang, named, t } from "./page.js";

const LONG_LINE = 20;

showClock(byId("clock"), byId("date"), lang);
follow({ onBoard: draw });

function draw(board) {
  const open = board.windows.filter((window) => window.state !== "closed").length;
  const [latest] = board.calls;
  say(byId("waiting"), String(board.services.reduce((sum, service) => sum + service.waiting, 0)));
  say(byId("served"), String(board.windows.filter((window) => window.number).length));
  say(byId("open"), `${open} / ${board.windows.length}`);
  say(byId("latest"), latest ? `${latest.number} → ${latest.window}` : "–");
  keyed(byId("services"), board.services, (service) => service.id,
    (service) => h("li", {}, h("i", {}, service.prefix), h("b", {}, named(service)), h("span.chip")),
    (row, service) => {
      const chip = row.lastChild;
      const text = !service.open ? t("common.state_closed") : service.waiting ? t("index.n_waiting", { n: service.waiting }) : t("common.no_wait");
      say(chip, text);
      chip.className = !service.open ? "chip" : service.waiting === 0 ? "chip none" : service.waiting >= LONG_LINE ? "chip long" : "chip";
    });
}
