/** The request to a provider as a form holds it: lines of "name: value", codes with commas, JSON as text; and back. */
import { invalid } from "../../http/problem.ts";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";
import { masked, unmasked } from "./masked.ts";

type Json = Readonly<Record<string, unknown>>;
type Lines = Readonly<Record<string, string>>;

export function formOfRequest(settings: Json): Record<string, string> {
  const { headers, basic_auth, body } = masked(settings) as {
    headers?: Lines;
    basic_auth?: Lines;
    body?: { type?: string; fields?: Lines; value?: unknown };
  };
  return {
    "settings.method": String(settings.method ?? "POST"),
    "settings.url": String(settings.url ?? ""),
    "settings.headers": linesOf(headers ?? {}, ": "),
    "settings.basic_auth.username": basic_auth?.username ?? "",
    "settings.basic_auth.password": basic_auth?.password ?? "",
    "settings.body.type": body?.type ?? "none",
    "settings.body.fields": linesOf(body?.fields ?? {}, " = "),
    "settings.body.value": body?.value === undefined ? "" : JSON.stringify(body.value, null, 2),
    "settings.provider_id": String(settings.provider_id ?? ""),
    "settings.retry_statuses": listOf(settings.retry_statuses),
    "settings.retry_when": answersOf(settings.retry_when),
    "settings.bounced_statuses": listOf(settings.bounced_statuses),
    "settings.bounced_when": answersOf(settings.bounced_when),
    "settings.timeout_seconds": String(settings.timeout_seconds ?? ""),
  };
}

/** @param stored what stands for values that the form did not show. @throws Problem 400 that names the field */
export function requestOf(form: Form, stored: Json | undefined): Json {
  const text = (name: string) => textOf(form, `settings.${name}`);
  const [username, password] = [text("basic_auth.username"), text("basic_auth.password")];
  const request = {
    method: text("method"),
    url: text("url") ?? "",
    headers: pairsOf(text("headers"), ":", "headers"),
    ...(username === undefined && password === undefined
      ? {}
      : { basic_auth: { username: username ?? "", password: password ?? "" } }),
    body: bodyOf(form),
    ...(text("provider_id") === undefined ? {} : { provider_id: text("provider_id") }),
    retry_statuses: numbersOf(text("retry_statuses")),
    retry_when: matchesOf(text("retry_when"), "retry_when"),
    bounced_statuses: numbersOf(text("bounced_statuses")),
    bounced_when: matchesOf(text("bounced_when"), "bounced_when"),
    ...(text("timeout_seconds") === undefined ? {} : { timeout_seconds: Number(text("timeout_seconds")) }),
  };
  return unmasked(request, stored ?? {}, ["settings"]) as Json;
}

function bodyOf(form: Form): Json {
  const type = textOf(form, "settings.body.type") ?? "none";
  if (type === "form") {
    return { type, fields: pairsOf(textOf(form, "settings.body.fields"), "=", "body/fields") };
  }
  if (type !== "json") return { type };
  try {
    return { type, value: JSON.parse(textOf(form, "settings.body.value") ?? "") as unknown };
  } catch {
    throw invalid("/settings/body/value", 'Expected JSON, such as {"to": "{{ to }}", "text": "{{ text }}"}.');
  }
}

function linesOf(record: Lines, sign: string): string {
  return Object.entries(record)
    .map(([name, value]) => `${name}${sign}${value}`)
    .join("\n");
}

function pairsOf(text: string | undefined, sign: ":" | "=", field: string): Json {
  const pairs = linesIn(text).map((line, at) => {
    const cut = line.indexOf(sign);
    if (cut < 1) throw invalid(`/settings/${field}`, `Line ${at + 1}: expected name${sign} value.`);
    return [line.slice(0, cut).trim(), line.slice(cut + 1).trim()] as const;
  });
  return Object.fromEntries(pairs);
}

function linesIn(text: string | undefined): string[] {
  return (text ?? "").split("\n").filter((line) => line.trim() !== "");
}

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.join(", ") : "";
}

function numbersOf(text: string | undefined): number[] {
  return (text ?? "")
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(Number);
}

/** "/error/code = 130429, 131056" */
function answersOf(matches: unknown): string {
  if (!Array.isArray(matches)) return "";
  return matches.map(({ pointer, any_of }) => `${pointer} = ${(any_of as unknown[]).join(", ")}`).join("\n");
}

function matchesOf(text: string | undefined, field: string) {
  return linesIn(text).map((line, at) => {
    const cut = line.indexOf("=");
    if (cut < 0) throw invalid(`/settings/${field}`, `Line ${at + 1}: expected /where/it/stands = code, code.`);
    const codes = line.slice(cut + 1).split(",");
    return {
      pointer: line.slice(0, cut).trim(),
      any_of: codes.map((code) => (/^\s*(0|[1-9]\d{0,14})\s*$/.test(code) ? Number(code) : code.trim())),
    };
  });
}
