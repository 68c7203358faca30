/** Calls to the hall's own API.  A refusal is a `Refusal` with the sentence to show. */

import { lang, t } from "./page.js";

/** The server said no, or did not answer (`status` 0, `code` "unreachable"). */
export class Refusal extends Error {
  constructor(status, code, sentence, problem = {}) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}

/** A key no other request has.  (`randomUUID` needs https, a hall's own network often has none.) */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "web-" + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const get = (path, options = {}) => request("GET", path, undefined, options);
export const post = (path, body, options = {}) =>
  request("POST", path, body ?? {}, { key: freshKey(), ...options });

/**
 * One request; answers parsed JSON, or null for 204.  Options: `token` (bearer), `key` (idempotency).
 * A write whose answer got lost is sent again with the same key, so it happens once.
 */
async function request(method, path, body, { token = null, key = null } = {}) {
  const headers = { "Accept-Language": lang, Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  const init = { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await sent(path, init, key ? 3 : 1);
  if (answer.status === 204) return null;
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const value = isJson ? await answer.json() : {};
  if (answer.ok) return value;
  const sentence = value.detail || value.title || value.reason || t("common.refused", { status: answer.status });
  throw new Refusal(answer.status, value.code ?? "", String(sentence), value);
}

async function sent(path, init, tries) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await fetch(path, init);
    } catch {
      if (tried >= tries) throw new Refusal(0, "unreachable", t("common.unreachable"));
      await new Promise((resume) => setTimeout(resume, 400 * tried));
    }
  }
}
