import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../../ingest/events/events.ts";
import type { CodePart, OrderPart, RiskPart } from "../../../ingest/events/parts.ts";
import { type EventRow, eventColumns, type StoredEvent, toRow } from "../../../ingest/rows.ts";
import { anyEvent, eventTypes } from "./arbitrary.ts";

function stored(event: Event, change: Partial<StoredEvent> = {}): StoredEvent {
  return {
    xid: "812",
    seq: 7,
    event_id: event.event_id,
    project_id: event.project_id,
    type: event.type,
    version: 1,
    occurred_at: event.occurred_at,
    recorded_at: "2026-03-04T05:06:07.123456Z",
    payload: JSON.stringify(event.payload),
    ...change,
  };
}

function mapped(event: StoredEvent): EventRow {
  const result = toRow(event);
  if ("error" in result) throw new Error(result.error);
  return result.row;
}

/** The parts that several payloads share, found by name; what a row must still hold of each. */
interface AnyPayload {
  readonly customer?: string | null;
  readonly order?: OrderPart;
  readonly codes?: readonly CodePart[];
  readonly risk?: RiskPart;
}

describe.each(eventTypes)("a row of %s", (type) => {
  it("keeps the envelope and the whole payload", () => {
    fc.assert(
      fc.property(anyEvent(type), (event) => {
        const row = mapped(stored(event));
        expect(row).toMatchObject({
          event_id: event.event_id,
          project_id: event.project_id,
          type,
          version: 1,
          occurred_at: event.occurred_at,
          recorded_at: "2026-03-04T05:06:07.123456Z",
          outbox_xid: "812",
          outbox_seq: 7,
          customer: (event.payload as AnyPayload).customer ?? "",
        });
        expect(row.payload).toBe(JSON.stringify(event.payload));
        expect(Object.keys(row).sort()).toEqual([...eventColumns].sort());
      }),
      { numRuns: 50 },
    );
  });

  it("keeps every order, line, code, reason and score in columns", () => {
    fc.assert(
      fc.property(anyEvent(type), (event) => {
        const row = mapped(stored(event));
        const { order, codes, risk } = event.payload as AnyPayload;
        if (order !== undefined) expect(orderOf(row)).toEqual({ ...order, items: order.items.map(withoutNull) });
        if (codes !== undefined) {
          expect(codesOf(row)).toEqual(
            codes.map(({ reasons: _, rewards: __, shipping_discount: ___, expires_at: ____, ...code }) =>
              withoutNull(code),
            ),
          );
          expect(rewardsOf(row)).toEqual(
            codes.flatMap(({ rewards = [] }, at) =>
              rewards.map(({ type, discount_amount, points, amount }) => ({
                code_position: at + 1,
                type,
                discount_amount,
                given: points ?? amount ?? 0,
              })),
            ),
          );
          expect(reasonsOf(row)).toEqual(
            codes.flatMap((code) =>
              code.reasons.map((reason) => ({
                key: reason.key,
                code: reason.code ?? 0,
                voucher_code: code.code,
                campaign_id: code.campaign_id ?? "",
              })),
            ),
          );
        }
        if (risk !== undefined) {
          expect(row).toMatchObject({ risk_score: risk.score, risk_action: risk.action, model: risk.model ?? "" });
        }
      }),
      { numRuns: 50 },
    );
  });

  it("is the same on every delivery", () => {
    fc.assert(
      fc.property(anyEvent(type), (event) => {
        expect(toRow(stored(event))).toEqual(toRow(structuredClone(stored(event))));
      }),
      { numRuns: 20 },
    );
  });
});

describe("a voucher", () => {
  it.each(["voucher.created", "voucher.expiry_changed", "voucher_batch.completed"] as const)(
    "of %s says until when it is good, and old events say nothing",
    (type) => {
      const [event] = fc.sample(anyEvent(type), { numRuns: 1, seed: 1 }) as [Event];
      const of = (expires_at: string | null | undefined) =>
        mapped(stored(event, { payload: JSON.stringify({ ...event.payload, expires_at }) })).expires_at;
      expect([of("2027-01-01T00:00:00.000Z"), of(null), of(undefined)]).toEqual([
        "2027-01-01T00:00:00.000Z",
        null,
        null,
      ]);
    },
  );
});

describe("a rollback", () => {
  const event = fc.sample(anyEvent("redemption.rolled_back"), { numRuns: 1, seed: 1 })[0] as Event;

  it.each([
    [true, "whole"],
    [false, "part"],
    // From before redemptions could be rolled back in parts.
    [undefined, ""],
  ])("whose `whole` is %s has the outcome %j", (whole, outcome) => {
    const payload = JSON.stringify({ ...event.payload, whole });
    expect(mapped(stored(event, { payload })).outcome).toBe(outcome);
  });
});

describe("a movement of points", () => {
  it("keeps its sign, its kind and the balance in columns", () => {
    const [event] = fc.sample(anyEvent("points.changed"), { numRuns: 1, seed: 1 }) as [Event];
    const payload = JSON.stringify({ ...event.payload, kind: "spent", points: -70, balance: 30 });
    expect(mapped(stored(event, { payload }))).toMatchObject({ outcome: "spent", changed_by: -70, balance: 30 });
  });
});

describe("a batch of gift cards", () => {
  it("keeps exactly what the cards hold together, however much", () => {
    const [event] = fc.sample(anyEvent("voucher_batch.completed"), { numRuns: 1, seed: 1 }) as [Event];
    const payload = JSON.stringify({ ...event.payload, size: 5_000_000, balance_amount: 999_999_999_999 });
    expect(mapped(stored(event, { payload })).changed_by).toBe("4999999999995000000");
  });
});

describe("an event that cannot be mapped", () => {
  const event = fc.sample(anyEvent("redemption.succeeded"), { numRuns: 1, seed: 1 })[0] as Event;

  it.each([
    ["is not JSON", { payload: "{" }, /payload/],
    ["is of a type nobody knows", { type: "redemption.imagined" }, /type/],
    ["borrows the name of an object's method", { type: "constructor" }, /type/],
    ["lacks a field of its contract", { payload: JSON.stringify({ ...event.payload, order: {} }) }, /order\.amount/],
    ["has a version from the future", { version: 2 as 1 }, /version/],
    ["happened before 2000", { occurred_at: "1999-12-31T23:59:59.999Z" }, /occurred_at/],
    ["happens in 2100 or later", { occurred_at: "2100-01-01T00:00:00.000Z" }, /occurred_at/],
  ])("is an error value that names what is wrong when it %s", (_, change, wrong) => {
    expect(toRow(stored(event, change))).toEqual({ error: expect.stringMatching(wrong) });
  });

  it("names fields, never values", () => {
    const secret = stored(event, { payload: JSON.stringify({ ...event.payload, customer: { secret: "hunter2" } }) });
    expect(JSON.stringify(toRow(secret))).not.toContain("hunter2");
  });
});

function withoutNull<T extends object>(part: T) {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, value ?? ""]));
}

function orderOf(row: EventRow) {
  return {
    id: row.order_id === "" ? expect.toBeOneOf([null, ""]) : row.order_id,
    currency: row.currency,
    amount: row.amount,
    shipping_amount: row.shipping_amount,
    discount_amount: row.discount_amount,
    total_amount: row.total_amount,
    channel: row.channel === "" ? expect.toBeOneOf([null, ""]) : row.channel,
    store_id: row.store_id === "" ? expect.toBeOneOf([null, ""]) : row.store_id,
    items: row["items.sku"].map((sku, at) => ({
      sku,
      product_id: row["items.product_id"][at],
      quantity: row["items.quantity"][at],
      unit_amount: row["items.unit_amount"][at],
      // The property compares what is absent as "".
      unit_cost_amount: row["items.unit_cost_amount"][at] ?? "",
      discount_amount: row["items.discount_amount"][at],
      categories: row["items.categories"][at],
    })),
  };
}

function codesOf(row: EventRow) {
  return row["codes.code"].map((code, at) => ({
    code,
    voucher_id: row["codes.voucher_id"][at],
    campaign_id: row["codes.campaign_id"][at],
    main_campaign_id: row["codes.main_campaign_id"][at],
    discount_amount: row["codes.discount_amount"][at],
  }));
}

function rewardsOf(row: EventRow) {
  return row["rewards.type"].map((type, at) => ({
    code_position: row["rewards.code_position"][at],
    type,
    discount_amount: row["rewards.discount_amount"][at],
    given: row["rewards.given"][at],
  }));
}

function reasonsOf(row: EventRow) {
  return row["reasons.key"].map((key, at) => ({
    key,
    code: row["reasons.code"][at],
    voucher_code: row["reasons.voucher_code"][at],
    campaign_id: row["reasons.campaign_id"][at],
  }));
}
