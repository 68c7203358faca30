/** One window at work: its ticket, its keys, its line. */

import { get, post } from "./api.js";
import { hallNow } from "./clock.js";
import { ask, fillTargets, offerToDrop } from "./console_ask.js";
import { byId, h, keyed, say } from "./dom.js";
import { nextStops, showHistory, whyCalled } from "./console_history.js";
import { ASIDE, age, makeRow, paperText, tickets } from "./console_line.js";
import { chips, marksText } from "./console_marks.js";
import { Reprints } from "./console_paper.js";
import { named, page, serviceNamed, t } from "./page.js";

const KEYS = { F2: "call-next", F3: "recall", F4: "start", F8: "finish", F9: "no-show", F7: "hold", F6: "transfer", F10: "pause" };
const ALLOWED = {
  called: ["recall", "start", "no-show", "transfer", "hold"],
  serving: ["finish", "hold", "transfer", "recall"],
};
const WANTED = { called: "start", serving: "finish" };
const AMBER_S = 15 * 60;
const RED_S = 30 * 60;
const BOUNCING = new Set(["call-next", "recall"]); // a second one would be another call
const BOUNCE_MS = 600;
const LISTED = 60;

export class Desk {
  /** `trouble(error)` shows a sentence, `inform(sentence)` good news, `lostSession()` asks to sign in again, `myName()` tells who sits here. */
  constructor({ trouble, inform, stateText, lostSession, myName }) {
    Object.assign(this, { trouble, inform, stateText, lostSession, myName, mine: false, id: null, window: null, board: page.board });
    this.lists = { waiting: [], aside: [], paper: [] };
    this.shown = "waiting";
    this.busy = false;
    this.pressed = { action: "", at: 0 };
    this.answered = null;
    this.reading = null;
    this.again = false;
    this.reprints = new Reprints({ tell: inform, warn: (sentence) => trouble(new Error(sentence)) });
    byId("call-next").addEventListener("click", () => this.act("call-next"));
    for (const button of this.buttons()) button.addEventListener("click", () => this.act(button.dataset.act));
    for (const tab of this.tabs()) tab.addEventListener("click", () => this.choose(tab.dataset.list));
    document.addEventListener("keydown", (event) => this.onKey(event));
    setInterval(() => this.id && this.window && this.draw(), 5000);
  }

  buttons() {
    return document.querySelectorAll(".actions [data-act]");
  }

  tabs() {
    return document.querySelectorAll(".tabs [data-list]");
  }

  async open(id, board) {
    Object.assign(this, { id, board, window: null, mine: false });
    await this.refresh();
  }

  close() {
    this.id = null;
    this.window = null;
  }

  onKey(event) {
    const action = KEYS[event.key];
    if (!action || !this.id || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (!event.repeat) this.act(action);
  }

  /** Whether an event may change what this window shows. */
  concerns(event) {
    if (!this.window || event.window === this.id) return true;
    const listed = Object.values(this.lists).flat();
    return this.window.skills.some((skill) => skill.service_id === event.service_id) ||
      listed.some((ticket) => ticket.id === event.ticket_id);
  }

  /** An event of the hall. */
  heard(event) {
    this.reprints.heard(event);
    if (this.concerns(event)) this.refresh();
  }

  /** Read the window and its lists again; many wishes, one reading. */
  async refresh() {
    if (!this.id) return;
    this.again = true;
    this.reading ??= this.readWhileAsked();
    await this.reading;
  }

  async readWhileAsked() {
    try {
      while (this.again && this.id) {
        this.again = false;
        await this.read(this.id);
      }
    } catch (error) {
      if (error.status === 401) this.lostSession();
      else this.trouble(error);
    } finally {
      this.reading = null;
    }
  }

  async read(id) {
    const window = await get(`/api/v1/windows/${id}`);
    const lines = window.skills.map((skill) => tickets(`state=waiting&service=${encodeURIComponent(skill.service_id)}`));
    const [held, passed, ...waiting] = await Promise.all([
      tickets(`state=held&window=${id}`), tickets(`state=passed&window=${id}`), ...lines]);
    if (this.id !== id) return;
    this.window = window;
    this.tellRelieved(window.operator);
    const rank = new Map(window.skills.map((skill) => [skill.service_id, skill.priority]));
    const order = (a, b) => rank.get(a.service_id) - rank.get(b.service_id) || a.issued_at.localeCompare(b.issued_at);
    const all = waiting.flat().filter((ticket) => !ticket.window || ticket.window === id).sort(order);
    this.lists = {
      waiting: all,
      aside: [...held, ...passed],
      paper: all.filter((ticket) => ["failed", "unknown"].includes(ticket.print_state)),
    };
    this.draw();
  }

  /** Say so when somebody else has signed in here since: again after each thing that is done. */
  tellRelieved(operator) {
    if (operator === this.myName()) this.mine = true;
    else if (this.mine && operator) this.trouble(new Error(t("console.taken_over", { name: operator })));
  }

  /** Do one thing after the other; a key that bounces under an eager finger is one press. */
  async act(action) {
    const { action: before, at } = this.pressed;
    this.pressed = { action, at: performance.now() };
    if (BOUNCING.has(action) && before === action && this.pressed.at - at < BOUNCE_MS) return;
    await this.answered;
    if (this.busy || !this.id || !this.window || !this.possible(action)) return;
    const body = await this.details(action);
    if (body === null) return;
    const path = action === "pause" && this.window.state === "paused" ? "resume" : action;
    const { number } = this.window.ticket ?? {};
    await this.send(`/api/v1/windows/${this.id}/${path}`, body, (answer) => {
      if (action === "call-next" && answer === null) this.inform(t("console.nobody"));
      if (action === "transfer") this.inform(t("console.transferred", { number, place: this.placeNamed(body) }));
    });
  }

  send(path, body, done = () => {}, failed = () => {}) {
    this.answered = this.sent(path, body, done, failed);
    return this.answered;
  }

  async sent(path, body, done, failed) {
    this.busy = true;
    this.trouble(null);
    this.draw();
    try {
      const answer = await post(path, body);
      done(answer);
    } catch (error) {
      failed();
      if (error.status === 401) this.lostSession();
      else this.trouble(error);
    } finally {
      this.busy = false;
    }
    await this.refresh(); // what may be pressed next depends on it
    this.draw();
  }

  possible(action) {
    const ticket = this.window.ticket;
    if (action === "call-next" || action === "pause") return true;
    if (action === "resume-held") return !ticket && this.lists.aside.some((one) => one.state === "held");
    return Boolean(ticket) && ALLOWED[ticket.state]?.includes(action);
  }

  /** Ask for what an action needs; null when the clerk thinks better of it. */
  async details(action) {
    if (action === "finish") {
      offerToDrop(this.window.ticket);
      const form = await ask("finish-dialog", this.window.ticket?.number);
      if (!form) return null;
      const rest = form.get("drop_rest") ? { rest: "drop" } : {};
      return { outcome: form.get("outcome"), case_no: form.get("case_no")?.trim() || null, ...rest };
    }
    if (action === "transfer") {
      fillTargets(this.board, this.id, this.stateText);
      const form = await ask("transfer-dialog", this.window.ticket?.number);
      if (!form) return null;
      const [kind, id] = form.get("to").split(":");
      return { [`${kind}_id`]: id, position: form.get("position") };
    }
    if (action === "pause" && this.window.state !== "paused") {
      const form = await ask("pause-dialog", this.window.ticket?.number);
      return form && { reason: form.get("reason_text")?.trim() || form.get("reason") };
    }
    return {};
  }

  /** Where a transfer went, in words. */
  placeNamed({ service_id: service, window_id: window }) {
    if (window) return t("common.window_n", { n: window });
    const found = this.board.services.find((one) => one.id === service);
    return found ? `${found.prefix} ${named(found)}` : service;
  }

  /** Print a ticket's paper once more and say what became of it. */
  reprint(ticket) {
    const answered = this.send(`/api/v1/tickets/${ticket.id}/reprint`, {}, () => {}, () => this.reprints.refused(ticket.id));
    this.reprints.began(ticket); // before its event, which may come before the answer
    return answered;
  }

  /** Show what became of a ticket. */
  async history(ticket) {
    try {
      await showHistory(ticket);
    } catch (error) {
      if (error.status === 401) this.lostSession();
      else this.trouble(error);
    }
  }

  choose(list) {
    this.shown = list;
    for (const tab of this.tabs()) tab.setAttribute("aria-selected", String(tab.dataset.list === list));
    this.draw();
  }

  draw() {
    if (!this.window) return;
    const { window } = this;
    say(byId("bar-title"), t("common.window_n", { n: window.id }));
    say(byId("bar-state"), `${this.stateText(window.state)}${window.pause_reason ? ` · ${window.pause_reason}` : ""}`);
    byId("bar-state").className = window.state === "paused" ? "chip warn" : window.state === "free" ? "chip good" : "chip";
    this.drawCurrent(window.ticket);
    byId("call-next").disabled = this.busy;
    this.drawPause(window.state === "paused");
    for (const button of this.buttons()) {
      button.disabled = this.busy || !this.possible(button.dataset.act);
      button.classList.toggle("wanted", WANTED[window.ticket?.state] === button.dataset.act);
    }
    const held = this.lists.aside.filter((ticket) => ticket.state === "held").length;
    say(byId("held-count"), held ? String(held) : "");
    for (const tab of this.tabs()) {
      const count = this.lists[tab.dataset.list].length;
      say(tab.querySelector("b"), count ? String(count) : "");
    }
    this.drawLine();
  }

  drawPause(paused) {
    const button = document.querySelector('[data-act="pause"]');
    say(button.querySelector("span"), paused ? t("console.resume") : t("console.pause"));
    button.querySelector("use").setAttribute("href", `/static/vendor/icons.svg#${paused ? "play" : "pause"}`);
    say(document.querySelector("#call-next span"), paused ? t("console.resume_and_call") : t("console.call_next"));
  }

  drawCurrent(ticket) {
    const box = byId("current");
    const paused = this.window.state === "paused";
    box.dataset.state = ticket?.state ?? (paused ? "paused" : "");
    if (!ticket) {
      const count = this.lists.waiting.length;
      const note = count ? t("console.ready", { n: count }) : t("console.nobody");
      box.replaceChildren(
        h("p.idle", {}, paused ? t("console.is_paused") : note),
        h("p.quiet", {}, `${paused ? `${note} · ` : ""}${t("console.served_today", { n: this.window.served_today })}`));
      return;
    }
    const since = ticket.state === "serving" ? ticket.started_at : ticket.called_at;
    const calls = ticket.calls > 1 ? h("span.chip", {}, t("console.calls", { n: ticket.calls })) : null;
    box.replaceChildren(
      h("div.number", {}, ticket.number),
      h("div.about", {}, h("b", {}, serviceNamed(this.board, ticket.service)), h("span", {}, ticket.citizen), ...chips(ticket)),
      h("div.about", {},
        h("span.chip", { className: ticket.state === "serving" ? "chip good" : "chip warn" },
          `${this.stateText(ticket.state === "serving" ? "serving" : "calling")} ${since ? age(since) : ""}`),
        calls, h("span.quiet", {}, t("console.served_today", { n: this.window.served_today }))),
      ...[nextStops(ticket), whyCalled(ticket)].filter(Boolean),
      h("button.button.small", { type: "button", onclick: () => this.history(ticket) }, t("console.history")),
    );
  }

  drawLine() {
    const tickets = this.lists[this.shown].slice(0, LISTED);
    const line = byId("line");
    if (!tickets.length) {
      line.replaceChildren(h("li.empty", {}, t("console.list_empty")));
      return;
    }
    line.querySelector(".empty")?.remove();
    keyed(line, tickets, (ticket) => ticket.id, makeRow, (row, ticket) => this.renewRow(row, ticket));
  }

  renewRow(row, ticket) {
    const [number, about, chip, acts] = row.children;
    say(number, ticket.number);
    say(about.firstChild, serviceNamed(this.board, ticket.service));
    say(about.lastChild, [ticket.citizen, marksText(ticket), paperText(ticket), ASIDE[ticket.state] ? t(ASIDE[ticket.state]) : ""].filter(Boolean).join(" · "));
    const seconds = (hallNow() - Date.parse(ticket.issued_at)) / 1000;
    say(chip, age(ticket.issued_at));
    chip.className = seconds >= RED_S ? "chip bad" : seconds >= AMBER_S ? "chip warn" : "chip good";
    const wanted = this.actsFor(ticket);
    keyed(acts, wanted, (act) => act.name, (act) =>
      h("button.button.small", { type: "button", onclick: () => (act.run ? act.run() : this.send(act.path, act.body)) }, act.label));
  }

  actsFor(ticket) {
    const call = {
      name: "call", label: t("console.call_this"), path: `/api/v1/windows/${this.id}/call`, body: { ticket_id: ticket.id },
    };
    const back = { name: "requeue", label: t("console.requeue"), path: `/api/v1/tickets/${ticket.id}/requeue`, body: {} };
    const again = { name: "reprint", label: t("console.reprint"), run: () => this.reprint(ticket) };
    const giveUp = { name: "void", label: t("console.void_paper"), path: `/api/v1/tickets/${ticket.id}/void-paper`, body: {} };
    const past = { name: "history", label: t("console.history"), run: () => this.history(ticket) };
    const free = !this.window.ticket;
    if (this.shown === "paper") return [again, giveUp];
    if (ticket.state === "waiting") return [paperText(ticket) ? again : null, free ? call : null].filter(Boolean);
    return [ticket.state === "passed" && free ? call : null, back, past].filter(Boolean);
  }
}
