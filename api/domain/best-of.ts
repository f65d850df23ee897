/** Which of many codes a customer should use on an order: the combination that takes most off it. */

import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Facts, Redeemable } from "./facts.ts";
import { sum } from "./money.ts";
import { type Attempt, search } from "./search.ts";
import { combines, type Stackable } from "./stacking.ts";

/** Whole decisions that one choice may cost. */
const triesMax = 100;

export interface BestOf {
  /** In the order in which they were given. */
  readonly codes: readonly string[];
  /** On exactly these codes. */
  readonly decision: Decision;
  /** False when there were more combinations than could be tried. */
  readonly exhaustive: boolean;
}

/**
 * Codes that do not apply by themselves are left out. More money off is better, what gift cards pay aside; then more
 * codes, for each gives something; then those given first.
 */
export function bestOf(facts: Facts): BestOf {
  const usable = usableCodes(facts);
  const attempt = (members: readonly number[]): Attempt<Tried> => {
    const whole = tried(facts, usable, members);
    const applicable = members.filter((_, place) => whole.decision.codes[place]?.applicable === true);
    const isHindered = members.some((member) => !applicable.includes(member) && !isGiftCard(usable[member]));
    return {
      result: applicable.length === members.length ? whole : tried(facts, usable, applicable),
      allowed: applicable.length > 0,
      // Where nothing is in anyone's way, leaving out more cannot help; a gift card with nothing to pay needs no help.
      hinderers: isHindered ? applicable : [],
    };
  };
  const { best, exhaustive } = search({ sets: setsOf(usable), attempt, isBetter, triesMax });
  const chosen = best ?? tried(facts, usable, []);
  return { codes: chosen.decision.codes.map(({ code }) => code), decision: chosen.decision, exhaustive };
}

interface Tried {
  readonly members: readonly number[];
  readonly decision: Decision;
  readonly discount: number;
}

function tried(facts: Facts, usable: readonly Redeemable[], members: readonly number[]): Tried {
  const decision = decide({ ...facts, redeemables: members.flatMap((member) => usable[member] ?? []) });
  const paid = decision.codes.flatMap(({ rewards }) => rewards.filter(({ type }) => type === "gift_card"));
  return { members, decision, discount: decision.discountAmount - sum(paid.map((reward) => reward.discountAmount)) };
}

/** Each voucher once, and only if it applies without the others. */
function usableCodes(facts: Facts): Redeemable[] {
  const seen = new Set<string>();
  return facts.redeemables.filter((redeemable) => {
    const id = redeemable.voucher?.id;
    if (id === undefined || seen.has(id)) return false;
    seen.add(id);
    return decide({ ...facts, automatic: [], redeemables: [redeemable] }).valid;
  });
}

function isGiftCard(redeemable: Redeemable | undefined): boolean {
  return redeemable?.voucher?.kind === "gift_card";
}

function stackable(redeemable: Redeemable): Stackable {
  return { stacking: redeemable.campaign?.stacking ?? {}, isGiftCard: isGiftCard(redeemable) };
}

/** For each code the codes that go together with it and, first to last, with each other. */
function setsOf(usable: readonly Redeemable[]): number[][] {
  const stackables = usable.map(stackable);
  const go = (a: number, b: number) => {
    const [one, other] = [stackables[a], stackables[b]];
    return one !== undefined && other !== undefined && combines(one, other);
  };
  const sets = usable.map((_, start) => {
    const set = [start];
    for (let other = 0; other < usable.length; other += 1) {
      if (other !== start && set.every((member) => go(member, other))) set.push(other);
    }
    return set.sort((a, b) => a - b);
  });
  return [...new Map(sets.map((set) => [set.join(), set])).values()];
}

function isBetter(a: Tried, b: Tried): boolean {
  if (a.discount !== b.discount) return a.discount > b.discount;
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  const differing = a.members.findIndex((member, place) => member !== b.members[place]);
  return (a.members[differing] ?? 0) < (b.members[differing] ?? 0);
}
