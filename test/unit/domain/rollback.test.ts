import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { Facts, OnRollback } from "../../../api/domain/facts.ts";
import { factsOfRest } from "../../../api/domain/rest.ts";
import { planRollback, type Redeemed, type RedeemedCode, type RollbackPlan } from "../../../api/domain/rollback.ts";
import { campaign, facts, item, order, otherCode, redeemable, voucher } from "./builders.ts";
import { redeemedOf } from "./redeemed.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function code(change: Partial<RedeemedCode> = {}): RedeemedCode {
  return {
    voucherId: "vou_1",
    campaignId: "cam_1",
    onRollback: "keep",
    isGiftCard: false,
    itemsDiscount: [600, 400],
    shippingDiscount: 0,
    itemsReturned: [],
    shippingReturned: 0,
    ...change,
  };
}

function redeemed(change: Partial<Redeemed> = {}): Redeemed {
  return { quantities: [3, 2], unitsReturned: [], codes: [code()], ...change };
}

function planned(...asked: Parameters<typeof planRollback>): RollbackPlan {
  const plan = planRollback(...asked);
  if (plan.outcome !== "planned") throw new Error(`refused: ${plan.outcome}`);
  return plan;
}

/** The redemption as it stands after the plan. */
function afterwards(before: Redeemed, plan: RollbackPlan): Redeemed {
  return {
    ...before,
    unitsReturned: plan.unitsReturned,
    codes: before.codes.map((each, index) => ({
      ...each,
      itemsReturned: before.quantities.map(
        (_, line) => (each.itemsReturned[line] ?? 0) + (plan.codes[index]?.items[line] ?? 0),
      ),
      shippingReturned: each.shippingReturned + (plan.codes[index]?.shipping ?? 0),
    })),
  };
}

/** A redemption of these facts, every code with this policy. */
function redeem(given: Facts, onRollback: OnRollback): Redeemed {
  const decision = decide(given);
  expect(decision.valid).toBe(true);
  return redeemedOf(given, decision, onRollback);
}

const again = (given: Facts) => (quantities: readonly number[]) => decide(factsOfRest(given, quantities));

describe("a whole rollback", () => {
  it("gives back everything that is left", () => {
    const shipped = redeemed({ codes: [code({ shippingDiscount: 90, itemsReturned: [100], shippingReturned: 10 })] });
    expect(planned(shipped, { kind: "whole" }, null)).toEqual({
      outcome: "planned",
      discountAmount: 980,
      codes: [{ items: [500, 400], shipping: 80, amount: 980 }],
      unitsReturned: [3, 2],
      whole: true,
    });
  });

  it("of what is undone already is refused", () => {
    const undone = afterwards(redeemed(), planned(redeemed(), { kind: "whole" }, null));
    expect(planRollback(undone, { kind: "whole" }, null)).toEqual({ outcome: "nothing_left" });
    expect(planRollback(undone, { kind: "amount", amount: 1 }, null)).toEqual({ outcome: "nothing_left" });
  });

  it("of a redemption that gave points only is whole all the same", () => {
    const points = redeemed({ codes: [code({ itemsDiscount: [0, 0] })] });
    expect(planned(points, { kind: "whole" }, null)).toMatchObject({ discountAmount: 0, whole: true });
    expect(planned(points, { kind: "items", items: [{ index: 0, quantity: 1 }] }, null)).toMatchObject({
      discountAmount: 0,
      whole: false,
      unitsReturned: [1, 0],
    });
    expect(planRollback(points, { kind: "amount", amount: 1 }, null)).toEqual({ outcome: "nothing_left" });
  });
});

describe("a rollback by amount", () => {
  it("spreads over all codes, lines and shipping by what is left of them", () => {
    const two = redeemed({
      codes: [code(), code({ voucherId: "vou_2", itemsDiscount: [0, 500], shippingDiscount: 500 })],
    });
    const plan = planned(two, { kind: "amount", amount: 1_000 }, null);
    expect(plan.codes).toEqual([
      { items: [300, 200], shipping: 0, amount: 500 },
      { items: [0, 250], shipping: 250, amount: 500 },
    ]);
    expect(plan).toMatchObject({ discountAmount: 1_000, unitsReturned: [0, 0], whole: false });
  });

  it("is whole with the last cent, and refused beyond it", () => {
    const part = afterwards(redeemed(), planned(redeemed(), { kind: "amount", amount: 999 }, null));
    expect(planRollback(part, { kind: "amount", amount: 2 }, null)).toEqual({ outcome: "more_than_left", left: 1 });
    expect(planned(part, { kind: "amount", amount: 1 }, null)).toMatchObject({ discountAmount: 1, whole: true });
  });
});

describe("a rollback by items", () => {
  const items = (...asked: [number, number][]) => ({
    kind: "items" as const,
    items: asked.map(([index, quantity]) => ({ index, quantity })),
  });

  it("gives back the part of the returned units, and all that is left with the last of a line", () => {
    const odd = redeemed({ codes: [code({ itemsDiscount: [100, 400] })] });
    const first = planned(odd, items([0, 1]), null);
    expect(first).toMatchObject({ discountAmount: 33, unitsReturned: [1, 0], whole: false });
    const second = planned(afterwards(odd, first), items([0, 2]), null);
    expect(second).toMatchObject({ discountAmount: 67, unitsReturned: [3, 0], whole: false });
  });

  it("gives shipping back with the last unit of the order", () => {
    const shipped = redeemed({ codes: [code({ shippingDiscount: 90 })] });
    const first = planned(shipped, items([0, 3], [1, 1]), null);
    expect(first).toMatchObject({ discountAmount: 800, codes: [{ shipping: 0 }] });
    expect(planned(afterwards(shipped, first), items([1, 1]), null)).toMatchObject({
      discountAmount: 290,
      codes: [{ items: [0, 200], shipping: 90 }],
      whole: true,
    });
  });

  it("adds up a line that is named twice", () => {
    expect(planned(redeemed(), items([0, 1], [0, 1]), null).unitsReturned).toEqual([2, 0]);
    expect(planRollback(redeemed(), items([0, 2], [0, 2]), null)).toEqual({
      outcome: "more_than_left",
      left: 3,
      at: 1,
    });
  });

  it("refuses lines that are not there and units that are not left", () => {
    expect(planRollback(redeemed(), items([0, 1], [2, 1]), null)).toEqual({ outcome: "no_such_line", at: 1 });
    const part = afterwards(redeemed(), planned(redeemed(), items([1, 2]), null));
    expect(planRollback(part, items([1, 1]), null)).toEqual({ outcome: "more_than_left", left: 0, at: 0 });
  });

  it("is whole when the discount is gone, whatever else was bought", () => {
    const onFirst = redeemed({ codes: [code({ itemsDiscount: [600, 0] })] });
    expect(planned(onFirst, items([0, 3]), null)).toMatchObject({ discountAmount: 600, whole: true });
  });

  it("is not whole while a code that took nothing off stands on what is left", () => {
    const codes = [code({ itemsDiscount: [600, 0] }), code({ voucherId: "vou_2", itemsDiscount: [0, 0] })];
    const first = planned(redeemed({ codes }), items([0, 3]), null);
    expect(first).toMatchObject({ discountAmount: 600, whole: false });
    const rest = afterwards(redeemed({ codes }), first);
    expect(planRollback(rest, { kind: "amount", amount: 1 }, null)).toEqual({ outcome: "nothing_left" });
    expect(planned(rest, items([1, 2]), null)).toMatchObject({ discountAmount: 0, whole: true });
    expect(planned(redeemed({ codes }), { kind: "amount", amount: 600 }, null)).toMatchObject({ whole: true });
  });
});

describe("the policy", () => {
  const oneOfFirst = { kind: "items" as const, items: [{ index: 0, quantity: 1 }] };
  // 5.00 off from 250.00 on: two units of 100.00 do not reach it.
  const fromMinimum = facts({
    order: order({ items: [item({ quantity: 3 })] }),
    redeemables: [
      redeemable({
        campaign: {
          rules: { on: "order.amount", op: "greater_or_equal", value: 25_000 },
          rewards: [{ type: "order_discount", amount: 600 }],
        },
      }),
    ],
  });

  it.each<[OnRollback, number]>([
    ["keep", 200],
    ["recalculate", 600],
    ["revoke", 600],
  ])("%s, when the rest no longer meets the rules, gives back %i", (policy, back) => {
    const plan = planned(redeem(fromMinimum, policy), oneOfFirst, again(fromMinimum));
    expect(plan.discountAmount).toBe(back);
    expect(plan.whole).toBe(back === 600);
  });

  // The third unit is free, from the dearest down: of three units of 9.00, then of two and the other item.
  const thirdFree = facts({
    order: order({ items: [item({ quantity: 3, unitAmount: 900 }), item({ sku: "other", unitAmount: 100 })] }),
    redeemables: [
      redeemable({
        campaign: {
          rewards: [
            { type: "item_discount", which: "nth", n: 3, percent_bp: 10_000 },
            { type: "order_discount", amount: 100 },
          ],
        },
      }),
    ],
  });

  it.each<[OnRollback, number]>([
    ["keep", 332],
    ["recalculate", 800],
    ["revoke", 332],
  ])("%s, when the rest gets less, gives back %i", (policy, back) => {
    const before = redeem(thirdFree, policy);
    expect(sum(before.codes[0]?.itemsDiscount ?? [])).toBe(1_000);
    expect(planned(before, oneOfFirst, again(thirdFree))).toMatchObject({ discountAmount: back, whole: false });
  });

  it("never gives what the rest would get more", () => {
    const trimmed = facts({
      order: order({ items: [item({ quantity: 2 })] }),
      redeemables: [redeemable({ campaign: { budgetAmount: 500, budgetPolicy: "trim" } })],
    });
    expect(planned(redeem(trimmed, "recalculate"), oneOfFirst, again(trimmed)).discountAmount).toBe(250);
  });

  it("judges no limit again", () => {
    const once = facts({
      order: order({ items: [item({ quantity: 2 })] }),
      redeemables: [redeemable({ voucher: { kind: "unique" }, campaign: { limits: { perCustomer: 1 } } })],
    });
    const used = { redemptionsCount: 1, discountAmount: 2_000 };
    const later: Facts = {
      ...once,
      redeemables: [
        redeemable({
          voucher: { kind: "unique", usage: used, status: "redeemed" },
          campaign: { limits: { perCustomer: 1 }, customerUsage: used, status: "archived" },
        }),
      ],
    };
    expect(planned(redeem(once, "revoke"), oneOfFirst, again(later))).toMatchObject({ discountAmount: 1_000 });
  });

  it("leaves gift cards their share, and decides automatic campaigns again", () => {
    const automatic = campaign({
      id: "cam_auto",
      automatic: true,
      rules: { on: "order.quantity", op: "greater_or_equal", value: 2 },
      rewards: [{ type: "order_discount", amount: 1_000 }],
    });
    const card = redeemable({
      voucher: { kind: "gift_card", balanceAmount: 4_000 },
      campaign: { template: "gift_card", rewards: [] },
    });
    const given = facts({
      order: order({ items: [item({ quantity: 2 })] }),
      redeemables: [card],
      automatic: [automatic],
    });
    const plan = planned(redeem(given, "revoke"), oneOfFirst, again(given));
    expect(plan.codes.map(({ amount }) => amount)).toEqual([2_000, 1_000]);
  });

  it("asks nothing where no code wants to know", () => {
    const never = () => {
      throw new Error("asked");
    };
    expect(planned(redeemed(), oneOfFirst, never).discountAmount).toBe(200);
    const undone = redeemed({ quantities: [1, 0], codes: [code({ onRollback: "revoke" })] });
    expect(planned(undone, oneOfFirst, never).whole).toBe(true);
  });
});

describe("rollbacks of any kind, in any order", () => {
  const cell = fc.integer({ min: 0, max: 5_000 });
  const anyCode = fc
    .record({
      itemsDiscount: fc.array(cell, { minLength: 3, maxLength: 3 }),
      shippingDiscount: cell,
      onRollback: fc.constantFrom<OnRollback>("keep", "recalculate", "revoke"),
      isGiftCard: fc.boolean(),
    })
    .map((change) => code(change));
  const anyRedeemed = fc.record({
    quantities: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
    unitsReturned: fc.constant([]),
    codes: fc.array(anyCode, { minLength: 1, maxLength: 3 }),
  });
  const request = fc.oneof(
    fc.record({ kind: fc.constant("amount" as const), amount: fc.integer({ min: 1, max: 20_000 }) }),
    fc.record({
      kind: fc.constant("items" as const),
      items: fc.array(fc.record({ index: fc.integer({ min: 0, max: 2 }), quantity: fc.integer({ min: 1, max: 2 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  );
  const given = facts({
    redeemables: [redeemable({ voucher: voucher({ id: "vou_1" }) }), otherCode("B", { campaign: { id: "cam_1" } })],
  });

  it("end exactly at zero and never go beyond", () => {
    fc.assert(
      fc.property(anyRedeemed, fc.array(request, { maxLength: 12 }), (start, requests) => {
        const total = sum(start.codes.map((each) => sum(each.itemsDiscount) + each.shippingDiscount));
        let now: Redeemed = start;
        let back = 0;
        let undone = false;
        for (const asked of [...requests, { kind: "whole" as const }]) {
          const plan = planRollback(now, asked, () => decide(given));
          if (plan.outcome !== "planned") {
            if (asked.kind === "whole") expect(undone || total === 0).toBe(true);
            continue;
          }
          expect(undone).toBe(false);
          expect(sum(plan.codes.map(({ amount }) => amount))).toBe(plan.discountAmount);
          for (const [index, { items, shipping, amount }] of plan.codes.entries()) {
            expect(sum(items) + shipping).toBe(amount);
            for (const [line, share] of [...items, shipping].entries()) {
              const of = now.codes[index];
              const left =
                line === items.length
                  ? (of?.shippingDiscount ?? 0) - (of?.shippingReturned ?? 0)
                  : (of?.itemsDiscount[line] ?? 0) - (of?.itemsReturned[line] ?? 0);
              expect(share >= 0 && share <= left).toBe(true);
            }
          }
          if (asked.kind === "amount") expect(plan.discountAmount).toBe(asked.amount);
          back += plan.discountAmount;
          now = afterwards(now, plan);
          undone = plan.whole;
        }
        expect(undone).toBe(true);
        expect(back).toBe(total);
      }),
      { numRuns: 500 },
    );
  });
});
