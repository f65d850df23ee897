/**
 * Ways to learn an effect from rows that were treated or not:
 * - one logistic regression with an interaction of every column and the treatment, under a penalty of its own
 *   (two separate regressions are the case of no penalty);
 * - boosted trees on the residuals (R-learner: Nie & Wager 2021);
 * - boosted trees for each arm (two models).
 */

import type { BinnedInput } from "../tabular/bins.ts";
import { Booster, type BoostOptions, logisticDerivatives, squaredDerivatives } from "../tabular/boost.ts";
import { type Forest, joinForests } from "../tabular/forest.ts";
import { fitLinear, type Sparse, sparseOf } from "../tabular/linear.ts";
import type { Prepared } from "../tabular/prepare.ts";

export interface Arms {
  readonly prepared: Prepared;
  readonly treated: Float64Array;
  /** Probability of a positive without regard to the treatment, by logistic regression. */
  readonly outcome: Float64Array;
  /** Share of treated rows. */
  readonly share: number;
}

/** Penalty on main effects. */
export const mainPenalty = 3;

/** [X, (w − share)·X, w − share]: the interactions begin after the columns of X. */
function withInteractions(matrix: Float32Array, width: number, treated: Float64Array, share: number): Float32Array {
  const rows = treated.length;
  const wide = 2 * width + 1;
  const out = new Float32Array(rows * wide);
  for (let row = 0; row < rows; row += 1) {
    const sign = (treated[row] as number) - share;
    const to = row * wide;
    for (let at = 0; at < width; at += 1) {
      const value = matrix[row * width + at] as number;
      out[to + at] = value;
      out[to + width + at] = value * sign;
    }
    out[to + 2 * width] = sign;
  }
  return out;
}

export interface LinearPair {
  readonly treated: { readonly intercept: number; readonly weights: Float64Array };
  readonly control: { readonly intercept: number; readonly weights: Float64Array };
}

export interface InteractionData {
  readonly sparse: Sparse;
  readonly width: number;
  readonly labels: Float64Array;
  readonly share: number;
}

export function interactionData({ prepared, treated, share }: Arms): InteractionData {
  const { width } = prepared.design;
  const sparse = sparseOf(withInteractions(prepared.matrix, width, treated, share), 2 * width + 1);
  return { sparse, width, labels: prepared.labels, share };
}

/** @returns weights to begin the next fit at, and what they mean for each arm */
export function fitInteractions(
  { sparse, width, labels, share }: InteractionData,
  penalty: number,
  start?: Float64Array,
): { weights: Float64Array; pair: LinearPair } {
  const penalties = new Float64Array(2 * width + 1).fill(mainPenalty, 0, width).fill(penalty, width, 2 * width);
  const weights = fitLinear(sparse, labels, penalties, start);
  const arm = (sign: number) => ({
    intercept: (weights[2 * width + 1] as number) + sign * (weights[2 * width] as number),
    weights: Float64Array.from(
      { length: width },
      (_, at) => (weights[at] as number) + sign * (weights[width + at] as number),
    ),
  });
  return { weights, pair: { treated: arm(1 - share), control: arm(-share) } };
}

const residualTrees: Omit<BoostOptions, "seed"> = {
  depth: 3,
  rate: 0.05,
  ridge: 20,
  hessianMin: 20,
  gainMin: 0,
  rowShare: 0.6,
  inputShare: 0.5,
};

/** Trees for (y − m) / (w − e), weighted by (w − e)². */
export function residualBooster({ prepared, treated, outcome, share }: Arms, average: number, seed: number): Booster {
  const rows = treated.length;
  const targets = new Float64Array(rows);
  const weights = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const w = (treated[row] as number) - share;
    targets[row] = ((prepared.labels[row] as number) - (outcome[row] as number)) / w;
    weights[row] = w * w;
  }
  return new Booster(prepared.bins, average, squaredDerivatives(targets, weights), { ...residualTrees, seed });
}

const armTrees: Omit<BoostOptions, "seed"> = {
  depth: 3,
  rate: 0.05,
  ridge: 5,
  hessianMin: 5,
  gainMin: 0,
  rowShare: 0.6,
  inputShare: 0.5,
};

/** The rows of one arm, with bins of their own. */
export function armBooster({ prepared, treated }: Arms, arm: 0 | 1, start: number, seed: number): Booster {
  const rows = [...treated.keys()].filter((row) => treated[row] === arm);
  const bins = prepared.bins.map(
    (input): BinnedInput => ({ ...input, bins: Uint8Array.from(rows, (row) => input.bins[row] as number) }),
  );
  const labels = Float64Array.from(rows, (row) => prepared.labels[row] as number);
  return new Booster(bins, start, logisticDerivatives(labels), { ...armTrees, seed });
}

export function grown(boosters: readonly Booster[], trees: number): Forest {
  for (const booster of boosters) for (let tree = 0; tree < trees; tree += 1) booster.grow();
  return joinForests(
    boosters.map((booster) => booster.forest()),
    1 / boosters.length,
  );
}
