/** A channel as its form holds it, and back: the bodies of POST and PATCH /v1/channels. */
import type { ChannelWire } from "../../channels/schemas.ts";
import { canonicalJson } from "../../http/idempotency.ts";
import { Problem } from "../../http/problem.ts";
import { textOf } from "../parts/sheet.ts";
import type { Form } from "../viewer.ts";
import { formOfRequest, requestOf } from "./http-settings.ts";
import type { Kind } from "./kinds.ts";

/** How many named credentials the form of a provider has. */
export const credentialRows = [0, 1, 2, 3] as const;

const isProvider = (kind: Kind) => kind === "sms" || kind === "messenger";

const starts: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  email: { port: 587, security: "starttls", connections_max: 2 },
  popup: { lifetime_hours: 168 },
};
const providerStart = {
  headers: {},
  body: { type: "json", value: { to: "{{ to }}", text: "{{ text }}" } },
  retry_statuses: [429, 500, 503],
  timeout_seconds: 15,
};

export function blankForm(kind: Kind): Form {
  return spread({ kind, ...formOfSettings(kind, isProvider(kind) ? providerStart : (starts[kind] ?? {})) });
}

/** Undefined when there is something in the settings that the form would change by being saved. */
export function formOf(channel: ChannelWire): Form | undefined {
  const { name, kind, settings, rate_limit: rate, frequency_cap: cap } = channel;
  const form = spread({
    kind,
    name,
    ...formOfSettings(kind, settings),
    "rate_limit.count": String(rate?.count ?? ""),
    "rate_limit.seconds": String(rate?.seconds ?? ""),
    "rate_limit.burst": String(rate?.burst ?? ""),
    "frequency_cap.count": String(cap?.count ?? ""),
    "frequency_cap.hours": String(cap?.hours ?? ""),
  });
  return comesBack(channel, form) ? form : undefined;
}

/** Codes are compared as texts by whoever reads them. */
function comesBack({ kind, settings }: ChannelWire, form: Form): boolean {
  const plain = (value: unknown) => canonicalJson(value).replaceAll(/"(\d{1,15})"/g, "$1");
  try {
    return plain(settingsOf(kind, form, settings)) === plain(settings);
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function formOfSettings(kind: Kind, settings: Readonly<Record<string, unknown>>): Record<string, string> {
  if (isProvider(kind)) return formOfRequest(settings);
  const flat = Object.entries(settings).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([inner, of]) => [`settings.${name}.${inner}`, String(of)] as const)
      : [[`settings.${name}`, String(value)] as const],
  );
  return Object.fromEntries(flat);
}

/** @throws Problem 400 that names the field */
export function settingsOf(
  kind: Kind,
  form: Form,
  stored?: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (isProvider(kind)) return requestOf(form, stored);
  const text = (name: string) => textOf(form, `settings.${name}`);
  switch (kind) {
    case "email":
      return {
        host: text("host") ?? "",
        port: numberOf(form, "settings.port"),
        security: text("security"),
        from: { name: text("from.name") ?? "", email: text("from.email") ?? "" },
        ...(text("reply_to") === undefined ? {} : { reply_to: text("reply_to") }),
        connections_max: numberOf(form, "settings.connections_max"),
      };
    case "webhook":
      return { url: text("url") ?? "" };
    default:
      return { lifetime_hours: numberOf(form, "settings.lifetime_hours") };
  }
}

/** Undefined: nothing was typed, and what is stored stays. What was typed is not trimmed: it is somebody's secret. */
export function credentialsOf(kind: Kind, form: Form): Readonly<Record<string, string>> | null | undefined {
  if (form["credentials.remove"]?.includes("on")) return null;
  const raw = (name: string) => form[`credentials.${name}`]?.[0] ?? "";
  const given = (record: Record<string, string>) =>
    Object.values(record).every((value) => value === "") ? undefined : record;
  if (kind === "email") return given({ username: raw("username"), password: raw("password") });
  if (kind === "webhook") return given({ secret: raw("secret") });
  if (!isProvider(kind)) return undefined;
  const rows = credentialRows.map((at) => [raw(`${at}.name`).trim(), raw(`${at}.value`)] as const);
  const named = rows.filter(([name, value]) => name !== "" || value !== "");
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

export function limitsOf(form: Form) {
  const [count, seconds, burst] = ["count", "seconds", "burst"].map((name) => numberOf(form, `rate_limit.${name}`));
  const [most, hours] = ["count", "hours"].map((name) => numberOf(form, `frequency_cap.${name}`));
  const isLimited = [count, seconds, burst].some((value) => value !== undefined);
  return {
    rate_limit: isLimited ? { count, seconds, burst } : null,
    frequency_cap: most === undefined && hours === undefined ? null : { count: most, hours },
  };
}

/** What is no number is said to be none by the API's schema. */
function numberOf(form: Form, name: string): number | undefined {
  const text = textOf(form, name);
  return text === undefined ? undefined : Number(text);
}

function spread(record: Readonly<Record<string, string>>): Form {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value]]));
}

const common = [
  ...["name", "rate_limit.count", "rate_limit.seconds", "rate_limit.burst"],
  ...["frequency_cap.count", "frequency_cap.hours"],
];
const own: Readonly<Record<string, readonly string[]>> = {
  email: [
    ...["host", "port", "security", "from.name", "from.email", "reply_to", "connections_max"].map(
      (one) => `settings.${one}`,
    ),
    ...["credentials.username", "credentials.password"],
  ],
  webhook: ["settings.url", "credentials.secret"],
  popup: ["settings.lifetime_hours"],
};

/** The names of the fields of a kind's form. */
export function fieldsOf(kind: Kind): readonly string[] {
  if (!isProvider(kind)) return [...common, ...(own[kind] ?? [])];
  return [...common, ...Object.keys(formOfRequest({})), "credentials.0.name", "credentials"];
}

/** What is shown again after a refusal: credentials are typed anew. */
export function withoutCredentials(form: Form): Form {
  const isShown = (name: string) => !name.startsWith("credentials.") || /\.(name|remove)$/.test(name);
  return Object.fromEntries(Object.entries(form).filter(([name]) => isShown(name)));
}
