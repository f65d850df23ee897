import { expect, it } from "vitest";
import { type KnownOrder, planOrders } from "../../../api/imports/order-plan.ts";
import type { ReadRow } from "../../../api/imports/rows.ts";

const now = new Date("2026-01-01T00:00:00Z");

function row(line: number, id: string, status: string, more: object = {}, isFlat = false): ReadRow<"orders"> {
  const order = {
    id,
    status,
    customer: { identifier: "ann" },
    currency: "EUR",
    items: [{ sku: "a", quantity: 1, unit_amount: 100 }],
    occurred_at: "2025-01-01T00:00:00Z",
    ...more,
  };
  return { line, row: order as ReadRow<"orders">["row"], isFlat };
}

const paid: KnownOrder = {
  customer: "ann",
  currency: "EUR",
  status: "paid",
  amount: 100,
  paidAt: new Date("2024-01-01T00:00:00Z"),
  reported: new Set(["created", "paid"]),
};

it("takes the rows of an order in the order of the file, and keeps when it was paid", () => {
  const plan = planOrders(
    new Map(),
    [row(1, "o", "created"), row(2, "p", "paid"), row(3, "o", "paid"), row(4, "o", "refunded"), row(5, "o", "paid")],
    now,
  );
  expect(plan.steps.map(({ report }) => `${report.id} ${report.status}`)).toEqual([
    "o created",
    "p paid",
    "o paid",
    "o refunded",
  ]);
  expect(plan).toMatchObject({ unchanged: 1, errors: [] });
  expect(plan.orders.map(({ report, paidAt }) => [report.id, report.status, paidAt?.toISOString()])).toEqual([
    ["o", "refunded", "2025-01-01T00:00:00.000Z"],
    ["p", "paid", "2025-01-01T00:00:00.000Z"],
  ]);
});

it("refuses another customer, another currency, a status that cannot follow, and the future", () => {
  const known = new Map([["o", paid]]);
  const errors = planOrders(
    known,
    [
      row(1, "o", "refunded", { customer: { identifier: "bea" } }),
      row(2, "o", "refunded", { currency: "USD" }),
      row(3, "o", "cancelled"),
      row(4, "o", "refunded"),
      row(5, "n", "paid", { occurred_at: "2026-01-01T00:02:00Z" }),
      row(6, "n", "paid", { occurred_at: "2026-01-01T00:00:30Z" }),
    ],
    now,
  );
  expect(errors.errors.map(({ line, field }) => [line, field])).toEqual([
    [1, "customer/identifier"],
    [2, "currency"],
    [4, "status"],
    [5, "occurred_at"],
  ]);
  expect(errors.steps.map(({ at }) => at.toISOString())).toEqual([
    "2025-01-01T00:00:00.000Z",
    "2026-01-01T00:00:00.000Z",
  ]);
});

it("does not lose lines of an order that stand apart in the file", () => {
  const known = new Map([["o", paid]]);
  const other = { items: [{ sku: "b", quantity: 1, unit_amount: 999 }] };
  expect(planOrders(known, [row(1, "o", "paid", {}, true)], now)).toMatchObject({ unchanged: 1, errors: [] });
  expect(planOrders(known, [row(1, "o", "paid", other, true)], now).errors).toMatchObject([{ line: 1, field: "id" }]);
  expect(planOrders(known, [row(1, "o", "paid", other, false)], now)).toMatchObject({ unchanged: 1, errors: [] });
});
