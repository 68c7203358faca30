/** An address that leads nowhere: the clock goes on. */

import { showClock } from "./clock.js";
import { byId } from "./dom.js";
import { lang } from "./page.js";

showClock(byId("clock"), byId("date"), lang);
