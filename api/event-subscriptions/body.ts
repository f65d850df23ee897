/** What is sent: the event as it is stored now, by the contract of today, without what must not leave. */
import { payloads } from "../../ingest/events/events.ts";
import { upcast } from "../../ingest/events/upcast.ts";
import { toldOf } from "./types.ts";

export interface StoredEvent {
  readonly event_id: string;
  readonly type: string;
  readonly version: number;
  readonly occurred_at: Date;
  readonly payload: unknown;
}

/** @returns undefined when this version of the service cannot read it. */
export function bodyOf(event: StoredEvent, withRisk: boolean): string | undefined {
  if (!isEventType(event.type)) return undefined;
  const raised = upcast(event.type, event.version, event.payload);
  if ("error" in raised) return undefined;
  const parsed = payloads[event.type].safeParse(raised.content);
  if (!parsed.success) return undefined;
  return messageBody(event.event_id, event.type, event.occurred_at, toldOf(parsed.data, withRisk));
}

/** The members that Standard Webhooks names, and the id, for receivers that keep bodies and not headers. */
export function messageBody(id: string, type: string, at: Date, data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ id, type, timestamp: at.toISOString(), data });
}

function isEventType(type: string): type is keyof typeof payloads {
  return Object.hasOwn(payloads, type);
}
