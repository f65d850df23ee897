/** Our engine on the same rules and carts: the rules alone, and whole decisions. */
import { decide } from "../../api/domain/decide.ts";
import type { CampaignFacts, Facts, MainCampaignFacts, Redeemable } from "../../api/domain/facts.ts";
import { evaluate } from "../../api/domain/rules/evaluate.ts";
import { isMet } from "../../api/domain/rules/is-met.ts";
import type { RuleContext } from "../../api/domain/rules/paths.ts";
import type { Rule } from "../../api/domain/rules/rule.ts";
import type { Cart } from "./carts.ts";
import { productRule } from "./rules.ts";

const now = Date.UTC(2026, 10, 23, 12, 0);
const clock = { localTime: "13:00", localWeekday: 1, localDate: "2026-11-23" };
const unused = { redemptionsCount: 0, discountAmount: 0 };

function contextOf(cart: Cart): RuleContext {
  const amount = cart.order.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0);
  const { order, customer } = cart;
  return { order, customer, ...clock, now, amount, amountLeft: amount, languages: [], item: null };
}

/** Which rules are met: what the peers say too, and no more. */
export function meetRules(rules: readonly Rule[], cart: Cart): number[] {
  const context = contextOf(cart);
  const met: number[] = [];
  for (let position = 0; position < rules.length; position++) {
    if (isMet(rules[position] as Rule, context)) met.push(position);
  }
  return met;
}

/** The same with the whole trace of each rule: what every leaf asked, saw and concluded, as a decision keeps it. */
export function traceRules(rules: readonly Rule[], cart: Cart): number[] {
  const context = contextOf(cart);
  const met: number[] = [];
  for (let position = 0; position < rules.length; position++) {
    if (evaluate(rules[position] as Rule, context).met) met.push(position);
  }
  return met;
}

const main: MainCampaignFacts = {
  id: "cam_main",
  version: 1,
  status: "active",
  startsAt: null,
  endsAt: null,
  budgetAmount: 1_000_000_000,
  budgetPolicy: "refuse",
  redemptionsMax: 1_000_000,
  limits: {},
  rules: null,
  usage: unused,
  ordersAmount: 0,
  customerUsage: unused,
  periods: [],
};

/** A campaign of each rule that takes one cent off, so that twenty of them fit on any order. */
function campaignOf(rule: Rule, position: number, currency: string, automatic: boolean): CampaignFacts {
  return {
    ...main,
    ...clock,
    id: `cam_${String(position).padStart(4, "0")}`,
    name: `Campaign ${position}`,
    parent: main,
    template: "discount",
    automatic,
    currency,
    limits: { perCustomer: 100 },
    rules: rule,
    rewards: [{ type: "order_discount", amount: 1 }],
    referrerRewards: [],
    exclusions: {},
    onRollback: "keep",
    pointsPrice: null,
    stacking: {},
    holdoutPercent: 0,
    holdoutCodes: false,
  };
}

function codeOf(rule: Rule, position: number, currency: string): Redeemable {
  const code = `CODE${position}`;
  const voucher = {
    id: `vou_${position}`,
    version: 1,
    code,
    kind: "generic",
    status: "created",
    redemptionsMax: null,
    assignedTo: null,
    balanceAmount: null,
    referrerId: null,
    pointsPaid: false,
    startsAt: null,
    expiresAt: null,
    limits: {},
    rules: null,
    usage: unused,
    customerUsage: unused,
    periods: [],
  } as const;
  return { code, voucher, campaign: campaignOf(rule, position, currency, false) };
}

/** One code a rule, twenty codes on one order. */
export function factsWithCodes(rules: readonly Rule[], cart: Cart): Facts {
  const redeemables = rules.map((rule, position) => codeOf(rule, position, cart.order.currency));
  return { ...cart, now, redeemables, automatic: [], appliedBefore: [], pools: {}, languages: [] };
}

/** So many active automatic campaigns of the currency, made once: a service keeps definitions between requests. */
export function automaticCampaigns(campaigns: number, currency: string): CampaignFacts[] {
  return Array.from({ length: campaigns }, (_, position) =>
    campaignOf(productRule(position), position, currency, true),
  );
}

/** No code. */
export function factsWithAutomatic(automatic: readonly CampaignFacts[], cart: Cart): Facts {
  return { ...cart, now, redeemables: [], automatic, appliedBefore: [], pools: {}, languages: [] };
}

/** Which codes apply: discounts, limits, stacking, reasons and traces of all of them are decided on the way. */
export function decideCodes(facts: Facts): number[] {
  return decide(facts).codes.flatMap((code, position) => (code.applicable ? [position] : []));
}
