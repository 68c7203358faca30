/** What was booked: the code as large as it goes, its QR code, when to come, until when it can be given up. */

import { post } from "./api.js";
import { clockText, dayText, momentText } from "./appointments_times.js";
import { h, icon } from "./dom.js";
import { lang, t } from "./page.js";

/** A code in two halves is read aloud and typed more easily. */
export const spaced = (code) => `${code.slice(0, 4)} ${code.slice(4)}`;

export function drawDone(box, made, rules, { onOver }) {
  const en = lang === "en";
  const picture = icon("check-circle");
  picture.classList.add("thanks");
  const place = en ? `${made.floor} ${made.zone_en} · ${made.windows_en}` : `${made.floor} ${made.zone} ${made.windows}`;
  const trouble = h("p.trouble", { role: "alert", hidden: true });
  const cancel = h("button.button.danger", { type: "button", onclick: async () => {
    if (!cancel.dataset.asked) { // the first touch asks, the second does it
      cancel.dataset.asked = "yes";
      cancel.textContent = t("appointments.cancel_sure");
      return;
    }
    cancel.disabled = true;
    try {
      await post(`/api/v1/appointments/${encodeURIComponent(made.code)}/cancel`, { token: made.token });
      sayCancelled(box, made, onOver);
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  } }, t("appointments.cancel_this"));
  box.replaceChildren(
    h("div.slip", {},
      picture,
      h("p.quiet", {}, t("appointments.your_code")),
      h("p.code", { "aria-label": made.code.split("").join(" ") }, spaced(made.code)),
      h("img.qr", { src: `/api/v1/appointments/${encodeURIComponent(made.code)}/qr.svg`, alt: t("appointments.qr"), width: 220, height: 220 }),
      h("dl", {},
        h("dt", {}, t("appointments.matter")), h("dd", {}, en ? made.service_en : made.service),
        h("dt", {}, t("appointments.time")), h("dd", {}, h("b", {}, dayText(made.day)), " ", h("b", {}, `${clockText(made.start)}–${clockText(made.end)}`)),
        h("dt", {}, t("appointments.where")), h("dd", {}, place)),
      h("ol.todo", {},
        h("li", {}, t("appointments.do_come", { from: momentText(made.checkin_from, made.day), until: momentText(made.checkin_until, made.day) })),
        h("li", {}, t("appointments.do_check_in")),
        h("li", {}, t("appointments.do_wait")))),
    h("p.keep", {}, t("appointments.keep")),
    h("p.quiet", {}, t("appointments.cancel_until", { time: momentText(made.cancel_until, "") })), trouble,
    h("div.row", {}, h("button.button.primary.large", { type: "button", onclick: onOver }, t("appointments.over")),
      h("button.button", { type: "button", onclick: () => print() }, t("appointments.print")), cancel));
}

export function sayCancelled(box, one, onOver) {
  box.replaceChildren(
    h("p.good", { role: "status" }, t("appointments.cancelled", { time: `${dayText(one.day)} ${clockText(one.start)}` })),
    h("button.button.primary.large", { type: "button", onclick: onOver }, t("appointments.over")));
}
