/** What the clerk's page needs to know and draw of tickets: reading them, their age, their paper, a row. */

import { get } from "./api.js";
import { hallNow } from "./clock.js";
import { h } from "./dom.js";
import { duration, t } from "./page.js";

const MOST = 1000;

/** All tickets of a query, page after page. */
export async function tickets(query) {
  const items = [];
  for (let cursor = ""; cursor !== null && items.length < MOST; ) {
    const list = await get(`/api/v1/tickets?${query}&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...list.items);
    cursor = list.next ?? null;
  }
  return items;
}

export const ASIDE = { held: "console.is_held", passed: "console.is_passed" };

/** How long ago, as people say it. */
export function age(iso) {
  const seconds = (hallNow() - Date.parse(iso)) / 1000;
  return seconds < 60 ? t("console.just_now") : duration(seconds);
}

export function paperText(ticket) {
  if (ticket.print_state === "failed") return t("console.paper_failed");
  if (ticket.print_state === "void") return t("console.paper_void");
  return ticket.print_state === "unknown" ? t("console.paper_unknown") : "";
}

export function makeRow() {
  return h("li", {}, h("span.number"), h("span.about", {}, h("b"), h("small")), h("span.chip"), h("span.acts"));
}
