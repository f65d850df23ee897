import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../../api/domain/decide.ts";
import type { Decision } from "../../../api/domain/decision.ts";
import type { CampaignFacts, Facts, MainCampaignFacts, Redeemable, Usage } from "../../../api/domain/facts.ts";
import type { Rule } from "../../../api/domain/rules/rule.ts";
import { anyFacts } from "./arbitraries.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Holds for any facts. */
function always(check: (decision: Decision, given: Facts) => void, runs = 300): void {
  fc.assert(
    fc.property(anyFacts, (given) => check(decide(given), given)),
    { numRuns: runs },
  );
}

describe("whatever the facts", () => {
  it("decides the same again, without touching them", () => {
    always((decision, given) => {
      const copy = structuredClone(given);
      expect(decide(copy)).toEqual(decision);
      expect(copy).toEqual(given);
    });
  });

  it("lines, codes and rewards all add up to the discount", () => {
    always((decision) => {
      const given = [...decision.codes, ...decision.automatic];
      expect(sum(decision.itemsDiscount) + decision.shippingDiscount).toBe(decision.discountAmount);
      expect(sum(given.map((code) => code.discountAmount))).toBe(decision.discountAmount);
      for (const code of given) {
        expect(sum(code.itemsDiscount) + code.shippingDiscount).toBe(code.discountAmount);
        expect(sum(code.rewards.map((reward) => reward.discountAmount))).toBe(code.discountAmount);
      }
    });
  });

  it("discounts are whole, never negative, and never above a line, the order or what is left to pay", () => {
    always((decision, given) => {
      for (const [line, discount] of decision.itemsDiscount.entries()) {
        const bought = given.order.items[line];
        expect(Number.isSafeInteger(discount) && discount >= 0).toBe(true);
        expect(discount).toBeLessThanOrEqual((bought?.unitAmount ?? 0) * (bought?.quantity ?? 0));
      }
      expect(decision.totalAmount).toBeGreaterThanOrEqual(0);
      expect(decision.amount + given.order.shippingAmount).toBeGreaterThanOrEqual(
        decision.totalAmount + decision.discountAmount,
      );
    });
  });

  it("a code applies exactly when nothing speaks against it, and gives something exactly when it applies", () => {
    always((decision) => {
      for (const code of [...decision.codes, ...decision.automatic]) {
        expect(code.applicable).toBe(code.reasons.length === 0);
        expect(code.rewards.length > 0).toBe(code.applicable);
        if (!code.applicable) expect(code.discountAmount).toBe(0);
      }
      expect(decision.automatic.every((code) => code.applicable)).toBe(true);
    });
  });

  it("is valid when every code applies, and takes only then", () => {
    always((decision) => {
      const some = decision.codes.length + decision.automatic.length > 0;
      expect(decision.valid).toBe(some && decision.codes.every((code) => code.applicable));
      expect(decision.takes.length > 0).toBe(decision.valid);
    });
  });

  it("what it takes fits every limit, and counts every use and every cent", () => {
    always((decision, given) => {
      if (!decision.valid) return;
      for (const take of decision.takes) {
        if (take.kind === "points") {
          expect(take.amount).toBeLessThanOrEqual(given.customer?.points ?? 0);
          continue;
        }
        const before = usageOf(given, take);
        if (take.usesMax !== null) expect(before.redemptionsCount + take.uses).toBeLessThanOrEqual(take.usesMax);
        if (take.amountMax !== null) expect(before.discountAmount + take.amount).toBeLessThanOrEqual(take.amountMax);
      }
      const vouchers = decision.takes.filter((take) => take.kind === "voucher");
      const automatic = sum(decision.automatic.map((code) => code.discountAmount));
      expect(sum(vouchers.map((take) => take.amount))).toBe(decision.discountAmount - automatic);
      expect(sum(vouchers.map((take) => take.uses))).toBe(decision.codes.length);
      for (const take of vouchers) {
        const card = given.redeemables.find(({ voucher }) => voucher?.id === take.voucherId)?.voucher;
        expect(take.balance).toBe(card?.kind === "gift_card" ? take.amount : 0);
        expect(take.balance).toBeLessThanOrEqual(card?.balanceAmount ?? 0);
      }
    });
  });

  it("takes in lock order, each counter once", () => {
    const rank = (take: Decision["takes"][number], given: Facts): string => {
      if (take.kind === "points") return "6";
      if (take.kind === "voucher") return `4 ${take.code}`;
      if (take.kind === "customer") return `5 ${take.scope} ${take.scopeId}`;
      if (take.kind === "period") return `3 ${take.scope} ${take.scopeId} ${take.perCustomer ? 1 : 0} ${take.bucket}`;
      const isMain = campaignsOf(given).some(({ parent }) => parent.id === take.campaignId);
      return `${isMain ? 1 : 2} ${take.campaignId}`;
    };
    always((decision, given) => {
      const ranks = decision.takes.map((take) => rank(take, given));
      expect(ranks).toEqual([...new Set(ranks)].sort());
    });
  });

  it("gives the same whatever order automatic campaigns come in", () => {
    always((decision, given) => {
      expect(decide({ ...given, automatic: [...given.automatic].reverse() })).toEqual(decision);
    }, 300);
  });

  it("lets no automatic campaign take a code away, gift cards aside", () => {
    always((decision, given) => {
      const without = decide({ ...given, automatic: [] });
      for (const [index, code] of without.codes.entries()) {
        if (code.applicable && given.redeemables[index]?.voucher?.kind !== "gift_card") {
          expect(decision.codes[index]?.applicable).toBe(true);
        }
      }
    }, 400);
  });

  it("tells no reason twice", () => {
    always((decision) => {
      for (const code of decision.codes) {
        const told = code.reasons.map(({ message: _, ...reason }) => JSON.stringify(reason));
        expect(new Set(told).size).toBe(told.length);
      }
    });
  });

  it("can be stored and read back as JSON", () => {
    always((decision) => {
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
    }, 100);
  });
});

function campaignsOf(given: Facts): CampaignFacts[] {
  return [...given.redeemables.flatMap(({ campaign }) => campaign ?? []), ...given.automatic];
}

type Counted = Exclude<Decision["takes"][number], { readonly kind: "points" }>;

function usageOf(given: Facts, take: Counted): Usage {
  const id = take.kind === "campaign" ? take.campaignId : take.kind === "voucher" ? take.voucherId : take.scopeId;
  const owners = [
    ...given.redeemables.flatMap(({ voucher }) => voucher ?? []),
    ...campaignsOf(given).flatMap((campaign) => [campaign, campaign.parent]),
  ];
  for (const owner of owners) {
    if (owner.id !== id) continue;
    if (take.kind === "customer") return owner.customerUsage;
    if (take.kind !== "period") return owner.usage;
    const found = owner.periods.find(({ limit }) => (limit.per === "customer") === take.perCustomer);
    if (found !== undefined) return found.usage;
  }
  throw new Error("a take of a counter that is not in the facts");
}

function mapRules(given: Facts, change: (rule: Rule | null) => Rule | null): Facts {
  return mapRedeemables(given, ({ code, voucher, campaign }) => ({
    code,
    voucher: voucher && { ...voucher, rules: change(voucher.rules) },
    campaign: campaign && {
      ...campaign,
      rules: change(campaign.rules),
      parent: { ...campaign.parent, rules: change(campaign.parent.rules) },
    },
  }));
}

function mapRedeemables(given: Facts, change: (redeemable: Redeemable) => Redeemable): Facts {
  return { ...given, redeemables: given.redeemables.map(change) };
}

function reversed(rule: Rule | null): Rule | null {
  const each = (rules: readonly Rule[]): Rule[] => rules.map((child) => reversed(child) ?? child).reverse();
  if (rule === null) return null;
  if ("all" in rule) return { all: each(rule.all) };
  if ("any" in rule) return { any: each(rule.any) };
  return "none" in rule ? { none: each(rule.none) } : rule;
}

it("gives the same whatever the order of the conditions in a rule", () => {
  always((decision, given) => {
    const other = decide(mapRules(given, reversed));
    expect(other.codes.map((code) => [code.applicable, code.discountAmount])).toEqual(
      decision.codes.map((code) => [code.applicable, code.discountAmount]),
    );
    const keys = (of: Decision) => of.codes.map((code) => code.reasons.map((reason) => reason.key).sort());
    expect(keys(other)).toEqual(keys(decision));
  });
});

const limitKeys = new Set([
  "voucher_no_uses_left",
  "voucher_budget_reached",
  "campaign_redemptions_reached",
  "campaign_budget_reached",
  "customer_limit_reached",
]);

it("keeps a single code's limit reached when more has been used", () => {
  const grown = fc.record({ uses: fc.integer({ min: 0, max: 3 }), amount: fc.integer({ min: 0, max: 5_000 }) });
  fc.assert(
    fc.property(anyFacts, grown, (given, { uses, amount }) => {
      const [code] = given.redeemables;
      if (code === undefined) return;
      const more = (usage: Usage): Usage => ({
        redemptionsCount: usage.redemptionsCount + uses,
        discountAmount: usage.discountAmount + amount,
      });
      const grow = <T extends Pick<MainCampaignFacts, "usage" | "customerUsage">>(owner: T): T => ({
        ...owner,
        usage: more(owner.usage),
        customerUsage: more(owner.customerUsage),
      });
      const alone = { ...given, redeemables: [code] };
      const later = mapRedeemables(alone, ({ voucher, campaign, ...rest }) => ({
        ...rest,
        voucher: voucher && grow(voucher),
        campaign: campaign && { ...grow(campaign), parent: grow(campaign.parent) },
      }));
      const reached = (of: Facts) =>
        decide(of).codes.flatMap(({ reasons }) => reasons.map(({ key }) => key).filter((key) => limitKeys.has(key)));
      // Trimming comes before refusing: a budget that refused may see a discount that another has trimmed by then.
      const trims = code.campaign?.budgetPolicy === "trim" || code.campaign?.parent.budgetPolicy === "trim";
      const before = reached(alone);
      const after = new Set(reached(later));
      if (before.length > 0) expect(decide(later).valid).toBe(false);
      if (!trims) for (const key of before) expect(after.has(key)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

it("refuses nothing more when limits are raised", () => {
  const raise = fc.record({ uses: fc.integer({ min: 0, max: 3 }), amount: fc.integer({ min: 0, max: 5_000 }) });
  fc.assert(
    fc.property(anyFacts, raise, (given, { uses, amount }) => {
      const [code] = given.redeemables;
      // A trimmed discount grows with its budget, and may then not fit in another one.
      if (code === undefined || code.campaign?.budgetPolicy === "trim") return;
      if (code.campaign?.parent.budgetPolicy === "trim") return;
      const more = (max: number | null, by: number) => (max === null ? null : max + by);
      const lift = <T extends Pick<MainCampaignFacts, "redemptionsMax" | "limits" | "periods">>(owner: T): T => {
        const { perCustomer, perVoucher, discountAmountMaxPerCustomer: perHead } = owner.limits;
        return {
          ...owner,
          redemptionsMax: more(owner.redemptionsMax, uses),
          limits: {
            ...owner.limits,
            ...(perCustomer === undefined ? {} : { perCustomer: perCustomer + uses }),
            ...(perVoucher === undefined ? {} : { perVoucher: perVoucher + uses }),
            ...(perHead === undefined ? {} : { discountAmountMaxPerCustomer: perHead + amount }),
          },
          periods: owner.periods.map((each) => ({
            ...each,
            limit: { ...each.limit, redemptionsMax: (each.limit.redemptionsMax ?? 0) + uses },
          })),
        };
      };
      const budget = <T extends Pick<MainCampaignFacts, "budgetAmount">>(owner: T): T => ({
        ...owner,
        budgetAmount: more(owner.budgetAmount, amount),
      });
      const alone = { ...given, redeemables: [code], automatic: [] };
      const raised = mapRedeemables(alone, ({ voucher, campaign, ...rest }) => ({
        ...rest,
        voucher: voucher && lift(voucher),
        campaign: campaign && { ...budget(lift(campaign)), parent: budget(lift(campaign.parent)) },
      }));
      if (decide(alone).valid) expect(decide(raised).valid).toBe(true);
    }),
    { numRuns: 400 },
  );
});
