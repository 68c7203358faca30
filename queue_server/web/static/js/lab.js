/** The lab: every simulated machine of this hall under one's hand, in the order of a citizen's visit. */

import { get, post } from "./api.js";
import { setHallTime, showClock } from "./clock.js";
import { byId } from "./dom.js";
import { follow } from "./live.js";
import { lang, page, t } from "./page.js";
import { drawCardReaders, drawLamps } from "./lab_boards.js";
import { drawDrawers } from "./lab_drawer.js";
import { drawFaults } from "./lab_faults.js";
import { drawBars, drawKiosk, drawPrinter, drawReader, drawVoice } from "./lab_machines.js";
import { drawPads } from "./lab_pads.js";
import { Story } from "./lab_story.js";

const LOOK_MS = 800;

export const lab = {
  machines: [],
  board: page.board,
  window: null,
  /** The machines of one kind, in their order. */
  of: (kind) => lab.machines.filter((machine) => machine.kind.includes(kind)),
  /** The machine of one kind at one window. */
  at: (kind, window) => lab.of(kind).find((machine) => machine.state.window === window),
  do: turn,
  look,
};

showClock(byId("clock"), byId("date"), lang);
follow({ onBoard: (board) => { lab.board = board; } });
for (const button of document.querySelectorAll("[data-advance]"))
  button.addEventListener("click", () => advance(Number(button.dataset.advance)));
for (const frame of document.querySelectorAll(".frame")) new ResizeObserver(() => fit(frame)).observe(frame);

const story = new Story(lab, trouble);
byId("play").addEventListener("click", () => story.play());
byId("story-stop").addEventListener("click", () => story.stop());
byId("trouble").addEventListener("click", () => trouble(null));
again();

/** Say a sentence over whatever the reader looks at, or take it away. */
function trouble(error) {
  byId("trouble").hidden = !error;
  byId("trouble").textContent = error ? error.message : "";
}

async function again() {
  if (!document.hidden) await look();
  setTimeout(again, LOOK_MS);
}

/** Look at all machines once and draw them. */
async function look() {
  try {
    lab.machines = (await get("/lab/api/devices")).items;
  } catch (error) {
    trouble(error);
    return;
  }
  if (byId("trouble").textContent === t("common.unreachable")) trouble(null);
  const windows = lab.of("call-pad").map((pad) => pad.state.window);
  if (!windows.includes(lab.window)) lab.window = windows.includes("3") ? "3" : windows[0] ?? null;
  drawReader(lab);
  drawCardReaders(lab);
  drawKiosk(lab);
  drawPrinter(lab);
  drawPads(lab);
  drawBars(lab);
  drawLamps(lab);
  drawVoice(lab);
  drawFaults(lab);
  drawDrawers(lab);
}

/** Turn a knob; the machine's own reason is shown when it could not.  Answers whether it did. */
async function turn(machine, action, params = {}) {
  try {
    await post(`/lab/api/devices/${encodeURIComponent(machine.id)}/do`, { action, ...params });
    trouble(null);
    return true;
  } catch (error) {
    trouble(error);
    return false;
  } finally {
    await look();
  }
}

async function advance(seconds) {
  try {
    const { now } = await post("/lab/api/clock", { advance_s: seconds });
    if (now) setHallTime(now);
    trouble(null);
  } catch (error) {
    trouble(error);
  }
}

/** Scale a whole page into its frame. */
function fit(frame) {
  const inner = frame.querySelector("iframe");
  inner.style.transform = `scale(${frame.clientWidth / inner.offsetWidth})`;
}
