import fc from "fast-check";
import { expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { Decision } from "../../../api/domain/decision.ts";
import { recordedDecision } from "../../../api/imports/redemptions/recorded-decision.ts";
import { campaign, facts, order, orderOf, otherCode, redeemable } from "../domain/builders.ts";

function recorded(...given: Parameters<typeof recordedDecision>): Decision {
  const decision = recordedDecision(...given);
  if ("field" in decision) throw new Error(decision.reason);
  return decision;
}

const amount = fc.integer({ min: 0, max: 1_000_000 });

it("splits what was given so that lines and shipping add up, and none pays back more than it cost", () => {
  fc.assert(
    fc.property(
      fc.array(amount, { minLength: 1, maxLength: 8 }),
      amount,
      fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (lines, shippingAmount, discounts, hasCard) => {
        const redeemables = discounts.map((_, n) =>
          otherCode(`CODE${n}`, hasCard && n === 0 ? { voucher: { kind: "gift_card", balanceAmount: 700_000 } } : {}),
        );
        const about = facts({ order: { ...orderOf(...lines), shippingAmount }, redeemables });
        const total = lines.reduce((a, b) => a + b, 0) + shippingAmount;
        const decision = recordedDecision(
          about,
          discounts.map((discount_amount) => ({ discount_amount })),
        );
        const wanted = discounts.reduce((a, b) => a + b, 0);
        if ("field" in decision) {
          expect(wanted).toBeGreaterThan(total);
          return;
        }
        expect(decision.discountAmount).toBe(wanted);
        expect(decision.totalAmount).toBe(total - wanted);
        expect(decision.itemsDiscount.reduce((a, b) => a + b, 0) + decision.shippingDiscount).toBe(wanted);
        for (const [line, off] of decision.itemsDiscount.entries()) expect(off).toBeLessThanOrEqual(lines[line] ?? 0);
        expect(decision.shippingDiscount).toBeLessThanOrEqual(shippingAmount);
        for (const [n, code] of decision.codes.entries()) expect(code.discountAmount).toBe(discounts[n]);
      },
    ),
  );
});

it("records what the engine gave as the engine gave it: shares and takes are the same", () => {
  const about = facts({ order: orderOf(1_999, 501, 3_333), redeemables: [redeemable(), otherCode("MORE")] });
  const decision = decide(about);
  const again = recorded(
    about,
    decision.codes.map((code) => ({ discount_amount: code.discountAmount })),
  );
  expect(again.codes.map((code) => code.itemsDiscount)).toEqual(decision.codes.map((code) => code.itemsDiscount));
  expect(again.takes).toEqual(decision.takes);
  expect(again.totalAmount).toBe(decision.totalAmount);
});

it("takes what was off the shipping off the shipping", () => {
  const about = facts({ order: { ...orderOf(1_000), shippingAmount: 490 } });
  const decision = recorded(about, [{ discount_amount: 590, shipping_discount_amount: 490 }]);
  expect(decision).toMatchObject({ itemsDiscount: [100], shippingDiscount: 490 });
  expect(recordedDecision(about, [{ discount_amount: 500, shipping_discount_amount: 491 }])).toMatchObject({
    field: "codes/0/discount_amount",
  });
});

it("does not look at rules, windows and status, but at every counter", () => {
  const ended = {
    status: "archived",
    endsAt: 1,
    startsAt: 0,
    rules: { on: "order.amount", op: "equals", value: 1 },
  } as const;
  const one = [{ discount_amount: 100 }];
  expect(
    recorded(facts({ redeemables: [redeemable({ campaign: ended, voucher: { expiresAt: 1 } })] }), one).valid,
  ).toBe(true);
  const used = { redemptionsCount: 5, discountAmount: 950 };
  const refused = (change: Parameters<typeof redeemable>[0]) =>
    recordedDecision(facts({ redeemables: [redeemable(change)] }), one);
  expect(refused({ campaign: { redemptionsMax: 5, usage: used } })).toMatchObject({ field: "codes/0/code" });
  expect(refused({ campaign: { budgetAmount: 1_000, usage: used } })).toEqual({
    field: "codes/0/discount_amount",
    reason: "Only 50 are left (campaign_budget_reached).",
  });
  expect(refused({ campaign: { parent: { ...campaign().parent, budgetAmount: 1_000, usage: used } } })).toMatchObject({
    field: "codes/0/discount_amount",
  });
  expect(refused({ voucher: { kind: "unique", usage: { redemptionsCount: 1, discountAmount: 0 } } })).toMatchObject({
    field: "codes/0/code",
  });
  expect(refused({ campaign: { currency: "USD" } })).toMatchObject({ field: "order/currency" });
  const unknown = facts({ redeemables: [{ code: "X", voucher: null, campaign: null }], order: order() });
  expect(recordedDecision(unknown, one)).toEqual({ field: "codes/0/code", reason: "There is no such code." });
});
