/**
 * Events as they are stored somewhere by now. They must map for ever, to the same columns; a new column is welcome.
 *
 * A new event type, or a new version of one, gets its examples by `GOLDEN_EVENTS=add npx vitest run --project unit
 * test/unit/ingest/golden.test.ts`, which never changes those that are there.
 */
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histories } from "../../../ingest/events/upcast.ts";
import { type EventRow, type StoredEvent, toRow } from "../../../ingest/rows.ts";
import { anyEvent, eventTypes } from "./arbitrary.ts";

interface Golden {
  readonly stored: StoredEvent;
  /** Without the payload, which is the stored one. */
  readonly row: Omit<EventRow, "payload">;
}

const file = new URL("./golden-events.ndjson", import.meta.url);
const examplesEach = 2;
const golden: readonly Golden[] = readFileSync(file, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));

function versionOf(type: (typeof eventTypes)[number]): number {
  return histories[type]?.current ?? 1;
}

function examples(type: (typeof eventTypes)[number]): Golden[] {
  const events = fc.sample(anyEvent(type), { numRuns: 40, seed: 4 });
  // Of many the largest: they have the most optional fields.
  const largest = events
    .map((event) => JSON.stringify(event.payload))
    .filter((text) => text.length < 2_500)
    .sort((a, b) => b.length - a.length)
    .slice(0, examplesEach);
  return largest.map((payload, at) => {
    const stored: StoredEvent = {
      xid: "812",
      seq: at,
      event_id: `evt_${type}_${at}`,
      project_id: "prj_golden",
      type,
      version: versionOf(type),
      occurred_at: "2026-03-04T05:06:07.123Z",
      recorded_at: "2026-03-04T05:06:07.123456Z",
      payload,
    };
    return { stored, row: mapped(stored) };
  });
}

function mapped(stored: StoredEvent): Golden["row"] {
  const result = toRow(stored);
  if ("error" in result) throw new Error(`${stored.event_id}: ${result.error}`);
  const { payload: _, ...row } = result.row;
  return row;
}

const missing = eventTypes.filter(
  (type) => !golden.some(({ stored }) => stored.type === type && stored.version === versionOf(type)),
);
if (process.env.GOLDEN_EVENTS === "add" && missing.length > 0) {
  const all = [...golden, ...missing.flatMap(examples)];
  writeFileSync(file, all.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

describe("stored events", () => {
  it.each(golden.map((one) => [one.stored.event_id, one] as const))("still map: %s", (_, { stored, row }) => {
    expect(JSON.parse(JSON.stringify(mapped(stored)))).toMatchObject(row);
  });

  it("are there for every type, at its version of today", () => {
    expect(missing).toEqual([]);
  });
});
