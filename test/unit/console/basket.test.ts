import { expect, it } from "vitest";
import { carried, checkBodyOf, redeemBodyOf } from "../../../api/console/redeem/basket.ts";
import { Problem } from "../../../api/http/problem.ts";

const form = (fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, [text]]));

const simple = { "codes.0": " sale10,  GIFT-1 ", "order.currency": "EUR", "order.items.0.unit_amount": "49,90" };

function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return (error.options.errors ?? []).map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

it("makes one line of one amount, and an order of its own where the shop has no number", () => {
  expect(redeemBodyOf(form(simple), "4f0e")).toEqual({
    codes: ["sale10", "GIFT-1"],
    order: {
      id: "console-4f0e",
      currency: "EUR",
      items: [{ sku: "basket", quantity: 1, unit_amount: 4990 }],
    },
    source: "console",
  });
  expect(redeemBodyOf(form({ ...simple, "order.id": "R-7" }), "4f0e").order.id).toBe("R-7");
});

it("makes lines of items, with what the campaign may ask for, in the currency's own digits", () => {
  const body = checkBodyOf(
    form({
      ...simple,
      "order.currency": "JPY",
      "order.items.0.unit_amount": "500",
      "order.items.0.quantity": "2",
      "order.items.0.categories": "coffee, hot ,",
      "order.items.3.sku": "cup",
      "order.items.3.unit_amount": "120",
      "order.store_id": "berlin-1",
      "customer.identifier": " anna ",
    }),
  );
  expect(body.customer).toEqual({ identifier: "anna" });
  expect(body.order).toMatchObject({ currency: "JPY", store_id: "berlin-1" });
  expect(body.order.items).toEqual([
    { sku: "basket", quantity: 2, unit_amount: 500, categories: ["coffee", "hot"] },
    { sku: "cup", quantity: 1, unit_amount: 120 },
  ]);
});

it("names each field that is missing or no amount, and carries nothing along that is not the basket's", () => {
  expect(faultsOf(() => checkBodyOf(form({ "order.currency": "EUR" })))).toEqual([
    "/codes/0",
    "/order/items/0/unit_amount",
  ]);
  expect(faultsOf(() => checkBodyOf(form({ ...simple, "order.items.0.unit_amount": "-5" })))).toEqual([
    "/order/items/0/unit_amount",
  ]);
  expect(faultsOf(() => checkBodyOf(form({ ...simple, "order.items.0.unit_amount": "1.005" })))).toEqual([
    "/order/items/0/unit_amount",
  ]);
  expect(carried(form({ ...simple, token: "secret", attempt: "x", "customer.identifier": "" }))).toEqual({
    ...simple,
    "codes.0": "sale10,  GIFT-1",
  });
});
