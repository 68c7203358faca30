/** Plays the whole visit with the same knobs a person has, slowly enough to watch. */

import { get } from "./api.js";
import { byId, say } from "./dom.js";
import { lang, t } from "./page.js";

const READ_MS = 1800; // to read a sentence before it happens
const PATIENCE_MS = 25_000;
const LOOK_MS = 250;
const PAPER_MS = 3000; // to take the paper, before the kiosk is done
const MOST_TOUCHES = 10;

class Stopped extends Error {}

export class Story {
  constructor(lab, trouble) {
    Object.assign(this, { lab, trouble, playing: false });
  }

  stop() {
    this.playing = false;
  }

  async play() {
    if (this.playing) return;
    this.playing = true;
    byId("story").hidden = false;
    byId("play").disabled = true;
    this.trouble(null);
    try {
      await this.visit();
      await this.say(6, "lab.story_end");
      await this.rest(READ_MS * 2);
    } catch (error) {
      if (!(error instanceof Stopped)) this.trouble(error);
    } finally {
      this.playing = false;
      byId("story").hidden = true;
      byId("play").disabled = false;
      this.light(0);
    }
  }

  async visit() {
    const { lab } = this;
    const window = lab.window;
    await this.say(1, "lab.story_card");
    if (this.one("reader").state.card) await this.turn(this.one("reader"), "lift-card");
    await this.turn(this.one("reader"), "place-card", { card: { kind: "citizen", name: "张伟", birth: "1988-06-12" } });
    await this.say(2, "lab.story_kiosk");
    const before = this.one("printer").state.tickets.length;
    await this.takeNumber(window, before);
    await this.say(3, "lab.story_paper");
    await this.until(() => this.printed(before), "lab.story_no_ticket");
    await this.rest(PAPER_MS);
    await this.turn(this.one("printer"), "take");
    await this.touch(this.key("ticket:done"));
    if (this.one("reader").state.card) await this.turn(this.one("reader"), "lift-card");
    await this.say(4, "lab.story_pad", { n: window });
    const said = this.spoken();
    await this.turn(this.at("call-pad", window), "press", { key: "call-next" });
    await this.until(() => this.windowNow(window).number, "lab.story_not_called");
    await this.say(5, "lab.story_bar", { number: this.windowNow(window).number, n: window });
    await this.until(() => this.spoken() > said, "lab.story_not_said");
    await this.rest(READ_MS * 2);
    await this.say(6, "lab.story_screens", { number: this.windowNow(window).number });
    await this.rest(READ_MS * 1.5);
    await this.rate(window);
  }

  /** From the kiosk's first screen to a service of this window, by way of a department that has several. */
  async takeNumber(window, before) {
    const services = await this.services();
    // In the window's own order: what it calls first is what the story comes for.
    const mine = this.windowNow(window).services.flatMap((name) => services.filter((one) => one.name === name));
    const doors = this.doors(services, mine);
    await this.turn(this.one("kiosk"), "home");
    await this.turn(this.one("kiosk"), "language", { language: lang });
    await this.until(() => this.buttons().length, "lab.story_kiosk_silent");
    for (let touches = 0; touches < MOST_TOUCHES && !this.printed(before); touches += 1) {
      if (this.key("ticket:done")) break; // chosen: what is left is the paper
      await this.touch(this.wanted(doors, mine));
      await this.rest(READ_MS);
      await this.lab.look();
    }
  }

  /** The next button on the way; a card on the reader is read by itself. */
  wanted(doors, mine) {
    const service = mine.map((one) => this.key(`service:${one.id}`)).find(Boolean);
    const door = doors.map((code) => this.key(`department:${code}`)).find(Boolean);
    return service ?? door ?? this.key("page:next");
  }

  /** Codes of the departments to go to: those with the most to choose from, of what this window serves. */
  doors(services, mine) {
    const count = new Map();
    for (const one of services) for (const { code } of one.departments) count.set(code, (count.get(code) ?? 0) + 1);
    const codes = [...new Set(mine.flatMap((one) => one.departments.map(({ code }) => code)))];
    const several = codes.filter((code) => count.get(code) > 1);
    return several.length ? several : codes;
  }

  async services() {
    const { tokens } = await get("/lab/api/credentials");
    const { items } = await get("/api/v1/services", { token: tokens.kiosk });
    return items.map((one) => ({ departments: [], ...one }));
  }

  printed(before) {
    const { tickets, printing } = this.one("printer").state;
    return tickets.length > before && !printing;
  }

  key(name) {
    return this.buttons().find((button) => button.key === name);
  }

  async touch(button) {
    if (button) await this.turn(this.one("kiosk"), "touch", { x: button.x, y: button.y });
  }

  /** The clerk's key finishes the service and asks for the rating; the citizen touches the tablet. */
  async rate(window) {
    await this.say(4, "lab.story_finish", { n: window });
    await this.turn(this.at("call-pad", window), "press", { key: "ask-rating" });
    await this.until(() => this.windowNow(window).rate_ticket, "lab.story_no_rating");
    await this.say(6, "lab.story_rate");
    const tablet = byId("tablet-frame").contentDocument;
    await this.until(() => tablet.querySelector(".face"), "lab.story_no_rating");
    await this.rest(READ_MS);
    tablet.querySelector(".face").click();
    await this.rest(READ_MS);
    tablet.querySelector(".reason input")?.click();
    await this.rest(READ_MS);
    tablet.querySelector(".rating-buttons .primary").click();
    await this.until(() => !this.windowNow(window).rate_ticket, "lab.story_no_rating");
    await this.rest(READ_MS);
  }

  one(kind) {
    const [machine] = this.lab.of(kind);
    if (!machine) throw new Error(t("lab.story_missing", { kind }));
    return machine;
  }

  at(kind, window) {
    return this.lab.at(kind, window) ?? this.one(kind);
  }

  buttons() {
    return this.one("kiosk").state.buttons ?? [];
  }

  spoken() {
    return this.lab.of("speaker").reduce((sum, speaker) => sum + (speaker.state.said ?? []).length, 0);
  }

  windowNow(id) {
    return this.lab.board.windows.find((one) => one.id === id);
  }

  async turn(machine, action, params) {
    if (!(await this.lab.do(machine, action, params))) throw new Stopped();
  }

  async say(step, key, values) {
    this.light(step);
    say(byId("story-step"), String(step));
    say(byId("story-says"), t(key, values));
    await this.rest(READ_MS);
  }

  light(step) {
    for (const section of document.querySelectorAll(".step")) section.classList.toggle("playing", section.id === `step-${step}`);
    if (step) byId(`step-${step}`).scrollIntoView({ behavior: "smooth", block: "nearest" });
  }

  async rest(ms) {
    await new Promise((resume) => setTimeout(resume, ms));
    if (!this.playing) throw new Stopped();
  }

  async until(seen, otherwise) {
    for (let waited = 0; !seen(); waited += LOOK_MS) {
      if (waited > PATIENCE_MS) throw new Error(t(otherwise));
      await this.rest(LOOK_MS);
      await this.lab.look();
    }
  }
}
