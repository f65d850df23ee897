/**
 * Old versions of events stay readable. A stored payload is never rewritten: where its version is older than the
 * contract of today, it is brought up step by step before it is parsed. docs/events.md says when a version changes.
 */
import type { EventType } from "./events.ts";

/** From the payload of one version to that of the next; pure, and from the payload alone. */
type Upcaster = (payload: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

interface History {
  /** The version that `payloads` describes and that producers write. */
  readonly current: number;
  /** By the version that it reads: 1 for the step from 1 to 2. */
  readonly upcasters: Readonly<Record<number, Upcaster>>;
}

export type Histories = Partial<Readonly<Record<EventType, History>>>;

/** The types whose contract has had a successor. All others are at version 1. */
export const histories: Histories = {};

export type Upcast = { readonly content: unknown } | { readonly error: string };

export function upcast(type: EventType, version: number, content: unknown, known: Histories = histories): Upcast {
  const { current, upcasters } = known[type] ?? { current: 1, upcasters: {} };
  if (version > current) {
    return {
      error: `version: ${version} of ${type} is newer than this service reads (${current}); upgrade, then retry the dead letter`,
    };
  }
  let payload = content;
  for (let from = version; from < current; from++) {
    const step = upcasters[from];
    if (step === undefined) return { error: `version: nothing reads ${type} of version ${from}` };
    if (!isRecord(payload)) return { error: "payload: expected an object" };
    try {
      payload = step(payload);
    } catch {
      return { error: `payload: could not be brought from version ${from} of ${type} to ${from + 1}` };
    }
  }
  return { content: payload };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
