/** The tablet on one counter: welcome, now serving, and after that the citizen's rating, once. */

import { showClock } from "./clock.js";
import { byId, h, icon, say } from "./dom.js";
import { follow } from "./live.js";
import { lang, page, serviceNamed, t } from "./page.js";
import { askRating, machineToken } from "./rating.js";

const SILENCE_S = 60; // nothing touched for so long: nobody wants to rate, and nothing is recorded
const THANKS_MS = 6_000;

const over = new Set(); // tickets rated, refused or left alone here
let showing = "";
let asked = null;
let quietSince = 0;
let thanksUntil = 0;
let window_ = null;

showClock(byId("clock"), null, lang);
follow({ onBoard: (board) => {
  window_ = board.windows.find((one) => one.id === page.window);
  say(byId("services"), window_.services.map((name) => serviceNamed(board, name)).join(" · "));
  decide(board);
} });
setInterval(tick, 1000);

/** The rating comes first, then what the window does. */
function decide(board = page.board) {
  page.board = board;
  const ticket = window_.rate_ticket;
  if (performance.now() < thanksUntil) return;
  if (ticket && !over.has(ticket)) return ask(ticket, window_.rate_number);
  asked = null;
  say(byId("left"), "");
  const key = `${window_.state} ${window_.number}`;
  if (showing === key) return undefined;
  showing = key;
  return byId("stage").replaceChildren(...scene());
}

function scene() {
  const { state, number, service } = window_;
  if (number && (state === "calling" || state === "serving")) {
    return [
      h("p.note", {}, t(state === "serving" ? "tablet.serving" : "tablet.calling")),
      h("p.number", {}, number), h("p.service", {}, serviceNamed(page.board, service))];
  }
  const says = { closed: ["tablet.closed", "tablet.closed_note"], paused: ["tablet.paused", "tablet.paused_note"] };
  const [title, note] = says[state] ?? ["tablet.welcome", "tablet.welcome_note"];
  const picture = icon(state === "paused" ? "pause" : "account-voice");
  picture.classList.add("hello");
  return [picture, h("p.big", {}, t(title)), h("p.note", {}, t(note))];
}

async function ask(ticket, number) {
  if (asked === ticket) return;
  asked = ticket;
  showing = "rating";
  touched();
  const bearer = await machineToken("tablet");
  if (asked !== ticket) return;
  askRating(byId("stage"), {
    number, who: { ticket_id: ticket }, bearer, onTouch: touched,
    onDone: (sentence, kept) => finish(ticket, sentence, kept),
  });
}

function touched() {
  quietSince = performance.now();
}

function finish(ticket, sentence, kept) {
  over.add(ticket);
  asked = null;
  showing = "";
  thanksUntil = performance.now() + THANKS_MS;
  say(byId("left"), "");
  const picture = icon(kept ? "check-circle" : "alert-circle-outline");
  picture.classList.add("thanks");
  byId("stage").replaceChildren(picture, h("p.big", { role: "status" }, sentence), h("p.note", {}, t("tablet.goodbye")));
}

function tick() {
  if (thanksUntil && performance.now() >= thanksUntil) {
    thanksUntil = 0;
    decide();
  }
  if (!asked) return;
  const left = SILENCE_S - Math.floor((performance.now() - quietSince) / 1000);
  say(byId("left"), t("tablet.seconds_left", { n: Math.max(0, left) }));
  if (left > 0) return;
  over.add(asked);
  decide();
}
