/**
 * Facts in, decision out: the one place that says what codes give on an order, and why not. Deterministic and total;
 * checkout, replay and tests call the same function. What it says about limits is rechecked when uses are taken.
 */
import { campaignReasons, requestReasons, usesReasons, voucherReasons } from "./checks.ts";
import { countersOf, Tally } from "./counters.ts";
import { capPerOrder, fitBudgets, type GivenOnOrder } from "./cut.ts";
import type { CodeDecision, Decision, Trace } from "./decision.ts";
import type { AppliedBefore, CampaignFacts, Facts, Redeemable, VoucherFacts } from "./facts.ts";
import { type Grant, grantNothing, grantRewards } from "./grant.ts";
import { makeReason, type Reason } from "./reason.ts";
import { evaluate } from "./rules/evaluate.ts";
import { explain } from "./rules/explain.ts";
import type { RuleContext } from "./rules/paths.ts";
import { combinationReasons, repeatReason, stackLimitReasons } from "./stacking.ts";

/** A code that exists. */
interface Known {
  readonly position: number;
  readonly voucher: VoucherFacts;
  readonly campaign: CampaignFacts;
}

/** What the codes before this one have taken. */
interface Progress {
  readonly left: readonly number[];
  readonly tally: Tally;
  readonly accepted: readonly (Known & { readonly discountAmount: number })[];
}

interface Assessment {
  readonly reasons: readonly Reason[];
  readonly grant: Grant;
  readonly trace: Readonly<Record<string, Trace>>;
}

export function decide(facts: Facts): Decision {
  const totals = facts.order.items.map((item) => item.unitAmount * item.quantity);
  const amount = sum(totals);
  const before = takeBefore(totals, facts);
  const start: Progress = { left: before.left, tally: new Tally(), accepted: [] };

  const known = facts.redeemables.flatMap(({ voucher, campaign }, position) =>
    voucher === null || campaign === null ? [] : [{ position, voucher, campaign }],
  );
  const candidates =
    known.length > 1 ? known.filter((code) => assess(code, start, facts, amount).reasons.length === 0) : known;
  const decided = new Map<number, CodeDecision>();
  let progress = start;
  for (const code of inOrderOfApplication(known)) {
    const assessment = assess(code, progress, facts, amount);
    const stacking = stackingReasons(code, known, candidates, progress, facts);
    const decision = codeDecision(code, assessment, [...assessment.reasons, ...stacking]);
    decided.set(code.position, decision);
    if (decision.applicable) progress = advance(progress, code, decision, facts.customer !== null);
  }

  const codes = facts.redeemables.map(
    (redeemable, position) => decided.get(position) ?? unknownCode(redeemable, totals.length),
  );
  const itemsDiscount = totals.map((_, line) => sum(codes.map((code) => code.itemsDiscount[line] ?? 0)));
  const discountAmount = sum(codes.map((code) => code.discountAmount));
  const valid = codes.length > 0 && codes.every((code) => code.applicable);
  return {
    valid,
    amount,
    discountAmount,
    totalAmount: sum(before.left) + before.shippingLeft - discountAmount,
    itemsDiscount,
    shippingDiscount: sum(codes.map((code) => code.shippingDiscount)),
    codes,
    automatic: [],
    exhaustive: true,
    takes: valid ? progress.tally.takes() : [],
  };
}

/**
 * What earlier redemptions of the order have left. Their shares come off line by line; where the order has changed
 * since and a share no longer fits its line, the rest comes off the other lines, first to last.
 */
function takeBefore(totals: readonly number[], facts: Facts): { left: number[]; shippingLeft: number } {
  const left = [...totals];
  let shippingLeft = facts.order.shippingAmount;
  for (const applied of facts.appliedBefore) {
    let over = 0;
    for (const [line, share] of applied.itemsDiscount.entries()) over += share - takeFrom(left, line, share);
    for (let line = 0; line < left.length && over > 0; line += 1) over -= takeFrom(left, line, over);
    shippingLeft = Math.max(0, shippingLeft - applied.shippingDiscount);
  }
  return { left, shippingLeft };
}

function takeFrom(left: number[], line: number, wanted: number): number {
  const available = left[line] ?? 0;
  const taken = Math.min(available, wanted);
  if (taken > 0) left[line] = available - taken;
  return taken;
}

/** By `stacking.order`, then as given; sorting is stable. */
function inOrderOfApplication(codes: readonly Known[]): Known[] {
  return [...codes].sort((a, b) => (a.campaign.stacking.order ?? 0) - (b.campaign.stacking.order ?? 0));
}

/** Everything that speaks against the code by itself, and what it would give. */
function assess({ voucher, campaign }: Known, progress: Progress, facts: Facts, amount: number): Assessment {
  const counters = countersOf(voucher, campaign, facts.customer !== null);
  const context = contextOf(campaign, progress.left, facts, amount);
  const rules = ruleReasons(voucher, campaign, context);
  const grant = grantOf(voucher, campaign, progress, facts, context);
  const reasons = [
    ...voucherReasons(voucher, facts),
    ...campaignReasons(campaign, facts.now),
    ...campaignReasons(campaign.parent, facts.now),
    ...requestReasons(voucher, campaign, facts, amount),
    ...usesReasons(counters, progress.tally),
    ...rules.reasons,
    ...grant.reasons,
  ];
  return { reasons, grant, trace: { ...rules.trace, ...grant.trace } };
}

function contextOf(campaign: CampaignFacts, left: readonly number[], facts: Facts, amount: number): RuleContext {
  const { now, order, customer } = facts;
  const { localTime, localWeekday } = campaign;
  return { now, order, customer, localTime, localWeekday, amount, amountLeft: sum(left), item: null };
}

function ruleReasons(voucher: VoucherFacts, campaign: CampaignFacts, context: RuleContext) {
  const trees = { campaign: campaign.rules, parent: campaign.parent.rules, voucher: voucher.rules };
  const about = { currency: context.order.currency, hasCustomer: context.customer !== null };
  const reasons: Reason[] = [];
  const trace: Record<string, Trace> = {};
  for (const [name, rule] of Object.entries(trees)) {
    if (rule === null) continue;
    const seen = evaluate(rule, context);
    trace[name] = seen;
    reasons.push(...explain(rule, seen, `${name}.rules`, about));
  }
  return { reasons, trace };
}

/** In another currency than the campaign's, its amounts and budgets mean nothing: then nothing is granted. */
function grantOf(
  voucher: VoucherFacts,
  campaign: CampaignFacts,
  progress: Progress,
  facts: Facts,
  context: RuleContext,
): Grant {
  if (facts.order.currency !== campaign.currency) return grantNothing(progress.left.length);
  const counters = countersOf(voucher, campaign, facts.customer !== null);
  const granted = grantRewards(campaign, { lines: progress.left, shipping: 0 }, context, facts.pools);
  const capped = capPerOrder(granted, voucher, campaign, givenOnOrder(voucher, campaign, progress, facts));
  return fitBudgets(capped, counters, progress.tally, facts.order.currency);
}

type Given = Pick<AppliedBefore, "voucherId" | "campaignId" | "parentId" | "discountAmount">;

function givenOnOrder(voucher: VoucherFacts, campaign: CampaignFacts, progress: Progress, facts: Facts): GivenOnOrder {
  const now = progress.accepted.map(
    (accepted): Given => ({
      voucherId: accepted.voucher.id,
      campaignId: accepted.campaign.id,
      parentId: accepted.campaign.parent.id,
      discountAmount: accepted.discountAmount,
    }),
  );
  const given = [...facts.appliedBefore, ...now];
  const total = (own: (entry: Given) => boolean) => sum(given.filter(own).map((g) => g.discountAmount));
  return {
    voucher: total((entry) => entry.voucherId === voucher.id),
    campaign: total((entry) => entry.campaignId === campaign.id),
    parent: total((entry) => entry.parentId === campaign.parent.id),
  };
}

function stackingReasons(
  code: Known,
  known: readonly Known[],
  candidates: readonly Known[],
  progress: Progress,
  facts: Facts,
): Reason[] {
  const repeated =
    known.some((other) => other.voucher.id === code.voucher.id && other.position < code.position) ||
    facts.appliedBefore.some((applied) => applied.voucherId === code.voucher.id);
  // A repeated code is its own reason, not a neighbour that the first one would have to get along with.
  const others = candidates.filter((other) => other.voucher.id !== code.voucher.id);
  const ofCampaign = progress.accepted.filter((accepted) => accepted.campaign.id === code.campaign.id).length;
  return [
    ...(repeated ? [repeatReason()] : []),
    ...combinationReasons(
      code.campaign.stacking,
      others.map((other) => other.campaign.stacking),
      facts.appliedBefore.filter((applied) => applied.voucherId !== code.voucher.id),
    ),
    ...stackLimitReasons(code.campaign, ofCampaign, facts.appliedBefore),
  ];
}

function advance(progress: Progress, code: Known, decision: CodeDecision, hasCustomer: boolean): Progress {
  progress.tally.take(countersOf(code.voucher, code.campaign, hasCustomer), decision.discountAmount);
  return {
    tally: progress.tally,
    left: progress.left.map((amount, line) => amount - (decision.itemsDiscount[line] ?? 0)),
    accepted: [...progress.accepted, { ...code, discountAmount: decision.discountAmount }],
  };
}

function codeDecision({ voucher, campaign }: Known, { grant, trace }: Assessment, reasons: readonly Reason[]) {
  const applicable = reasons.length === 0;
  const given = applicable ? grant : grantNothing(grant.itemsDiscount.length);
  return {
    code: voucher.code,
    voucherId: voucher.id,
    campaignId: campaign.id,
    parentId: campaign.parent.id,
    applicable,
    discountAmount: given.discountAmount,
    rewards: given.rewards,
    referrerRewards: [],
    reasons: withoutRepeats(reasons),
    itemsDiscount: given.itemsDiscount,
    shippingDiscount: 0,
    trace,
  } satisfies CodeDecision;
}

/** Several checks may ask for a customer, and one budget may stand under two names; a reason is told once. */
function withoutRepeats(reasons: readonly Reason[]): Reason[] {
  const told = new Map<string, Reason>();
  for (const reason of reasons) {
    const { key, rule_id, expected, actual } = reason;
    const identity = JSON.stringify([key, rule_id, expected, actual]);
    if (!told.has(identity)) told.set(identity, reason);
  }
  return [...told.values()];
}

function unknownCode({ code }: Redeemable, lines: number): CodeDecision {
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

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
