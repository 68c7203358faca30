/** What became of one ticket: its states with their times, who did what, and why it was called. */

import { get } from "./api.js";
import { byId, h, say } from "./dom.js";
import { duration, lang, named, page, t } from "./page.js";

const EVENTS = {
  "ticket-issued": "console.was_issued", "ticket-called": "console.was_called", "ticket-recalled": "console.was_recalled",
  "ticket-started": "console.was_started", "ticket-finished": "console.was_finished", "ticket-no-show": "console.was_passed",
  "ticket-held": "console.was_held", "ticket-resumed": "console.was_called", "ticket-transferred": "console.was_transferred",
  "ticket-moved": "console.was_moved", "ticket-requeued": "console.was_requeued", "ticket-cancelled": "console.was_cancelled",
  "ticket-expired": "console.was_expired", "ticket-print": "console.was_printing", "ticket-rated": "console.was_rated",
};
const PAPER = {
  none: "", requested: "console.paper_requested", printed: "console.paper_printed", failed: "console.paper_failed",
  unknown: "console.paper_unknown", void: "console.paper_void",
};

const clock = new Intl.DateTimeFormat("zh-CN", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: "UTC",
});

/** The hall's own time of day, whatever the zone of this machine. */
export const timeOf = (iso) => clock.format(new Date(Date.parse(iso) + page.utc_offset_min * 60_000));

/** Services still to come on this number, or nothing. */
export function nextStops(ticket) {
  if (!ticket.stops?.length) return null;
  return h("p.about.stops", {}, t("console.next_stop", { services: ticket.stops.map((stop) => named(stop)).join(" → ") }));
}

/** Why this ticket was called now. */
export const whyCalled = (ticket) => (ticket.why ? h("p.quiet.why", {}, lang === "en" ? ticket.why.en : ticket.why.zh) : null);

/** Show the history of a ticket; rejects when it cannot be read. */
export async function showHistory({ id, number }) {
  const found = await get(`/api/v1/tickets/${encodeURIComponent(id)}/history`);
  const dialog = byId("history-dialog");
  say(dialog.querySelector(".dialog-number"), number);
  const rows = [...found.periods.map(periodRow), ...found.marks.map(markRow)];
  rows.sort((a, b) => a.at.localeCompare(b.at));
  byId("history-rows").replaceChildren(...rows.map((row) => row.element));
  dialog.showModal();
}

function periodRow(period) {
  const where = period.window ? t("common.window_n", { n: period.window }) : "";
  const lasted = period.seconds >= 60 ? duration(period.seconds) : period.seconds === null ? "" : t("console.seconds", { n: Math.round(period.seconds) });
  const why = lang === "en" ? period.why_en : period.why;
  return { at: period.from_at, element: row(period.from_at, EVENTS[period.began_by], [where, lasted, period.by, why]) };
}

function markRow(mark) {
  const paper = mark.name === "ticket-print" && PAPER[mark.print_state] ? t(PAPER[mark.print_state]) : "";
  return { at: mark.at, element: row(mark.at, EVENTS[mark.name], [paper, mark.by]) };
}

const row = (at, key, about) =>
  h("li", {}, h("time", {}, timeOf(at)), h("b", {}, key ? t(key) : ""), h("span", {}, about.filter(Boolean).join(" · ")));
