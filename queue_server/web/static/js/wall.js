/** The hall's wall: who is called, how many wait, what else the hall has to say. */

import { showClock, hallNow } from "./clock.js";
import { byId, h, icon, keyed, say } from "./dom.js";
import { follow } from "./live.js";
import { duration, lang, named, page, t } from "./page.js";

const LOW = matchMedia("(max-height: 479px) and (min-aspect-ratio: 2/1)"); // as in wall.css
const ROWS = { auto: 5, list: 8, focus: 0 };
const LOW_ROWS = { auto: 2, list: 4, focus: 0 };
const WAITING_ROWS = 10;
const LOW_WAITING_ROWS = 5;
const TURN_MS = 9_000;
const FRESH_MS = 15_000; // an old call does not flash because the wall was switched on
const LONG_WAIT_S = 1800;
const LONG_LINE = 20;
const SHORT = 5; // letters of number and window that fit the largest size

let board = page.board;
let waitingPage = 0;
const flashed = new Map(); // ticket id -> calls already shown

showClock(byId("clock"), byId("date"), lang);
follow({ zone: page.zone, onBoard: draw });
LOW.addEventListener("change", () => draw(board));
setInterval(turn, TURN_MS);

function draw(next) {
  board = next;
  const [first, ...others] = board.calls;
  if (page.layout !== "list") drawNewest(first);
  const rows = (page.layout === "list" ? board.calls : others).slice(0, (LOW.matches ? LOW_ROWS : ROWS)[page.layout]);
  keyed(byId("earlier"), rows, (call) => call.ticket_id, makeRow, renewRow);
  for (const call of board.calls) flashed.set(call.ticket_id, call.calls);
  drawWaiting();
  drawTable(byId("cases"), board.cases);
  drawTable(byId("notices"), board.notices);
  drawMarquee();
  const zone = board.zones.find((each) => each.id === page.zone);
  if (zone) say(byId("place"), `${zone.floor} ${named(zone)}`);
}

function isNews(call) {
  const young = hallNow() - Date.parse(call.called_at) < FRESH_MS;
  return flashed.get(call.ticket_id) !== call.calls && !call.serving && young;
}

function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // begin the animation anew
  element.classList.add("flash");
}

function drawNewest(call) {
  const box = byId("newest");
  const key = call ? `${call.ticket_id} ${call.calls} ${call.serving}` : "idle";
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.classList.toggle("idle", !call);
  box.classList.toggle("long", Boolean(call) && call.number.length + call.window.length > SHORT);
  if (!call) {
    const [title, note] = [lang === "en" ? t("wall.welcome") : board.hall.slogan, t("wall.nobody_called")];
    box.replaceChildren(h("strong", {}, title || t("wall.welcome")), h("span", {}, note));
    return;
  }
  const small = (text) => h("small", {}, text);
  box.replaceChildren(
    h("div.newest-line", {},
      small(t("wall.please")), h("b.number", {}, call.number), small(t("wall.to")),
      h("b.to", {}, call.window), small(t("wall.window"))),
    h("div.newest-about", {},
      h("span", {}, lang === "en" ? call.service_en : call.service),
      h("span", {}, call.serving ? t("common.state_serving") : t("wall.calling"))),
  );
  if (isNews(call)) flash(box);
}

function makeRow() {
  return h("li", {}, h("b"), icon("arrow-right"), h("span.where"), h("span.what"), h("span.chip"));
}

function renewRow(row, call) {
  const [number, , where, what, chip] = row.children;
  say(number, call.number);
  say(where, t("common.window_n", { n: call.window }));
  say(what, lang === "en" ? call.service_en : call.service);
  say(chip, call.serving ? t("common.state_serving") : t("wall.calling"));
  chip.className = call.serving ? "chip" : "chip warn";
  if (isNews(call)) flash(row);
}

function drawWaiting() {
  const open = board.services.filter((service) => service.open);
  const rows = LOW.matches ? LOW_WAITING_ROWS : WAITING_ROWS;
  const pages = Math.max(1, Math.ceil(open.length / rows));
  waitingPage %= pages;
  const shown = open.slice(waitingPage * rows, (waitingPage + 1) * rows);
  say(byId("waiting-page"), pages > 1 ? `${waitingPage + 1} / ${pages}` : "");
  keyed(byId("waiting"), shown, (service) => service.id, makeService, renewService);
}

function makeService() {
  return h("li", {}, h("i"), h("span.name", {}, h("b"), h("small")), h("span.chip"));
}

function renewService(row, service) {
  const [prefix, name, chip] = row.children;
  say(prefix, service.prefix);
  say(name.firstChild, named(service));
  say(name.lastChild, waitText(service));
  say(chip, service.waiting ? t("common.people", { n: service.waiting }) : t("common.no_wait"));
  const long = service.waiting >= LONG_LINE || (service.wait_likely_s ?? 0) >= LONG_WAIT_S;
  chip.className = service.waiting === 0 ? "chip none" : long ? "chip long" : "chip";
}

function waitText(service) {
  if (!service.waiting || !service.wait_likely_s) return lang === "en" ? service.floor : `${service.floor} · ${service.en}`;
  return `${service.floor} · ${t("wall.about", { wait: duration(service.wait_likely_s) })}`;
}

function drawTable(place, rows) {
  const shown = rows.slice(0, 10);
  place.replaceChildren(...shown.map((row) => h("div", {}, Object.values(row).map((cell) => h("span", {}, cell)))));
  if (!shown.length) place.append(h("div.empty", {}, t("wall.nothing")));
}

function drawMarquee() {
  const said = [inEnglish(board.hall.notice), t("wall.marquee"), board.hall.demo ? t("wall.demo") : ""];
  const text = said.filter(Boolean).join("   ◆   ");
  for (const span of byId("marquee").children) say(span, text);
}

/** The hall's own words; on an English page only what of them is English. */
function inEnglish(notice) {
  if (lang !== "en") return notice;
  return notice.split(/[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+/).map((part) => part.trim()).filter((part) => /[a-z]{2}/i.test(part)).join(" ");
}

function turn() {
  waitingPage += 1;
  drawWaiting();
  const wanted = { all: ["calls", "cases", "notices"] }[page.view] ?? [page.view];
  const full = wanted.filter((view) => view === "calls" || wanted.length === 1 || board[view].length);
  const next = full[Math.floor(performance.now() / TURN_MS / 2) % full.length];
  showView(next);
}

function showView(name) {
  for (const view of byId("views").children) view.hidden = view.dataset.view !== name;
}
showView(page.view === "all" ? "calls" : page.view);
