/** A machine whose wire is broken looks broken, and can be healed where one sees it. */

import { byId, h, keyed, say } from "./dom.js";
import { nearby, stepOf } from "./lab_drawer.js";
import { t } from "./page.js";

const FAULTS = {
  unplug: "lab.fault_unplug", silent: "lab.fault_silent", noise: "lab.fault_noise", slow: "lab.fault_slow",
  "bad-checksum": "lab.fault_bad_checksum", "half-frame": "lab.fault_half_frame",
};

/** Show a red badge for every broken machine of every step. */
export function drawFaults(lab) {
  for (let step = 1; step <= 5; step += 1) {
    const section = byId(`step-${step}`);
    const broken = lab.machines.filter((one) => one.state.fault && stepOf(one) === step && nearby(lab, one));
    section.classList.toggle("broken", broken.length > 0);
    keyed(section.querySelector(".faults"), broken, (machine) => machine.id, (machine) => badge(lab, machine),
      (element, machine) => say(element.firstChild, `${machine.id} · ${faultName(machine.state.fault)}`));
  }
}

export const faultName = (fault) => (FAULTS[fault] ? t(FAULTS[fault]) : t("lab.broken", { fault }));

function badge(lab, machine) {
  return h("p.fault", { role: "status" }, h("b"),
    h("button.button.small", { type: "button", onclick: () => lab.do(machine, "heal") }, t("lab.heal")));
}
