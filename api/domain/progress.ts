/** What is left of an order and of the counters, while one code after the other is applied. */
import type { Candidate } from "./candidate.ts";
import type { CodeDecision } from "./decision.ts";
import type { AppliedBefore, CampaignFacts, Facts } from "./facts.ts";
import type { Left } from "./grant.ts";
import { sum } from "./money.ts";
import { Tally } from "./tally.ts";

/** The request, with what every code asks of it. */
export interface Request {
  readonly facts: Facts;
  /** Σ of the lines, before any discount. */
  readonly amount: number;
  /** What earlier redemptions of the order have left. */
  readonly leftBefore: Left;
}

export function requestOf(facts: Facts): Request {
  const totals = facts.order.items.map((item) => item.unitAmount * item.quantity);
  return { facts, amount: sum(totals), leftBefore: leftByEarlier(totals, facts) };
}

export type Given = Pick<AppliedBefore, "voucherId" | "campaignId" | "parentId" | "discountAmount">;

export class Progress {
  left: Left;
  readonly tally = new Tally();
  /** Of each code and campaign accepted so far. */
  readonly campaigns: CampaignFacts[] = [];
  readonly given: Given[] = [];
  /** Codes that pools have left. */
  pools: Readonly<Record<string, number>>;
  readonly #amount: number;

  constructor(request: Request) {
    this.left = request.leftBefore;
    this.pools = request.facts.pools;
    this.#amount = request.amount;
  }

  accept(candidate: Candidate, decision: CodeDecision): void {
    const { voucher, campaign, counters, pointsPrice, isGiftCard } = candidate;
    const { discountAmount, itemsDiscount, shippingDiscount } = decision;
    this.tally.take(counters, {
      discountAmount,
      orderAmount: this.#amount,
      balance: isGiftCard ? discountAmount : 0,
      points: pointsPrice,
    });
    this.campaigns.push(campaign);
    this.given.push({
      voucherId: voucher?.id ?? null,
      campaignId: campaign.id,
      parentId: campaign.parent.id,
      discountAmount,
    });
    if (discountAmount > 0) {
      this.left = {
        lines: this.left.lines.map((amount, line) => amount - (itemsDiscount[line] ?? 0)),
        shipping: this.left.shipping - shippingDiscount,
      };
    }
    this.#draw(decision);
  }

  #draw({ rewards, referrerRewards }: CodeDecision): void {
    for (const { poolId } of [...rewards, ...referrerRewards]) {
      if (poolId !== undefined) this.pools = { ...this.pools, [poolId]: (this.pools[poolId] ?? 0) - 1 };
    }
  }
}

/**
 * Earlier shares come off line by line; where the order has changed since and a share no longer fits its line, the
 * rest comes off the other lines, first to last.
 */
function leftByEarlier(totals: readonly number[], facts: Facts): Left {
  const lines = [...totals];
  let shipping = facts.order.shippingAmount;
  for (const applied of facts.appliedBefore) {
    let over = 0;
    for (const [line, share] of applied.itemsDiscount.entries()) over += share - takeFrom(lines, line, share);
    for (let line = 0; line < lines.length && over > 0; line += 1) over -= takeFrom(lines, line, over);
    shipping = Math.max(0, shipping - applied.shippingDiscount);
  }
  return { lines, shipping };
}

function takeFrom(left: number[], line: number, wanted: number): number {
  const available = left[line] ?? 0;
  const taken = Math.min(available, wanted);
  if (taken > 0) left[line] = available - taken;
  return taken;
}
