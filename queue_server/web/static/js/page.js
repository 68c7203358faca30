/** What the server wrote into this page: language, texts, the board at that moment. */

export const page = JSON.parse(document.getElementById("page-data").textContent);
export const lang = page.lang;

/** The text of `key` with its `{name}` places filled; a missing key shows itself rather than nothing. */
export function t(key, values = {}) {
  const text = page.texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** The name of a service or zone in the language of the page. */
export function named(thing) {
  return lang === "en" && thing.en ? thing.en : thing.name;
}

/** Seconds as people say them: "12 分钟", "2 小时"; under a minute is one minute. */
export function duration(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 90 ? t("common.minutes", { n: minutes }) : t("common.hours", { n: Math.round(minutes / 30) / 2 });
}

/** A service's Chinese name, as boards and tickets carry it, in the language of the page. */
export function serviceNamed(board, name) {
  return lang === "en" ? (board.services.find((service) => service.name === name)?.en ?? name) : name;
}
