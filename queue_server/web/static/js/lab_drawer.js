/** Under each machine: the frames on its wire, every knob it has, and what can go wrong with the wire. */

import { get } from "./api.js";
import { byId, h, keyed, say } from "./dom.js";
import { hallParts } from "./clock.js";
import { lang, t } from "./page.js";

const PLACES = [["reader", 1], ["kiosk", 2], ["printer", 3], ["pad", 4], ["evaluator", 4], ["led", 5], ["light", 5], ["digit", 5], ["speaker", 5],
  ["scanner", 1], ["dispenser", 3]];
const KNOBS = {
  paper: "lab.knob_paper", cover: "lab.knob_cover", jam: "lab.knob_jam", "clear-jam": "lab.clear_jam",
  "cut-power": "lab.knob_cut_power", "restore-power": "lab.knob_restore_power", take: "lab.take",
  mute: "lab.knob_mute", touch: "lab.knob_touch", language: "lab.knob_language", home: "lab.knob_home",
};
const SHOWN_FRAMES = 200;

/** Show a drawer for each machine, under the step it belongs to. */
export function drawDrawers(lab) {
  for (let step = 1; step <= 5; step += 1) {
    const mine = lab.machines.filter((machine) => stepOf(machine) === step && nearby(lab, machine));
    const place = byId(`step-${step}`).querySelector(".drawers");
    keyed(place, mine, (machine) => machine.id, (machine) => drawer(lab, machine), renew);
  }
}

export const stepOf = (machine) => PLACES.find(([kind]) => machine.kind.includes(kind))?.[1];

/** Of the machines that stand at every window with a pad, only those of the chosen window. */
export function nearby(lab, machine) {
  const { window } = machine.state;
  return window === undefined || window === lab.window || !lab.at("call-pad", window);
}

function drawer(lab, machine) {
  const knobs = h("div.drawer-knobs");
  const frames = h("ol.frames", { tabIndex: 0, ariaLabel: t("lab.frames") });
  const details = h("details", { data: { device: machine.id } },
    h("summary", {}, h("b", {}, machine.id), h("span", {}, ` · ${machine.driver} · ${machine.wire} `), h("span.chip", { hidden: true })),
    h("div.drawer", {}, h("b", {}, t("lab.frames")), frames, h("b", {}, t("lab.knobs")), knobs));
  details.addEventListener("toggle", () => {
    if (details.open && !knobs.childElementCount) knobs.append(...machine.actions.map((action) => form(lab, machine, action)));
    readFrames(details, frames, machine);
  });
  return details;
}

function renew(details, machine) {
  const chip = details.querySelector("summary .chip");
  const fault = machine.state.fault;
  chip.hidden = !fault;
  chip.className = "chip bad";
  say(chip, fault ? t("lab.broken", { fault }) : "");
  if (details.open) readFrames(details, details.querySelector(".frames"), machine);
}

async function readFrames(details, list, machine) {
  if (!details.open || details.dataset.reading) return;
  details.dataset.reading = "yes";
  try {
    const { frames = [] } = await get(`/lab/api/devices/${encodeURIComponent(machine.id)}`);
    const newest = frames.slice(-SHOWN_FRAMES).reverse();
    const key = newest.length ? `${newest[0].at} ${frames.length}` : "none";
    if (list.dataset.newest === key) return;
    list.dataset.newest = key;
    list.replaceChildren(...(newest.length ? newest.map(line) : [h("li", {}, t("lab.no_frames"))]));
  } catch (error) {
    list.replaceChildren(h("li", {}, error.message));
  } finally {
    delete details.dataset.reading;
  }
}

/** `rx` is what the machine got from the host, `tx` what it sent. */
function line(frame) {
  const toMachine = frame.dir === "rx";
  const ms = Date.parse(frame.at);
  const time = `${hallParts(ms).hms}.${String(ms % 1000).padStart(3, "0")}`;
  return h("li", {}, h("span", { className: toMachine ? "to" : "from" }, `${time} ${toMachine ? "→" : "←"} ${frame.text}`), h("small", {}, frame.hex));
}

/** A title is "中文 / english"; some machines say theirs in English only. */
function knobName({ name, title }) {
  const [zh, en] = String(title ?? "").split(" / ");
  if (en) return lang === "en" ? en : zh;
  return t(KNOBS[name] ?? (title || name));
}

/** A form for any knob: `a|b|c` becomes a choice, everything else is typed. */
function form(lab, machine, action) {
  const fields = Object.entries(action.params ?? {}).map(([name, takes]) => {
    const choices = /^[\w.-]+(\|[\w.-]+)+/.exec(String(takes));
    const field = choices
      ? h("select", { name, title: name }, choices[0].split("|").map((value) => h("option", { value }, value)))
      : h("input", { name, title: String(takes), placeholder: `${name}: ${takes}` });
    if (name === "for_s") field.value = "10";
    return field;
  });
  const send = (event) => {
    event.preventDefault();
    lab.do(machine, action.name, Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== "").map(typed)));
  };
  return h("form", { onsubmit: send }, fields, h("button.button.small", {}, knobName(action)));
}

/** Numbers, true and false, tables: as JSON where it is JSON, else the words themselves. */
function typed([name, value]) {
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}
