/** 好差评: five faces, then reasons and words.  Shared by the counter tablet and the citizen's phone. */

import { get, post, Refusal } from "./api.js";
import { h, icon } from "./dom.js";
import { page, t } from "./page.js";

const LONGEST = 200;

/**
 * Fill `place` with the form for one ticket.  `who` is `{ticket_id}` or `{token}`; `bearer` a machine's token.
 * Calls `onDone(sentence, kept)` at the end: `kept` is false when the ticket had been rated before.
 */
export function askRating(place, { number, who, bearer = null, onTouch = () => {}, onDone }) {
  const faces = page.rating.map((level) =>
    h("button.face", { type: "button", data: { level: level.level }, onclick: () => { onTouch(); askReasons(level); } },
      icon(level.icon), h("span", {}, level.label)));
  place.replaceChildren(
    h("h1.rating-title", {}, t("rating.title")),
    h("p.rating-about", {}, t("rating.about", { number })),
    h("div.faces", {}, faces),
    h("p.rating-note", {}, t("rating.voluntary")),
  );

  function askReasons(level) {
    const boxes = level.options.map((option) =>
      h("label.reason", {}, h("input", { type: "checkbox", value: option.code, onchange: onTouch }), h("span", {}, option.label)));
    const words = h("textarea", { rows: 2, maxLength: LONGEST, placeholder: t("rating.words"), ariaLabel: t("rating.words"), oninput: onTouch });
    const trouble = h("p.trouble", { role: "alert", hidden: true });
    const send = h("button.button.primary", { type: "button" }, t("rating.send"));
    const back = h("button.button", { type: "button", onclick: () => { onTouch(); askRating(place, { number, who, bearer, onTouch, onDone }); } }, t("rating.back"));
    send.addEventListener("click", async () => {
      onTouch();
      send.disabled = true;
      const options = boxes.filter((box) => box.firstChild.checked).map((box) => box.firstChild.value);
      const text = words.value.trim() || null;
      try {
        await post("/api/v1/evaluations", { ...who, level: level.level, options, text }, { token: bearer });
        onDone(t("rating.thanks"), true);
      } catch (error) {
        if (error.code === "already-rated") onDone(t("rating.already"), false);
        else {
          trouble.textContent = error.message;
          trouble.hidden = false;
          send.disabled = false;
        }
      }
    });
    place.replaceChildren(
      h("div.chosen", { data: { level: level.level } }, icon(level.icon), h("strong", {}, level.label)),
      h("p.rating-about", {}, t("rating.why")),
      h("div.reasons", {}, boxes), words, trouble, h("div.rating-buttons", {}, back, send));
  }
}

/** The machine's own token: from `#token=…` once, kept here; a lab gives its own to whoever sits at it. */
export async function machineToken(role) {
  const place = `tingtong-token-${role}`;
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    localStorage.setItem(place, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  const kept = localStorage.getItem(place);
  if (given || !page.lab) return kept;
  try {
    return (await get("/lab/api/credentials")).tokens[role] ?? kept;
  } catch (error) {
    if (error instanceof Refusal) return kept;
    throw error;
  }
}
