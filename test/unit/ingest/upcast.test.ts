import { describe, expect, it } from "vitest";
import { type Histories, histories, upcast } from "../../../ingest/events/upcast.ts";
import { type StoredEvent, toRow } from "../../../ingest/rows.ts";

/** As if custom events had said `event` and a single `property` at first, had been renamed, then had got a record. */
const renamed: Histories = {
  "custom.recorded": {
    current: 3,
    upcasters: {
      1: ({ event, ...rest }) => ({ ...rest, name: event }),
      2: ({ property, ...rest }) => ({ ...rest, properties: { value: property } }),
    },
  },
};

function stored(version: number, payload: unknown): StoredEvent {
  return {
    xid: "812",
    seq: 7,
    event_id: "evt_1",
    project_id: "prj_1",
    type: "custom.recorded",
    version,
    occurred_at: "2026-03-04T05:06:07.123Z",
    recorded_at: "2026-03-04T05:06:07.123456Z",
    payload: JSON.stringify(payload),
  };
}

const first = { customer: "anna", custom_event_id: "cev_1", event: "visited", property: "home" };
const second = { customer: "anna", custom_event_id: "cev_1", name: "visited", property: "home" };
const third = { customer: "anna", custom_event_id: "cev_1", name: "visited", properties: { value: "home" } };

describe("an event of an older version", () => {
  it("gives the same columns as its successors, and keeps its own version and payload", () => {
    const rows = [first, second, third].map((payload, at) => {
      const mapped = toRow(stored(at + 1, payload), renamed);
      if ("error" in mapped) throw new Error(mapped.error);
      return mapped.row;
    });
    expect(rows.map((row) => [row.name, row.customer, row.subject_id])).toEqual(
      Array(3).fill(["visited", "anna", "cev_1"]),
    );
    expect(rows.map((row) => row.version)).toEqual([1, 2, 3]);
    expect(rows.map((row) => JSON.parse(row.payload))).toEqual([first, second, third]);
  });

  it("is brought up step by step", () => {
    expect(upcast("custom.recorded", 1, first, renamed)).toEqual({ content: third });
    expect(upcast("custom.recorded", 3, third, renamed)).toEqual({ content: third });
  });

  it("is refused when a step is missing or fails, naming the version", () => {
    const gap: Histories = { "custom.recorded": { current: 3, upcasters: { 1: (payload) => payload } } };
    expect(upcast("custom.recorded", 1, first, gap)).toEqual({
      error: "version: nothing reads custom.recorded of version 2",
    });
    const failing: Histories = {
      "custom.recorded": {
        current: 2,
        upcasters: {
          1: () => {
            throw new Error("no");
          },
        },
      },
    };
    expect(upcast("custom.recorded", 1, first, failing)).toMatchObject({ error: expect.stringContaining("1") });
    expect(upcast("custom.recorded", 1, [], renamed)).toMatchObject({ error: "payload: expected an object" });
  });
});

describe("an event of a newer version than this service reads", () => {
  it("is kept aside with an error that says to upgrade, and maps after the upgrade", () => {
    const newer = stored(3, third);
    expect(toRow(newer)).toEqual({
      error: "version: 3 of custom.recorded is newer than this service reads (1); upgrade, then retry the dead letter",
    });
    expect(toRow(newer, renamed)).toHaveProperty("row");
  });
});

describe("the histories of this service", () => {
  it("have a step for every version there was", () => {
    for (const [type, history] of Object.entries(histories)) {
      const steps = Object.keys(history?.upcasters ?? {}).map(Number);
      expect([type, steps]).toEqual([type, Array.from({ length: (history?.current ?? 1) - 1 }, (_, at) => at + 1)]);
    }
    expect(upcast("customer.erased", 1, { customer: null })).toEqual({ content: { customer: null } });
  });
});
