/** Orders offers by what they are expected to bring, explores, and knows the propensities of every policy. Pure. */
import { explore, propensityOf } from "../../models/policy/exploration.ts";
import type { OfferScores } from "../../models/serving.ts";
import { diversify, type Kind } from "./diversify.ts";
import type { Arm } from "./policy.ts";

/** One thing that might be offered, with everything that ranking asks of it. */
export interface Choice {
  readonly campaignId: string;
  readonly discountAmount: number;
  /** The redemption rate of the campaign, drawn to those like it: the fallback, and what popularity goes by. */
  readonly rate: number;
  /** What is earned of the basket before the discount; null while no basket is known. */
  readonly marginAmount: number | null;
  /** Of its redemptions, the share that there would not be otherwise; `isMeasured` when a holdout says so. */
  readonly incremental: { readonly share: number; readonly isMeasured: boolean };
  /** The shadow price of a unit of its discount, at least 1. */
  readonly discountPrice: number;
  readonly kind: Kind;
}

export interface RankRequest {
  readonly arm: Arm;
  readonly champion: OfferScores | "unavailable";
  /** Scores of the challenger; the champion's where there is none; undefined when no customer is in its arm. */
  readonly challenger: OfferScores | "unavailable" | undefined;
  /** From 0 to 1. */
  readonly exploration: number;
  readonly diversity: number;
  readonly limit: number;
  readonly random: () => number;
}

/** What a policy would do at a place. */
interface Alternative {
  readonly policy: Arm;
  /** Its probability of the offer that stands here. */
  readonly propensity: number;
  /** Expected of what it would show here. */
  readonly probability: number;
  readonly valueAmount: number | null;
}

export interface Placed {
  /** Index of the choice. */
  readonly index: number;
  readonly probability: number;
  readonly uplift: number | null;
  readonly expectedValueAmount: number | null;
  readonly propensity: number;
  readonly policies: readonly Alternative[];
  /** The arm would have had something else here. */
  readonly isExplored: boolean;
}

/**
 * A policy's ranking: champion and challenger by the value that is expected with the discount at its shadow price, then by
 * probability, both then made diverse; popularity by redemption rate; ties by discount and campaign. Without a model the
 * champion goes by redemption rate as well.
 *
 * The value is P(redeemed) × (incremental share × margin − discount): of what would be bought anyway the shop gives away
 * the discount and earns nothing.
 */
export function rank(choices: readonly Choice[], request: RankRequest): Placed[] {
  if (choices.length === 0) return [];
  const { exploration, limit, arm, random } = request;
  const take = Math.min(limit, choices.length);
  // What is expected of any policy is by the one model whose probabilities are told: an evaluation subtracts one expectation
  // from the other.
  const probabilities = probabilitiesOf(choices, scoresOf(request));
  const values = choices.map((choice, index) => expectedValue(choice, probabilities[index] ?? 0, 1));
  const rankings = rankingsOf(choices, request, take);
  const own = rankings.get(arm) ?? [];
  const { order } = explore(own, choices.length, shareOf(arm, exploration), random);
  const means = { probability: mean(probabilities), value: mean(values.map((value) => value ?? 0)) };
  return order.map((index, place): Placed => {
    const choice = choices[index];
    const probability = probabilities[index] ?? 0;
    const value = values[index] ?? null;
    const policies = [...rankings].map(([policy, greedy]): Alternative => {
      const share = shareOf(policy, exploration);
      const there = greedy[place];
      const blend = (kept: number, spread: number) => (1 - share) * kept + share * spread;
      return {
        policy,
        propensity: propensityOf(there === index, choices.length, share),
        probability: blend(there === undefined ? 0 : (probabilities[there] ?? 0), means.probability),
        valueAmount: value === null ? null : blend(there === undefined ? 0 : (values[there] ?? 0), means.value),
      };
    });
    return {
      index,
      probability,
      uplift: choice?.incremental.isMeasured === true ? probability * choice.incremental.share : null,
      expectedValueAmount: value === null ? null : Math.round(value),
      propensity: propensityOf(own[place] === index, choices.length, shareOf(arm, exploration)),
      policies,
      isExplored: own[place] !== index,
    };
  });
}

/** Whose probabilities are told: the challenger's to its customers, the champion's to all others. */
export function scoresOf({ arm, champion, challenger }: Pick<RankRequest, "arm" | "champion" | "challenger">) {
  return arm === "challenger" && challenger !== undefined ? challenger : champion;
}

/** Random is nothing but exploration. */
function shareOf(policy: Arm, exploration: number): number {
  return policy === "random" ? 1 : exploration;
}

function probabilitiesOf(choices: readonly Choice[], scores: OfferScores | "unavailable"): number[] {
  return choices.map(({ rate }, index) =>
    scores === "unavailable" ? rate : (scores.offers[index]?.probability ?? rate),
  );
}

function expectedValue(choice: Choice, probability: number, discountPrice: number): number | null {
  const { marginAmount, discountAmount, incremental } = choice;
  if (marginAmount === null) return null;
  return probability * (incremental.share * marginAmount - discountPrice * discountAmount);
}

/** What each policy puts at the first places. The random one has no choice of its own, only as many places. */
function rankingsOf(
  choices: readonly Choice[],
  { arm, champion, challenger, diversity }: RankRequest,
  take: number,
): Map<Arm, readonly number[]> {
  const popular = sorted(
    choices,
    choices.map(({ rate }) => rate),
  ).slice(0, take);
  const byModel = (scores: OfferScores | "unavailable") => {
    if (scores === "unavailable") return popular;
    const chances = probabilitiesOf(choices, scores);
    const priced = choices.map((choice, index) => expectedValue(choice, chances[index] ?? 0, choice.discountPrice));
    // Without a basket there are no values, and the likelier offer goes first.
    const values = priced.map((value, index) => value ?? chances[index] ?? 0);
    const kinds = choices.map(({ kind }) => kind);
    return diversify(sorted(choices, values, chances), values, kinds, diversity, take);
  };
  const ranked = byModel(champion);
  const rankings = new Map<Arm, readonly number[]>([["champion", ranked]]);
  if (challenger !== undefined || arm === "challenger") {
    rankings.set("challenger", challenger === undefined ? ranked : byModel(challenger));
  }
  return rankings.set("popularity", popular).set("random", popular);
}

/** Indices, largest first; ties by the second key, then by discount and campaign, so that nothing is left to chance. */
function sorted(choices: readonly Choice[], by: readonly number[], then: readonly number[] = by): number[] {
  return choices
    .map((_, index) => index)
    .sort(
      (a, b) =>
        (by[b] ?? 0) - (by[a] ?? 0) ||
        (then[b] ?? 0) - (then[a] ?? 0) ||
        (choices[b]?.discountAmount ?? 0) - (choices[a]?.discountAmount ?? 0) ||
        ((choices[a]?.campaignId ?? "") < (choices[b]?.campaignId ?? "") ? -1 : 1),
    );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
