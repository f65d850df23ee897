/** Which automatic campaigns may apply to an order, before anything is said about how they go together. */
import { contextOf } from "./assess.ts";
import { automaticCandidate, type Candidate } from "./candidate.ts";
import { needsCustomer } from "./checks.ts";
import type { CampaignFacts, Facts, MainCampaignFacts } from "./facts.ts";
import { isWithheld } from "./holdout.ts";
import { sum } from "./money.ts";
import type { Request } from "./progress.ts";
import type { Reward } from "./rewards/reward.ts";
import { isMet } from "./rules/is-met.ts";
import type { RuleContext } from "./rules/paths.ts";
import type { Rule } from "./rules/rule.ts";
import { combinesWithBefore } from "./stacking.ts";

/** Cheap checks first: most of a thousand campaigns end here. The rules that look at discounts are asked later. */
export function automaticCandidates(request: Request): Candidate[] {
  const { facts } = request;
  if (facts.automatic.length === 0 || facts.customer?.blocked === true) return [];
  const before = new Set(facts.appliedBefore.filter((applied) => applied.voucherId === null).map((a) => a.campaignId));
  const amountLeft = sum(request.leftBefore.lines);
  const found: Candidate[] = [];
  for (const campaign of facts.automatic) {
    if (before.has(campaign.id) || !isOpen(campaign, facts) || !mayMeet(campaign, amountLeft, request)) continue;
    found.push(automaticCandidate(campaign, facts));
  }
  return found;
}

function isOpen(campaign: CampaignFacts, facts: Facts): boolean {
  const { customer, order, now } = facts;
  if (!isRunning(campaign, now) || !isRunning(campaign.parent, now) || campaign.currency !== order.currency)
    return false;
  if (
    facts.appliedBefore.length > 0 &&
    !combinesWithBefore({ stacking: campaign.stacking, isGiftCard: false }, facts.appliedBefore)
  ) {
    return false;
  }
  if (customer === null) return !needsCustomer(null, campaign);
  return !isWithheld(campaign, customer);
}

function isRunning({ status, startsAt, endsAt }: MainCampaignFacts, now: number): boolean {
  return status === "active" && (startsAt === null || now >= startsAt) && (endsAt === null || now < endsAt);
}

function mayMeet(campaign: CampaignFacts, amountLeft: number, request: Request): boolean {
  const context = contextOf(campaign, amountLeft, request);
  return passes(campaign.rules, context) && passes(campaign.parent.rules, context);
}

function passes(rule: Rule | null, context: RuleContext): boolean {
  return rule === null || isMet(rule, context) || looksAtDiscounts(rule);
}

/** Whether what other codes leave of the order may let it in where it did not apply by itself. */
export function dependsOnDiscounts({ rules, parent, rewards }: CampaignFacts): boolean {
  return [rules, parent.rules, ...rewards].some((part) => part !== null && looksAtDiscounts(part));
}

/** Definitions never change, so each is searched once for as long as it lives. */
const discounted = new WeakMap<Rule | Reward, boolean>();

/** What other codes leave is known only once they are applied. */
export function looksAtDiscounts(part: Rule | Reward): boolean {
  let known = discounted.get(part);
  if (known === undefined) {
    known = JSON.stringify(part).includes("order.amount_after_discounts");
    discounted.set(part, known);
  }
  return known;
}
