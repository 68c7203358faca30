/** The call pad and the evaluator of one window, and what a newcomer needs to know to get a number called. */

import { byId, h, icon, say } from "./dom.js";
import { absent, knob, once } from "./lab_machines.js";
import { page, t } from "./page.js";

const PAD_KEYS = {
  "call-next": "lab.key_call_next", recall: "lab.key_recall", "ask-rating": "lab.key_ask_rating",
  "no-show": "lab.key_no_show", hold: "lab.key_hold", "resume-held": "lab.key_resume_held",
  transfer: "lab.key_transfer", pause: "lab.key_pause", cancel: "lab.key_cancel",
};
const BEST = 5;
const BEEP_MS = 5_000;
const NUMBER = /^[A-Z]+\d{2,4}$/m;

const beeps = new Map(); // pad -> { count, at }
const calledOnce = new Set(); // numbers that the board has shown as called

export function drawPads(lab) {
  const place = byId("pads");
  const pads = lab.of("call-pad");
  if (!pads.length) return void once(place, "absent", absent);
  const pad = lab.at("call-pad", lab.window);
  const evaluator = lab.at("evaluator", lab.window);
  const choose = (window) => () => { lab.window = window; lab.look(); };
  once(place, `${lab.window} ${pads.length}`, () => [
    h("p.hint", { role: "status", hidden: true }),
    h("div.choose-window", {}, pads.map(({ state }) =>
      knob(t("common.window_n", { n: state.window }), choose(state.window), { ariaPressed: String(state.window === lab.window) }))),
    h("div.pad-both", {},
      h("div.pad", {}, h("h3", {}, t("lab.pad")), h("div.display", {}, h("span"), h("span")), h("p.beep", { role: "status" }),
        h("div.keys", {}, Object.entries(PAD_KEYS).map(([key, text]) =>
          h("button", { type: "button", data: { key }, className: key === "call-next" ? "button primary" : "button", onclick: () => lab.do(pad, "press", { key }) }, t(text))))),
      evaluator ? evaluatorBox(lab, evaluator) : null),
  ]);
  const [left, right] = place.querySelector(".display").children;
  const window = lab.board.windows.find((one) => one.id === lab.window);
  const waiting = Number(pad.state.waiting ?? window?.waiting ?? 0);
  say(left, window?.number || "----");
  say(right, t("lab.pad_waiting", { n: waiting }));
  drawBeep(place.querySelector(".beep"), pad, waiting);
  drawHint(place.querySelector(".hint"), lab, pads.map(({ state }) => state.window));
  if (evaluator) drawEvaluator(place.querySelector(".evaluator"), evaluator);
  return undefined;
}

/** Only the keys that this machine has: its knob names the levels, best first (`5|4|3|2`). */
function evaluatorBox(lab, evaluator) {
  const named = evaluator.actions.find((action) => action.name === "press")?.params?.level ?? "";
  const has = new Set(String(named).match(/\b[1-5]\b/g)?.map(Number) ?? page.rating.map((_, index) => BEST - index));
  const keys = page.rating.map((level, index) => ({ ...level, digit: BEST - index })).filter(({ digit }) => has.has(digit));
  return h("div.evaluator", {}, h("h3"), h("div.stars", {}, keys.map(({ level, digit, label, icon: face }) =>
    h("button.button.small", { type: "button", data: { level }, onclick: () => lab.do(evaluator, "press", { level: digit }) }, icon(face), label))));
}

function drawEvaluator(box, evaluator) {
  box.classList.toggle("awake", Boolean(evaluator.state.awake));
  say(box.querySelector("h3"), evaluator.state.awake ? t("lab.evaluator_awake") : t("lab.evaluator_asleep"));
}

/** A pad can only beep: say for a moment what the beep means. */
function drawBeep(place, pad, waiting) {
  const count = Number(pad.state.beeps ?? 0);
  const before = beeps.get(pad.id) ?? { count, at: -BEEP_MS };
  if (count > before.count) before.at = performance.now();
  beeps.set(pad.id, { count, at: before.at });
  const beeping = performance.now() - before.at < BEEP_MS;
  say(place, beeping ? t(waiting ? "lab.beep_refused" : "lab.beep_nobody") : "");
  place.closest(".pad").classList.toggle("beeping", beeping);
}

/** Where the newest ticket on paper is called, when the pad on show is not the place. */
function drawHint(place, lab, padWindows) {
  for (const call of lab.board.calls) calledOnce.add(call.number);
  const hint = hintFor(lab, padWindows);
  const key = hint ? `${hint.number} ${hint.ids} ${hint.withPad}` : "";
  place.hidden = !hint;
  if (!hint || place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  const { number, ids, withPad } = hint;
  const values = { number, windows: ranges(withPad.length ? withPad : ids) };
  const link = h("a", { href: `/console?lang=${page.lang}&window=${encodeURIComponent(ids[0])}`, target: "_blank" }, t("lab.hint_console"));
  place.replaceChildren(...(withPad.length ? [t("lab.hint_pad", values)] : [t("lab.hint_no_pad", values), " ", link]));
}

function hintFor(lab, padWindows) {
  const [printer] = lab.of("printer");
  const number = NUMBER.exec(printer?.state.tickets.at(-1)?.text ?? "")?.[0];
  if (!number || calledOnce.has(number)) return null;
  const service = lab.board.services.filter((one) => number.startsWith(one.prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0];
  if (!service || !service.waiting) return null;
  const ids = lab.board.windows.filter((window) => window.services.includes(service.name)).map((window) => window.id);
  if (!ids.length || ids.includes(lab.window)) return null;
  return { number, ids, withPad: ids.filter((id) => padWindows.includes(id)) };
}

/** `["1", "2", "3", "7"]` as people write it: 1–3, 7. */
function ranges(ids) {
  const runs = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last && Number(id) === Number(last.at(-1)) + 1) last.push(id);
    else runs.push([id]);
  }
  return runs.map((run) => (run.length > 1 ? `${run[0]}–${run.at(-1)}` : run[0])).join(page.lang === "en" ? ", " : "、");
}
