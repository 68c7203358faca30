/** How each machine looks on the lab page, and its everyday knobs. */

import { byId, h, icon, keyed, say } from "./dom.js";
import { lang, t } from "./page.js";

const CARDS = [
  { key: "lab.card_zhang", card: { kind: "citizen", name: "张伟", birth: "1988-06-12" } },
  { key: "lab.card_li", card: { kind: "citizen", name: "李桂兰", birth: "1951-03-07" } },
  { key: "lab.card_foreigner", card: { kind: "foreigner-2023", english_name: "SMITH, ANNA" } },
];
const PAPER = { full: "lab.paper_full", low: "lab.paper_low", out: "lab.paper_out" };
const SHOWN_TICKETS = 4;

/** Draw into `place` once per `key`, so that a button is not replaced under the pointer. */
export function once(place, key, make) {
  if (place.dataset.drawn === key) return false;
  place.dataset.drawn = key;
  place.replaceChildren(...make());
  return true;
}

export const knob = (text, onclick, props = {}) => h("button.button.small", { type: "button", onclick, ...props }, text);
export const absent = () => [h("p.absent", {}, t("lab.absent"))];

export function drawReader(lab) {
  const [reader] = lab.of("id-reader");
  const place = readerPlace();
  if (!reader) return void once(place, "absent", absent);
  const { card } = reader.state;
  return void once(place, `${reader.id} ${card ? `${card.name} ${card.kind}` : ""}`, () => [
    h("div.reader", {}, card ? idCard(card) : h("span.slot", {}, icon("card-account-details-outline"), t("lab.reader_empty"))),
    h("div.row", {}, CARDS.map(({ key, card: one }) =>
      knob(t(key), () => lab.do(reader, "place-card", { card: one }), { disabled: Boolean(card) })),
    knob(t("lab.lift"), () => lab.do(reader, "lift-card"), { disabled: !card })),
  ]);
}

/** Smart-card readers stand under it: what is drawn anew must not take them away. */
function readerPlace() {
  once(byId("reader"), "frame", () => [h("div.machine.id-reader")]);
  return byId("reader").firstElementChild;
}

function idCard(card) {
  return h("div.idcard", {}, h("b", {}, card.name ?? ""), h("code", {}, card.id_number ?? ""));
}

let screenTag = "";
let screenBusy = false;

export function drawKiosk(lab) {
  const [kiosk] = lab.of("kiosk");
  const place = byId("kiosk");
  if (!kiosk) return void once(place, "absent", () => [h("p.absent", {}, t("lab.kiosk_absent"))]);
  once(place, kiosk.id, () => {
    const image = h("img", { alt: t("lab.kiosk_screen"), id: "kiosk-screen", draggable: false });
    image.addEventListener("click", (event) => {
      const box = image.getBoundingClientRect();
      lab.do(kiosk, "touch", { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
    });
    screenTag = "";
    return [h("div.kiosk-frame", {}, image)];
  });
  return void drawScreen(kiosk);
}

/** Fetch the screen when it changed; a data URL, because the page's policy knows no other place for pictures. */
async function drawScreen(kiosk) {
  if (screenBusy) return;
  screenBusy = true;
  try {
    const headers = screenTag ? { "If-None-Match": screenTag } : {};
    const answer = await fetch(`/lab/api/devices/${encodeURIComponent(kiosk.id)}/files/screen.png`, { headers, cache: "no-store" });
    if (answer.status !== 200) return;
    const picture = await answer.blob();
    const reader = new FileReader();
    reader.addEventListener("load", () => { byId("kiosk-screen").src = reader.result; });
    reader.readAsDataURL(picture);
    screenTag = answer.headers.get("etag") ?? "";
  } catch {
    screenTag = ""; // the look after this one tries again and says what is wrong
  } finally {
    screenBusy = false;
  }
}

export function drawPrinter(lab) {
  const [printer] = lab.of("printer");
  const place = byId("printer");
  if (!printer) return void once(place, "absent", absent);
  const { paper, cover_open: open, jammed, printing, tickets } = printer.state;
  const bad = paper === "out" || open || Boolean(jammed);
  const said = jammed ? t("lab.jammed") : open ? t("lab.cover_open") : t(PAPER[paper] ?? "lab.paper_full");
  const newest = [...tickets].reverse().slice(0, SHOWN_TICKETS);
  const key = JSON.stringify([printer.id, paper, open, jammed, printing, tickets.length, newest.map((one) => [one.taken, one.text])]);
  const draw = (one, index) => h("img", { src: one.png, alt: one.text, className: index ? "old" : one.taken ? "taken" : "", title: one.taken ? t("lab.taken") : "" });
  return void once(place, key, () => [
    h("div.paper-mouth", { className: bad ? "paper-mouth bad" : "paper-mouth" }, h("i.lamp"), printing ? t("lab.printing") : said),
    h("div.tickets", {}, newest.length ? newest.map(draw) : h("p", {}, t("lab.no_ticket"))),
    h("div.row", {},
      knob(t("lab.take"), () => lab.do(printer, "take"), { disabled: !tickets.some((one) => !one.taken) }),
      Object.entries(PAPER).map(([state, text]) => knob(t(text), () => lab.do(printer, "paper", { state }), { disabled: paper === state })),
      knob(t(open ? "lab.close_cover" : "lab.open_cover"), () => lab.do(printer, "cover", { open: !open })),
      jammed
        ? knob(t("lab.clear_jam"), () => lab.do(printer, "clear-jam"))
        : knob(t("lab.jam"), () => lab.do(printer, "jam"))),
  ]);
}

export function drawBars(lab) {
  const place = barsPlace();
  const bars = lab.of("led");
  keyed(place, bars, (bar) => bar.id,
    () => h("div.led", {}, h("img"), h("span", {}, h("b"), h("i"))),
    (element, bar) => {
      const [picture, line] = element.children;
      if (bar.state.png && picture.src !== bar.state.png) picture.src = bar.state.png;
      picture.alt = bar.state.text ?? "";
      say(line.firstChild, bar.state.window ? t("common.window_n", { n: bar.state.window }) : bar.id);
      say(line.lastChild, bar.state.text || (bar.state.pages ? t("lab.pages", { n: bar.state.pages.length }) : ""));
    });
}

function barsPlace() {
  once(byId("shown"), "frame", () => [h("div.bars"), h("p.voice", {}, icon("volume-high"), h("span")), h("ol.said")]);
  return byId("shown").querySelector(".bars");
}

export function drawVoice(lab) {
  const speakers = lab.of("speaker");
  const said = speakers.flatMap((speaker) => speaker.state.said ?? []).map((one) => (typeof one === "string" ? one : one.text));
  const speaking = speakers.some((speaker) => speaker.state.speaking);
  const voice = document.querySelector(".voice");
  voice.classList.toggle("speaking", speaking);
  say(voice.lastChild, speaking ? t("lab.speaking") : t("lab.speaker"));
  const last = said.map((text, index) => ({ text, index })).reverse().slice(0, 4);
  const list = document.querySelector(".said");
  keyed(list, last.length ? last : [{ text: t("lab.nothing_said"), index: "none" }], (one) => one.index,
    (one) => h("li", { lang: one.index === "none" ? lang : "zh-CN" }, one.text));
}
