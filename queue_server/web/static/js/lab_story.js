/** Plays the whole visit with the same knobs a person has, slowly enough to watch. */

import { get } from "./api.js";
import { byId, say } from "./dom.js";
import { t } from "./page.js";

const READ_MS = 1800; // to read a sentence before it happens
const PATIENCE_MS = 25_000;
const LOOK_MS = 250;
const HOME = /首页|返回|完成|确定|home|back|done|ok/i;

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
    await this.until(() => this.one("printer").state.tickets.length > before, "lab.story_no_ticket");
    await this.rest(READ_MS * 1.5);
    await this.turn(this.one("printer"), "take");
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

  /** Find the way to one of the window's services on the kiosk, by the words on its buttons. */
  async takeNumber(window, before) {
    const services = await this.services(window);
    const touched = new Set();
    await this.until(() => this.buttons().length, "lab.story_kiosk_silent");
    for (let tries = 0; tries < 8 && this.one("printer").state.tickets.length === before; tries += 1) {
      const button = this.wanted(services, touched);
      if (button) {
        touched.add(button.text);
        await this.turn(this.one("kiosk"), "touch", { x: button.x, y: button.y });
      }
      await this.rest(READ_MS);
      await this.lab.look();
    }
  }

  wanted(services, touched) {
    const fresh = this.buttons().filter((button) => !touched.has(button.text));
    const has = (words) => fresh.find((button) => words.some((word) => word && button.text.includes(word)));
    const service = has(services.flatMap((one) => [one.name, one.en]));
    const department = has(services.flatMap((one) => one.departments.flatMap((d) => [d.short, d.name, d.en])));
    return service ?? department ?? fresh.find((button) => HOME.test(button.text));
  }

  async services(window) {
    const names = this.windowNow(window).services;
    const { tokens } = await get("/lab/api/credentials");
    const { items } = await get("/api/v1/services", { token: tokens.kiosk });
    return items.filter((one) => names.includes(one.name)).map((one) => ({ departments: [], ...one }));
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
