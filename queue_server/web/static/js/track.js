/** A citizen's phone: my place in the line, and my rating when it is over. */

import { get } from "./api.js";
import { showClock } from "./clock.js";
import { byId, h, icon } from "./dom.js";
import { follow } from "./live.js";
import { duration, lang, named, page, t } from "./page.js";
import { askRating } from "./rating.js";

const STATES = {
  waiting: "track.waiting", called: "track.called", serving: "track.serving", held: "track.held",
  passed: "track.passed", done: "track.done", cancelled: "track.cancelled", expired: "track.expired",
};
const ENDED = new Set(["done", "cancelled", "expired"]);
const RATED = `tingtong-rated-${page.token}`;

let board = page.board;
let asking = false;
let reading = false;
let again = false;

showClock(byId("clock"), byId("date"), lang);
follow({ onBoard: (next) => { board = next; read(); } });

async function read() {
  again = true;
  if (reading) return;
  reading = true;
  try {
    while (again) {
      again = false;
      draw(await get(`/api/v1/track/${encodeURIComponent(page.token)}`));
    }
  } catch (error) {
    const text = error.status === 404 ? t("track.unknown") : error.message;
    byId("note").hidden = true; // what was not found keeps nothing up to date
    byId("ticket").replaceChildren(h("p.trouble", { role: "alert" }, text));
  } finally {
    reading = false;
  }
}

function draw(ticket) {
  const box = byId("ticket");
  box.dataset.state = ticket.state;
  const state = t(STATES[ticket.state] ?? "track.waiting", { n: ticket.window ?? "" });
  box.replaceChildren(
    h("p.service", {}, lang === "en" ? ticket.service_en : ticket.service),
    h("p.number", {}, ticket.number),
    h("p.state", { role: "status" }, state),
    ...(ticket.state === "waiting" ? [h("div.facts", {}, fact(String(ticket.ahead), t("track.ahead")), fact(wait(ticket.estimate), t("track.estimate")), ...places(ticket))] : []),
    ...(ticket.stops?.length && !ENDED.has(ticket.state) ? [h("div.facts", {}, place(ticket.stops.map(named).join(" → "), t("track.next_stops")))] : []),
  );
  byId("note").hidden = ENDED.has(ticket.state);
  if (ticket.state === "called" && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
  if (ticket.may_rate && !asking) rate(ticket);
  else if (ticket.state === "done" && !asking && sessionStorage.getItem(RATED)) thank(sessionStorage.getItem(RATED));
}

/** Where to wait, and which windows call this number. */
function places(ticket) {
  const zone = board.zones.find((one) => one.id === ticket.zone);
  const windows = board.windows.filter((one) => one.services.includes(ticket.service)).map((one) => one.id);
  const shown = [];
  if (zone) shown.push(place(`${zone.floor} ${named(zone)}`, t("track.place")));
  if (windows.length) shown.push(place(windows.join(lang === "en" ? ", " : "、"), t("track.at_windows")));
  return shown;
}

const place = (value, name) => h("div.place", {}, h("b", {}, value), h("span", {}, name));

const fact = (value, name) => h("div", {}, h("b", {}, value), h("span", {}, name));

/** A range, because nobody can promise a minute. */
function wait({ low_s: low, high_s: high }) {
  if (high === null || high === undefined) return "–";
  const least = Math.round((low ?? 0) / 60);
  const most = Math.max(1, Math.round(high / 60));
  return most >= 90 ? duration(high) : least === most ? t("common.minutes", { n: most }) : t("common.minutes", { n: `${least}–${most}` });
}

function rate(ticket) {
  asking = true;
  byId("rating").hidden = false;
  askRating(byId("rating"), {
    number: ticket.number, who: { token: page.token },
    onDone: (sentence) => {
      sessionStorage.setItem(RATED, sentence); // a reload thanks again instead of forgetting
      thank(sentence);
    },
  });
}

function thank(sentence) {
  asking = true;
  byId("rating").hidden = false;
  const picture = icon("check-circle");
  picture.classList.add("thanks");
  byId("rating").replaceChildren(picture, h("p.rating-title", { role: "status" }, sentence));
}
