/** What speaks against one code or automatic campaign by itself, and what it would give. */
import type { Candidate } from "./candidate.ts";
import { campaignReasons, pointsReasons, requestReasons, usesReasons, voucherReasons } from "./checks.ts";
import { capPerOrder, fitBudgets, type GivenOnOrder } from "./cut.ts";
import type { AppliedReward, CodeDecision, Trace } from "./decision.ts";
import type { CampaignFacts, Redeemable } from "./facts.ts";
import { type Grant, grantNothing, grantRewards, payByGiftCard, referrerRewards } from "./grant.ts";
import { limitsTrace } from "./limits-trace.ts";
import { sum } from "./money.ts";
import type { Given, Progress, Request } from "./progress.ts";
import { makeReason, type Reason } from "./reason.ts";
import { evaluate } from "./rules/evaluate.ts";
import { explain } from "./rules/explain.ts";
import type { RuleContext } from "./rules/paths.ts";

export interface Assessment {
  readonly reasons: readonly Reason[];
  readonly grant: Grant;
  readonly referrerRewards: readonly AppliedReward[];
  readonly trace: Readonly<Record<string, Trace>>;
}

/** Of a code everything is said that speaks against it; of an automatic campaign, that something does. */
export function assess(candidate: Candidate, progress: Progress, request: Request): Assessment {
  const { voucher, campaign, counters, pointsPrice } = candidate;
  const { facts, amount } = request;
  const context = contextOf(campaign, sum(progress.left.lines), request);
  const reasons = [
    ...(voucher === null ? [] : voucherReasons(voucher, facts)),
    ...campaignReasons(campaign, facts.now),
    ...campaignReasons(campaign.parent, facts.now),
    ...requestReasons(voucher, campaign, facts, amount),
    ...usesReasons(counters, progress.tally, amount),
    ...pointsReasons(pointsPrice, facts, progress.tally),
  ];
  const trace: Record<string, Trace> = {};
  addRules(candidate, context, reasons, trace);
  const isGranted = reasons.length === 0 || voucher !== null;
  const grant = isGranted ? grantOf(candidate, progress, request, context) : grantNothing(progress.left.lines.length);
  const limits = limitsTrace(candidate, progress.tally, grant.discountAmount, request);
  reasons.push(...grant.reasons);
  const referred = voucher !== null && voucher.referrerId !== null && reasons.length === 0;
  return {
    reasons,
    grant,
    referrerRewards: referred
      ? referrerRewards(campaign, context, grant.earning?.payable ?? context.amountLeft, progress.pools, grant.rewards)
      : [],
    trace: { ...trace, ...grant.trace, ...(limits === null ? {} : { limits }) },
  };
}

export function contextOf(campaign: CampaignFacts, amountLeft: number, { facts, amount }: Request): RuleContext {
  const { now, order, customer, languages } = facts;
  const { localTime, localWeekday, localDate } = campaign;
  return { now, order, customer, localTime, localWeekday, localDate, languages, amount, amountLeft, item: null };
}

function addRules(
  { voucher, campaign }: Candidate,
  context: RuleContext,
  reasons: Reason[],
  trace: Record<string, Trace>,
): void {
  const { languages } = context;
  const about = { currency: context.order.currency, hasCustomer: context.customer !== null, languages };
  const trees = { campaign: campaign.rules, parent: campaign.parent.rules, voucher: voucher?.rules ?? null };
  for (const [name, rule] of Object.entries(trees)) {
    if (rule === null) continue;
    const seen = evaluate(rule, context);
    trace[name] = seen;
    if (!seen.met) reasons.push(...explain(rule, seen, `${name}.rules`, about));
  }
}

/** In another currency than the campaign's, its amounts and budgets mean nothing: then nothing is granted. */
function grantOf(candidate: Candidate, progress: Progress, { facts }: Request, context: RuleContext): Grant {
  const { voucher, campaign, counters, isGiftCard } = candidate;
  const { left, pools, tally } = progress;
  if (facts.order.currency !== campaign.currency) return grantNothing(left.lines.length);
  const granted =
    isGiftCard && voucher !== null ? payByGiftCard(voucher, left) : grantRewards(campaign, left, context, pools);
  const given = givenOnOrder(candidate, [...facts.appliedBefore, ...progress.given]);
  return fitBudgets(capPerOrder(granted, voucher, campaign, given), counters, tally, facts.order.currency);
}

function givenOnOrder({ voucher, campaign }: Candidate, given: readonly Given[]): GivenOnOrder {
  const total = { voucher: 0, campaign: 0, parent: 0 };
  for (const each of given) {
    if (voucher !== null && each.voucherId === voucher.id) total.voucher += each.discountAmount;
    if (each.campaignId === campaign.id) total.campaign += each.discountAmount;
    if (each.parentId === campaign.parent.id) total.parent += each.discountAmount;
  }
  return total;
}

/** `more`: what its neighbours on the order have against it. */
export function decisionOf(
  { voucher, campaign }: Candidate,
  assessment: Assessment,
  more: readonly Reason[],
): CodeDecision {
  const reasons = more.length === 0 ? assessment.reasons : [...assessment.reasons, ...more];
  const applicable = reasons.length === 0;
  const given = applicable ? assessment.grant : grantNothing(assessment.grant.itemsDiscount.length);
  return {
    code: voucher?.code ?? "",
    voucherId: voucher?.id ?? null,
    campaignId: campaign.id,
    parentId: campaign.parent.id,
    applicable,
    discountAmount: given.discountAmount,
    rewards: given.rewards,
    referrerRewards: applicable ? assessment.referrerRewards : [],
    reasons: withoutRepeats(reasons),
    itemsDiscount: given.itemsDiscount,
    shippingDiscount: given.shippingDiscount,
    trace: assessment.trace,
  };
}

export function unknownCode({ code }: Redeemable, lines: number): CodeDecision {
  return {
    code,
    voucherId: null,
    campaignId: null,
    parentId: null,
    applicable: false,
    discountAmount: 0,
    rewards: [],
    referrerRewards: [],
    reasons: [makeReason("voucher_unknown", "This code does not exist")],
    itemsDiscount: new Array<number>(lines).fill(0),
    shippingDiscount: 0,
    trace: {},
  };
}

/** Several checks may ask for a customer, and one budget may stand under two names; a reason is told once. */
function withoutRepeats(reasons: readonly Reason[]): readonly Reason[] {
  if (reasons.length < 2) return reasons;
  const told = new Map<string, Reason>();
  for (const reason of reasons) {
    const { key, rule_id, expected, actual } = reason;
    const identity = JSON.stringify([key, rule_id, expected, actual]);
    if (!told.has(identity)) told.set(identity, reason);
  }
  return [...told.values()];
}
