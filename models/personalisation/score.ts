/** The personalisation model in service: plain code. */
import { loadBinary } from "../estimators/tabular/load.ts";
import type { ModelFiles } from "../registry/manifest.ts";

export interface OfferScorer {
  /** That the customer redeems the offer, calibrated. */
  probability(row: readonly number[]): number;
  /** The same, to the last bit, of many rows, one after another. */
  probabilities(rows: Float64Array, count: number): Float64Array;
  /** In log-odds, in the order of the row. */
  contributions(row: readonly number[]): ArrayLike<number>;
}

/** @throws whatever the estimator finds wrong with its files. */
export function loadOffers(files: ModelFiles): OfferScorer {
  const model = loadBinary(files);
  return {
    probability: (row) => model.predictRow(row),
    probabilities: (rows, count) => model.predictNumbers(rows, count),
    contributions: (row) => model.contributionsOfRow(row),
  };
}
