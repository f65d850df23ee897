/** Which events a subscription asks for, and what of them leaves the house. */
import { type EventType, payloads } from "../../ingest/events/events.ts";

const eventTypes = Object.keys(payloads) as EventType[];
export const everyType = "*";

/** Told to subscriptions alone that were made by a key that may review. */
const reviewersOnly = /^(review|claw_back|risk|code_guessing)\./;

/** By what a pattern means: `redemption.*` is every type that begins so, today and later. */
export function faultOfPattern(pattern: string, withRisk: boolean): string | undefined {
  if (pattern === everyType) return undefined;
  const named = pattern.endsWith(".*")
    ? eventTypes.filter((type) => type.startsWith(pattern.slice(0, -1)))
    : eventTypes.filter((type) => type === pattern);
  if (named.length === 0) return "There is no such event type.";
  const isHidden = !withRisk && named.every((type) => reviewersOnly.test(type));
  return isHidden ? "Events of reviews need with_risk, and a key with the scope review." : undefined;
}

/** "redemption.*" with "redemption.succeeded" and all others that a subscription may ask for. */
export function familiesOf(withRisk: boolean): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>();
  for (const type of eventTypes) {
    if (!withRisk && reviewersOnly.test(type)) continue;
    const family = `${type.slice(0, type.indexOf("."))}.*`;
    families.set(family, [...(families.get(family) ?? []), type]);
  }
  return families;
}

/** As PostgreSQL's regular expressions read it: null lets everything through. */
export const hiddenTypes = reviewersOnly.source;

/**
 * What a receiver is told. Never what the project's hashes and models saw: it would link customers, and teach whoever
 * wants to pass the score. Risk only where reviewers asked for it, and then without the vector.
 */
export function toldOf(payload: Readonly<Record<string, unknown>>, withRisk: boolean): Record<string, unknown> {
  const { signals: _, risk, offers, ...rest } = payload;
  return {
    ...rest,
    ...(withRisk && isRecord(risk) ? { risk: without(risk, ["features", "shadow"]) } : {}),
    ...(Array.isArray(offers)
      ? { offers: offers.map((offer) => (isRecord(offer) ? without(offer, ["features", "policies"]) : offer)) }
      : {}),
  };
}

function without(record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
