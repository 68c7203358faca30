/** Booking ahead: department, service, day and time, name, code.  One step stands on the screen at a time. */

import { get } from "./api.js";
import { drawCancel } from "./appointments_cancel.js";
import { drawDone } from "./appointments_done.js";
import { drawForm } from "./appointments_form.js";
import { drawTimes } from "./appointments_times.js";
import { setHallTime, showClock } from "./clock.js";
import { byId, h, icon } from "./dom.js";
import { lang, named, page, t } from "./page.js";

const stage = byId("stage");
let services = [];
let drawn = 0;

setHallTime(page.board.at);
showClock(byId("clock"), byId("date"), lang);
addEventListener("pageshow", (event) => event.persisted && location.reload()); // kept aside, it may be somebody else's
start();

async function start() {
  show(0, t("appointments.loading"));
  try {
    services = (await get("/api/v1/services")).items;
    departments();
  } catch (error) {
    show(0, t("appointments.title"), trouble(error.message), again(start));
  }
}

/** Put a step on the screen: its heading gets the focus, so that a reader begins there. */
function show(step, title, ...children) {
  drawn += 1;
  [...byId("steps").children].forEach((item, place) => {
    item.classList.toggle("over", place < step);
    if (place === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  const heading = h("h1", { tabIndex: -1 }, title);
  stage.replaceChildren(heading, ...children);
  if (drawn > 1) heading.focus({ preventScroll: true });
  scrollTo(0, 0);
  return drawn;
}

function departments() {
  const known = new Map(services.flatMap((service) => service.departments).map((one) => [one.code, one]));
  const tiles = [...known.values()].map((one) =>
    tile(lang === "en" ? one.en : one.name, "", () => ofDepartment(one)));
  show(0, t("appointments.choose_department"),
    h("div.beside", {}, h("p", {}, t("appointments.have_one")),
      h("button.button", { type: "button", onclick: giveUp }, t("appointments.cancel_one"))),
    h("div.tiles", {}, ...tiles));
}

function ofDepartment(department) {
  const mine = services.filter((service) => service.departments.some((one) => one.code === department.code));
  const tiles = mine.map((service) => tile(named(service), about(service, department), () => times(service, department)));
  show(0, t("appointments.choose_service"), h("div.tiles.wide", {}, ...tiles), back(departments));
}

const about = (service, department) =>
  lang === "en" ? `${service.zone_en} · ${service.floor}` : (service.matters_of[department.code] ?? []).slice(0, 3).join("、");

async function times(service, department) {
  const before = () => ofDepartment(department);
  const mine = show(1, named(service), h("p.quiet", {}, t("appointments.loading")));
  try {
    const found = await get(`/api/v1/appointments/slots?service=${encodeURIComponent(service.id)}`);
    if (mine !== drawn) return; // somebody went back meanwhile
    const whole = h("div");
    show(1, named(service), whole, back(before));
    drawTimes(whole, found, (slot) => person(service, slot, found, () => times(service, department)));
  } catch (error) {
    if (mine === drawn) show(1, named(service), trouble(error.message), again(() => times(service, department)), back(before));
  }
}

function person(service, slot, rules, before) {
  const whole = h("div");
  show(2, t("appointments.who"), whole, back(before));
  drawForm(whole, { service, slot, onBooked: (made) => done(made, rules), onFull: before });
}

function done(made, rules) {
  const whole = h("div");
  show(3, t("appointments.booked"), whole);
  drawDone(whole, made, rules, { onOver: departments });
}

function giveUp() {
  const whole = h("div");
  show(0, t("appointments.cancel_one"), whole, back(departments));
  drawCancel(whole, { onOver: departments });
}

const tile = (name, note, onclick) =>
  h("button.tile", { type: "button", onclick }, h("b", {}, name), note ? h("small", {}, note) : null, icon("arrow-right"));
const back = (onclick) => h("button.button.back", { type: "button", onclick }, t("appointments.back"));
const again = (onclick) => h("button.button.primary", { type: "button", onclick }, t("appointments.again"));
const trouble = (text) => h("p.trouble", { role: "alert" }, text);
