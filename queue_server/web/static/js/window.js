/** A screen above one window: its state in words, the number as large as it goes. */

import { showClock } from "./clock.js";
import { byId, say } from "./dom.js";
import { follow } from "./live.js";
import { lang, named, page, serviceNamed, t } from "./page.js";

const LINES = {
  closed: "common.state_closed", free: "window.free", paused: "common.state_paused",
  calling: "window.calling", serving: "window.serving",
};
let calledBefore = null;

showClock(byId("clock"), null, lang);
follow({ onBoard: draw });

function draw(board) {
  const window = board.windows.find((one) => one.id === page.window);
  const call = board.calls.find((one) => one.ticket_id === window.ticket_id);
  const zone = board.zones.find((one) => one.id === window.zone);
  const worded = (name) => serviceNamed(board, name);
  byId("screen").dataset.state = window.state;
  say(byId("zone"), zone ? `${window.floor} ${named(zone)}` : window.floor);
  say(byId("line"), t(LINES[window.state]));
  say(byId("number"), window.number);
  say(byId("note"), note(window, worded));
  say(byId("services"), window.services.map(worded).join(" · "));
  const calls = window.state === "calling" ? `${window.ticket_id} ${call?.calls ?? 1}` : "";
  if (calls && calledBefore !== null && calls !== calledBefore) flash(document.querySelector(".middle"));
  calledBefore = calls;
}

function note(window, worded) {
  if (window.number) return worded(window.service);
  return window.state === "free" && window.waiting ? t("window.waiting", { n: window.waiting }) : "";
}

function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // begin the animation anew
  element.classList.add("flash");
}
