/** Giving up a booking that was made before: the code and the end of the ID number. */

import { post } from "./api.js";
import { sayCancelled } from "./appointments_done.js";
import { h } from "./dom.js";
import { t } from "./page.js";

export function drawCancel(box, { onOver }) {
  const code = h("input", { type: "text", maxLength: 12, autocomplete: "off", autocapitalize: "characters", spellcheck: false });
  const tail = h("input", { type: "text", maxLength: 4, autocomplete: "off", autocapitalize: "characters", spellcheck: false });
  const send = h("button.button.primary.large", { type: "submit" }, t("appointments.cancel_this"));
  const trouble = h("p.trouble", { role: "alert", hidden: true });
  const giveUp = async (event) => {
    event.preventDefault();
    const typed = code.value.replace(/[\s-]/g, "");
    const missing = !typed ? "appointments.code_missing" : tail.value.trim().length !== 4 ? "appointments.tail_missing" : "";
    trouble.hidden = !missing;
    if (missing) {
      trouble.textContent = t(missing);
      return;
    }
    send.disabled = true;
    try {
      const one = await post(`/api/v1/appointments/${encodeURIComponent(typed)}/cancel`, { id_tail: tail.value.trim() });
      form.reset();
      sayCancelled(box, one, onOver);
    } catch (error) {
      send.disabled = false;
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  };
  const form = h("form", { noValidate: true, autocomplete: "off", onsubmit: giveUp },
    h("label.field", {}, h("span", {}, t("appointments.code")), code),
    h("label.field", {}, h("span", {}, t("appointments.tail")), tail), trouble, send);
  box.replaceChildren(form);
}
