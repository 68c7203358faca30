/** What marks a ticket: its class, an accessible counter, a booking, a number given out while the server was away. */

import { h } from "./dom.js";
import { timeOf } from "./console_history.js";
import { t } from "./page.js";

// why an offline ticket would have been refused online (TicketOut.mark)
const MARKS = {
  "blacklisted": "console.mark_blacklisted", "ticket-already-waiting": "console.mark_twice",
  "too-many-tickets": "console.mark_too_many", "id-required": "console.mark_no_id", "id-invalid": "console.mark_bad_id",
};

const booked = (ticket) => (ticket.due_at ? t("console.booked_for", { time: timeOf(ticket.due_at).slice(0, 5) }) : t("console.booked"));

function offline(ticket) {
  if (!ticket.mark) return t("console.offline");
  return t("console.offline_marked", { why: MARKS[ticket.mark] ? t(MARKS[ticket.mark]) : ticket.mark });
}

/** The marks of the ticket at the window, as chips. */
export function chips(ticket) {
  return [
    ticket.priority && h("span.chip.warn", {}, ticket.priority),
    ticket.accessible && h("span.chip.warn", {}, t("console.accessible")),
    ticket.appointment && h("span.chip", {}, booked(ticket)),
    ticket.offline && h("span.chip", { className: ticket.mark ? "chip warn" : "chip" }, offline(ticket)),
  ].filter(Boolean);
}

/** The same in a line of the list. */
export function marksText(ticket) {
  return [
    ticket.priority, ticket.accessible && t("console.accessible"), ticket.appointment && booked(ticket), ticket.offline && offline(ticket),
  ].filter(Boolean).join(" · ");
}
