/** The days of a service and the free times of each; times are the hall's, as the server wrote them. */

import { h } from "./dom.js";
import { lang, t } from "./page.js";

const locale = lang === "en" ? "en-GB" : "zh-CN";
const dayName = new Intl.DateTimeFormat(locale, { timeZone: "UTC", month: lang === "en" ? "short" : "long", day: "numeric" });
const weekday = new Intl.DateTimeFormat(locale, { timeZone: "UTC", weekday: lang === "en" ? "short" : "long" });

/** `2026-11-24` as people say it. */
export const dayText = (date) => dayParts(date).join(" ");

function dayParts(date) {
  const at = new Date(`${date}T00:00:00Z`);
  const parts = [dayName.format(at), weekday.format(at)];
  return lang === "en" ? parts.reverse() : parts;
}

/** The time on the hall's wall, of an ISO 8601 text with the hall's offset. */
export const clockText = (iso) => iso.slice(11, 16);

/** `08:30`, with its day when that is not `date`. */
export const momentText = (iso, date) => (date && iso.startsWith(date) ? clockText(iso) : `${dayText(iso.slice(0, 10))} ${clockText(iso)}`);

export function drawTimes(box, found, onChosen) {
  const days = found.days.map((day) => ({ ...day, left: day.slots.reduce((sum, slot) => sum + slot.left, 0) }));
  const first = days.find((day) => day.left > 0);
  if (!first) {
    box.replaceChildren(h("p.trouble", { role: "status" }, t("appointments.none_left")));
    return;
  }
  const choose = (day) => {
    const tabs = days.map((one) => h("button.day", {
      type: "button", disabled: one.left === 0, "aria-pressed": String(one.date === day.date), onclick: () => choose(one),
    }, ...dayParts(one.date).map((part) => h("b", {}, part)), h("small", {}, one.left ? t("appointments.n_left", { n: one.left }) : t("appointments.full"))));
    const slots = day.slots.map((slot) => h("button.slot", { type: "button", disabled: slot.left === 0, onclick: () => onChosen({ ...slot, date: day.date }) },
      h("b", {}, `${clockText(slot.start)}–${clockText(slot.end)}`),
      h("small", {}, slot.left ? t("appointments.n_left", { n: slot.left }) : t("appointments.full"))));
    box.replaceChildren(
      h("h2", {}, t("appointments.choose_day")), h("div.days", {}, ...tabs),
      ...(day.provisional ? [h("p.quiet", {}, t("appointments.provisional"))] : []),
      h("h2", {}, t("appointments.choose_time")), h("div.slots", { role: "group", "aria-label": dayText(day.date) }, ...slots));
  };
  choose(first);
}
