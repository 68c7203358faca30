/** Boards that get pictures, lamps, digit displays and card readers: what is seen of them, and their everyday knobs. */

import { byId, h, keyed, say } from "./dom.js";
import { knob } from "./lab_machines.js";
import { t } from "./page.js";

const CARDS = {
  "social-security": "lab.card_social", "t-union": "lab.card_t_union", "staff-card": "lab.card_staff", unknown: "lab.card_unknown",
};

/** The place of these machines under the everyday ones of a step, made once. */
function shelf(step, name) {
  const machine = byId(step);
  let place = machine.querySelector(`.${name}`);
  if (!place) {
    place = h(`div.${name}`);
    machine.append(place);
  }
  return place;
}

/** Lamps and digit displays, under the bars. */
export function drawLamps(lab) {
  const faces = [...lab.of("light").map((machine) => lamp(machine)), ...lab.of("digit-line").flatMap((line) => displays(line))];
  keyed(shelf("shown", "lamps"), faces, (face) => face.key, (face) => made(lab, face), renewed);
}

function lamp(machine) {
  const { window, png } = machine.state;
  const about = window ? `${t("common.window_n", { n: window })} · ${machine.id}` : machine.id;
  return { key: machine.id, machine, about, said: lampText(machine.state), png, power: {} };
}

function lampText({ colour, lamps, lit }) {
  if (!lit) return t("lab.dark");
  return colour || Object.entries(lamps ?? {}).map(([name, mode]) => (mode === "on" ? name : `${name} ${mode}`)).join(" · ") || t("lab.lit");
}

const displays = (line) => Object.entries(line.state.displays ?? {}).map(([unit, { text, png }]) => ({
  key: `${line.id} ${unit}`, machine: line, about: t("lab.display_n", { id: line.id, n: unit }), said: text || t("lab.dark"), png, power: { addr: unit },
}));

function made(lab, { machine, power }) {
  const turn = (on) => () => lab.do(machine, "power", { ...power, on });
  return h("div.lamp-box", {}, h("img", { alt: "" }), h("p", {}, h("b"), h("span")),
    h("div.row", {}, knob(t("lab.power_on"), turn(true)), knob(t("lab.power_off"), turn(false))));
}

function renewed(box, { about, said, png }) {
  const [picture, words] = box.children;
  picture.hidden = !png;
  if (png && picture.src !== png) picture.src = png;
  say(words.firstChild, about);
  say(words.lastChild, said);
}

/** Smart-card readers, under the reader of identity cards. */
export function drawCardReaders(lab) {
  keyed(shelf("reader", "card-readers"), lab.of("card-reader"), (machine) => machine.id, (machine) => cardReader(lab, machine),
    (box, { state }) => {
      say(box.querySelector("span"), cardText(state.card));
      for (const button of box.querySelectorAll("[data-card]")) button.disabled = Boolean(state.card);
      box.querySelector("[data-remove]").disabled = !state.card;
    });
}

function cardText(card) {
  if (!card) return t("lab.card_none");
  return [CARDS[card.kind] ? t(CARDS[card.kind]) : card.kind, card.name].filter(Boolean).join(" · ");
}

function cardReader(lab, machine) {
  const insert = (kind) => () => lab.do(machine, "insert", { card: { kind } });
  return h("div.card-reader", {}, h("p", {}, h("b", {}, t("lab.card_reader", { id: machine.id })), h("span", { role: "status" })),
    h("div.row", {}, Object.entries(CARDS).map(([kind, text]) => knob(t(text), insert(kind), { data: { card: kind } })),
      knob(t("lab.card_remove"), () => lab.do(machine, "remove"), { data: { remove: "yes" } })));
}
