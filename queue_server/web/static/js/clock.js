/** The hall's clock: a demo hall's time is not the browser's, and its zone is not the browser's zone. */

import { page } from "./page.js";

let aheadMs = 0;
const shown = [];

/** Take the hall's time from an ISO 8601 text. */
export function setHallTime(iso) {
  aheadMs = Date.parse(iso) - Date.now();
  for (const draw of shown) draw();
}

/** The hall's time now, in milliseconds of the epoch. */
export const hallNow = () => Date.now() + aheadMs;

const two = (number) => String(number).padStart(2, "0");

/** Hours, minutes, seconds and date in the hall's zone. */
export function hallParts(ms = hallNow()) {
  const local = new Date(ms + page.utc_offset_min * 60_000); // read with getUTC…
  return {
    hm: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`,
    hms: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`,
    local,
  };
}

/** Keep `time` (HH:MM) and, when given, `date` up to date. */
export function showClock(time, date, lang) {
  const locale = lang === "en" ? "en-GB" : "zh-CN";
  const length = lang === "en" ? "short" : "long";
  const day = new Intl.DateTimeFormat(locale, { timeZone: "UTC", year: "numeric", month: length, day: "numeric" });
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: "UTC", weekday: length });
  const draw = () => {
    const { hm, local } = hallParts();
    if (time && time.textContent !== hm) time.textContent = hm;
    const parts = [day.format(local), weekday.format(local)];
    const text = lang === "en" ? parts.reverse().join(", ") : parts.join(" ");
    if (date && date.textContent !== text) date.textContent = text;
  };
  shown.push(draw);
  draw();
  setInterval(draw, 1000);
}
