/** Printing again: said at once, and what became of it when the printer has spoken. */

import { t } from "./page.js";

const ASKED = "reprint"; // the event that only says that somebody asked
const LONGEST_MS = 30_000;
const REASONS = {
  "paper-out": "console.print_paper_out", "cover-open": "console.print_cover_open", cutter: "console.print_cutter",
  offline: "console.print_offline", "no-answer": "console.print_offline", "printer-fault": "console.print_fault",
};

export class Reprints {
  /** `tell(sentence)` informs, `warn(sentence)` says that paper is missing. */
  constructor({ tell, warn }) {
    Object.assign(this, { tell, warn, awaited: new Map() });
  }

  /** Somebody asked to print this ticket again. */
  began({ id, number }) {
    clearTimeout(this.awaited.get(id)?.timer);
    const timer = setTimeout(() => this.silent(id), LONGEST_MS);
    this.awaited.set(id, { number, timer });
    this.tell(t("console.reprinting", { number }));
  }

  /** The server would not: it says why itself. */
  refused(id) {
    clearTimeout(this.awaited.get(id)?.timer);
    this.awaited.delete(id);
  }

  /** An event of the hall. */
  heard({ name, ticket_id: id, print_state: state, reason }) {
    const asked = this.awaited.get(id);
    if (name !== "ticket-print" || !asked || reason === ASKED || state === "requested" || state === "void") return;
    this.refused(id);
    const { number } = asked;
    if (state === "printed" && !reason) this.tell(t("console.reprinted", { number }));
    else if (state === "unknown") this.warn(t("console.reprint_unknown", { number }));
    else this.warn(t("console.reprint_failed", { number, reason: REASONS[reason] ? t(REASONS[reason]) : (reason ?? "") }));
  }

  silent(id) {
    const asked = this.awaited.get(id);
    this.awaited.delete(id);
    if (asked) this.warn(t("console.reprint_unknown", { number: asked.number }));
  }
}
