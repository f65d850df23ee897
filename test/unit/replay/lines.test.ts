import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assumedReward, pick, standInCoupon } from "../../../ingest/replay/assumptions.ts";
import { cents, orderLines, PriceBook, type ReceiptLine } from "../../../ingest/replay/lines.ts";

function receiptLine(quantity: number, sales_value: number): ReceiptLine {
  return {
    household_id: "7",
    store_id: "30",
    basket_id: "b1",
    product_id: "100",
    quantity,
    sales_value,
    transaction_timestamp: "2017-03-04T09:30:00",
  };
}

const coffee = { department: "GROCERY", brand: "National", category: "COFFEE", type: "GROUND COFFEE" };
const fuel = { department: "FUEL", brand: "National", category: "COUPON/MISC ITEMS", type: "GASOLINE" };

function sum(lines: readonly { quantity: number; unit_amount: number }[]): number {
  return lines.reduce((total, line) => total + line.quantity * line.unit_amount, 0);
}

describe("a receipt line as order lines", () => {
  it("reads dollars as cents in spite of binary fractions", () => {
    expect([1.15, 4.35, 0.29, 100, 4.440892e-16].map(cents)).toEqual([115, 435, 29, 10_000, 0]);
  });

  it("always keeps the sum, and for countable lines the units", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 100_000 }), (quantity, amount) => {
        const lines = orderLines(receiptLine(quantity, amount / 100), coffee, {});
        expect(sum(lines)).toBe(amount);
        expect(lines.reduce((units, line) => units + line.quantity, 0)).toBe(quantity);
        for (const line of lines) expect(line.quantity).toBeGreaterThan(0);
      }),
    );
  });

  it("carries product, category and marks", () => {
    expect(orderLines(receiptLine(2, 5), coffee, { campaign_1: true })).toEqual([
      {
        sku: "100",
        product_id: "100",
        name: "GROUND COFFEE",
        categories: ["COFFEE"],
        quantity: 2,
        unit_amount: 250,
        attributes: { department: "GROCERY", brand: "National", campaign_1: true },
      },
    ]);
  });

  it("is one unit at the whole price where the quantity is no count", () => {
    for (const [line, product] of [
      [receiptLine(8776, 23.25), fuel],
      [receiptLine(12, 23.25), fuel],
      [receiptLine(101, 23.25), undefined],
      [receiptLine(0, 23.25), coffee],
    ] as const) {
      const [only, ...more] = orderLines(line, product, {});
      expect(more).toEqual([]);
      expect(only).toMatchObject({ quantity: 1, unit_amount: 2325, attributes: { quantity_recorded: line.quantity } });
    }
  });

  it("is nothing when neither units nor money were recorded", () => {
    expect(orderLines(receiptLine(0, 0), coffee, {})).toEqual([]);
  });
});

describe("typical prices", () => {
  it("prefer the product sold most often, at its median price, and fall back where none was sold", () => {
    const book = new PriceBook();
    for (const price of [3, 1, 2]) book.note({ ...receiptLine(1, price), product_id: "a" });
    book.note({ ...receiptLine(2, 9), product_id: "b" });
    expect(book.typical(["b", "a"], 50)).toEqual({ productId: "a", unitAmount: 200 });
    expect(book.typical(["y", "x"], 50)).toEqual({ productId: "x", unitAmount: 50 });
    expect(book.typical([], 50)).toBeUndefined();
    expect(book.medianOfAll()).toBe(200);
  });
});

describe("assumptions", () => {
  it("give every campaign the same value each time, inside the stated bounds", () => {
    for (let id = 1; id <= 60; id += 1) {
      const [a, b, c] = (["Type A", "Type B", "Type C"] as const).map((type) => assumedReward(type, String(id)));
      expect(assumedReward("Type A", String(id))).toEqual(a);
      expect(a).toHaveProperty("percent_bp", expect.toBeOneOf([1000, 1500, 2000, 2500]));
      expect(b).toHaveProperty("amount", expect.toBeOneOf([50, 75, 100, 125]));
      expect(c).toMatchObject({ which: "all", max_amount: 500 });
    }
  });

  it("pick inside the range and not always the same", () => {
    const picks = Array.from({ length: 200 }, (_, index) => pick(`text ${index}`, 5));
    expect(new Set(picks)).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it("name no coupon where a campaign has none", () => {
    expect(standInCoupon("7", "1", [])).toBeUndefined();
  });
});
