/** The clerk's page: who is signed in, which window, and the way between sign-in, choice and work. */

import { get, post } from "./api.js";
import { showClock } from "./clock.js";
import { byId, h, keyed, say } from "./dom.js";
import { follow } from "./live.js";
import { lang, named, page, serviceNamed, t } from "./page.js";
import { Desk } from "./console_desk.js";

const REMEMBERED = "tingtong-window";
const STATES = {
  closed: "common.state_closed", free: "common.state_free", calling: "common.state_calling",
  serving: "common.state_serving", paused: "common.state_paused",
};
const ROLES = {
  operator: "console.role_operator", supervisor: "console.role_supervisor", admin: "console.role_admin",
  auditor: "console.role_auditor",
};

let board = page.board;
let me = null;
let asked = new URLSearchParams(location.search).get("window"); // a link to one window is followed once
const desk = new Desk({ trouble, inform, stateText: (state) => t(STATES[state]), lostSession: start, myName: () => me?.username });

showClock(byId("clock"), null, lang);
byId("signin-form").addEventListener("submit", signIn);
byId("find-window").addEventListener("input", drawWindows);
byId("leave-window").addEventListener("click", leaveWindow);
byId("logout").addEventListener("click", logOut);
follow({
  onBoard: (next) => {
    board = next;
    desk.board = next;
    if (!byId("choose").hidden) drawWindows();
  },
  // Sixty consoles need not read their lists for what happens at the other end of the hall.
  onEvent: (event) => desk.heard(event),
  onResync: () => desk.refresh(),
});
start();

/** Say a sentence, or take it away. */
function trouble(error) {
  byId("trouble").hidden = !error;
  say(byId("trouble"), error ? error.message : "");
  inform("");
}

/** Say something that is no trouble. */
function inform(sentence) {
  byId("notice").hidden = !sentence;
  say(byId("notice"), sentence);
  if (sentence) byId("trouble").hidden = true;
}

/** A person in the language of the page: names are Chinese, roles are ours to say. */
function personNamed({ username, display_name: name, role }) {
  return lang === "zh" && name ? name : `${username} · ${t(ROLES[role] ?? role)}`;
}

function show(name) {
  for (const part of ["signin", "choose", "work"]) byId(part).hidden = part !== name;
  byId("logout").hidden = name === "signin";
  byId("leave-window").hidden = name !== "work";
  byId("bar-state").hidden = name !== "work";
  if (name !== "work") say(byId("bar-title"), t("console.title"));
  say(byId("bar-who"), name === "signin" ? "" : me ? personNamed(me) : "");
}

async function start() {
  desk.close();
  me = await whoAmI();
  if (!me) {
    show("signin");
    byId("signin-form").elements.username.focus();
    offerDemoPeople();
    return;
  }
  const window = asked || me.window || sessionStorage.getItem(REMEMBERED);
  const fresh = Boolean(asked);
  asked = null;
  if (window && board.windows.some((each) => each.id === window)) takeWindow(window, fresh);
  else {
    show("choose");
    drawWindows();
  }
}

async function whoAmI() {
  if (!page.cookie) return null;
  try {
    return await get("/api/v1/auth/me");
  } catch (error) {
    if (error.status !== 401) trouble(error);
    return null;
  }
}

async function signIn(event) {
  event.preventDefault();
  const { username, password } = event.target.elements;
  await enter({ username: username.value, password: password.value });
}

async function enter(person) {
  try {
    await post("/api/v1/auth/login", person);
    byId("signin-form").reset();
    page.cookie = true;
    trouble(null);
    await start();
  } catch (error) {
    trouble(error);
  }
}

/** A demonstration tells its own accounts, on this machine only. */
async function offerDemoPeople() {
  if (!page.lab) return;
  const { users } = await get("/lab/api/credentials").catch(() => ({ users: [] }));
  const able = users.filter((user) => ["operator", "supervisor", "admin"].includes(user.role));
  byId("demo-people").hidden = able.length === 0;
  keyed(byId("demo-people").querySelector(".demo-list"), able, (user) => user.username, (user) =>
    h("button.button.small", { type: "button", onclick: () => enter({ username: user.username, password: user.password }) },
      `${user.username} · ${t(ROLES[user.role] ?? user.role)}`));
}

async function logOut() {
  try {
    await post("/api/v1/auth/logout");
  } catch (error) {
    trouble(error);
  }
  sessionStorage.removeItem(REMEMBERED);
  page.cookie = false;
  await start();
}

function drawWindows() {
  const words = byId("find-window").value.trim().toLowerCase();
  const zones = new Map(board.zones.map((zone) => [zone.id, zone]));
  const about = (window) => `${window.floor} ${named(zones.get(window.zone) ?? { name: "" })} ${window.services.map((name) => serviceNamed(board, name)).join(" ")}`;
  const found = board.windows.filter((window) => `${window.id} ${window.name} ${about(window)}`.toLowerCase().includes(words));
  keyed(byId("windows"), found, (window) => window.id,
    (window) => h("button", { type: "button", onclick: () => takeWindow(window.id, true) },
      h("b", {}, t("common.window_n", { n: window.id })), h("small", {}, about(window)), h("span.chip")),
    (button, window) => {
      const chip = button.lastChild;
      say(chip, t(STATES[window.state]));
      chip.className = { closed: "chip", free: "chip good", paused: "chip warn" }[window.state] ?? "chip long";
    });
}

/** Sit down at a window; `fresh` signs in there, else only when nobody is. */
async function takeWindow(id, fresh = false) {
  try {
    const window = await get(`/api/v1/windows/${id}`);
    if (fresh || !window.operator) await post(`/api/v1/windows/${id}/sign-in`);
    sessionStorage.setItem(REMEMBERED, id);
    trouble(null);
    await desk.open(id, board);
    show("work");
    byId("call-next").focus();
  } catch (error) {
    sessionStorage.removeItem(REMEMBERED);
    trouble(error);
    show("choose");
    drawWindows();
  }
}

async function leaveWindow() {
  try {
    await post(`/api/v1/windows/${desk.id}/sign-out`);
  } catch (error) {
    trouble(error);
    return;
  }
  sessionStorage.removeItem(REMEMBERED);
  desk.close();
  trouble(null);
  show("choose");
  drawWindows();
}
