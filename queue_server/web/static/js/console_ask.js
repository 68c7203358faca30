/** The clerk's dialogs. */

import { byId, h, say } from "./dom.js";
import { named, t } from "./page.js";

/** Open a dialog about `number`; answers its form's data, or null when the clerk thinks better of it. */
export function ask(id, number = "") {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  form.reset();
  const place = dialog.querySelector(".dialog-number");
  if (place) say(place, number);
  dialog.showModal();
  dialog.querySelector("button.primary").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? new FormData(form) : null), { once: true });
    dialog.returnValue = "";
  });
}

/** Offer every service and every other open window; `own` is the id of this one. */
export function fillTargets(board, own, stateText) {
  const option = (value, text) => h("option", { value }, text);
  const services = board.services.map((service) =>
    option(`service:${service.id}`, `${service.prefix} ${named(service)} (${t("common.people", { n: service.waiting })})`));
  const windows = board.windows.filter((window) => window.id !== own && window.state !== "closed").map((window) =>
    option(`window:${window.id}`, `${t("common.window_n", { n: window.id })} ${stateText(window.state)}`));
  document.querySelector("#transfer-dialog select").replaceChildren(
    h("optgroup", { label: t("console.to_service") }, services), h("optgroup", { label: t("console.to_window") }, windows));
}

/** Offer to end the whole number at this stop, where services are still to come on it. */
export function offerToDrop(ticket) {
  const stops = ticket?.stops ?? [];
  byId("finish-rest").hidden = !stops.length;
  say(byId("finish-stops"), stops.map((stop) => named(stop)).join(" → "));
}
