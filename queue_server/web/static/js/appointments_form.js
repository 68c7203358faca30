/** Who comes: name, ID number, telephone.  What is typed lives in the fields only and goes with them. */

import { freshKey, post } from "./api.js";
import { clockText, dayText } from "./appointments_times.js";
import { h } from "./dom.js";
import { lang, named, t } from "./page.js";

const KINDS = {
  resident: "appointments.kind_resident", hmt: "appointments.kind_hmt",
  foreigner: "appointments.kind_foreigner", passport: "appointments.kind_passport",
};
const GONE = new Set(["slot-full", "slot-unknown", "appointment-day"]);

export function drawForm(box, { service, slot, onBooked, onFull }) {
  const name = input({ maxLength: 120, autocomplete: "off", required: true });
  const kind = h("select", {}, ...Object.entries(KINDS).map(([value, key]) => h("option", { value }, t(key))));
  const number = input({ maxLength: 64, autocomplete: "off", autocapitalize: "characters", spellcheck: false, required: true });
  const phone = input({ maxLength: 20, autocomplete: "off", inputMode: "tel", type: "tel" });
  const send = h("button.button.primary.large", { type: "submit" }, t("appointments.book"));
  const trouble = h("p.trouble", { role: "alert", hidden: true });
  const fields = [
    field("appointments.name", name), field("appointments.kind", kind),
    field("appointments.number", number), field("appointments.phone", phone),
  ];
  const say = (text, at = null) => {
    trouble.textContent = text;
    trouble.hidden = !text;
    at?.focus();
  };
  const wrong = () => {
    if (!name.value.trim()) return ["appointments.name_missing", name];
    if (!number.value.trim()) return ["appointments.number_missing", number];
    if (phone.value.trim() && !/^\+?[0-9][0-9 -]{4,18}[0-9]$/.test(phone.value.trim())) return ["appointments.phone_wrong", phone];
    return null;
  };
  let key = freshKey();
  let sent = "";
  const book = async (event) => {
    event.preventDefault();
    const missing = wrong();
    if (missing) return say(t(missing[0]), missing[1]);
    say("");
    send.disabled = true;
    const body = {
      service_id: service.id, start: slot.start, language: lang, channel: "phone",
      citizen: { name: name.value.trim(), id_type: kind.value, id_number: number.value.trim() },
      ...(phone.value.trim() ? { phone: phone.value.trim() } : {}),
    };
    if (sent && sent !== JSON.stringify(body)) key = freshKey(); // another request needs another key
    sent = JSON.stringify(body);
    try {
      const made = await post("/api/v1/appointments", body, { key });
      form.reset();
      sent = "";
      return onBooked(made);
    } catch (error) {
      send.disabled = false;
      say(error.message, error.code === "id-invalid" ? number : null);
      if (GONE.has(error.code)) trouble.append(h("button.button", { type: "button", onclick: onFull }, t("appointments.other_time")));
      return null;
    }
  };
  const form = h("form", { noValidate: true, autocomplete: "off", onsubmit: book }, ...fields, trouble,
    h("p.quiet", {}, t("appointments.privacy")), send);
  box.replaceChildren(h("p.chosen", {}, h("b", {}, named(service)), ` ${dayText(slot.date)} ${clockText(slot.start)}–${clockText(slot.end)}`), form);
  name.focus({ preventScroll: true });
}

const input = (props) => h("input", { type: "text", ...props });
const field = (key, control) => h("label.field", {}, h("span", {}, t(key)), control);
