/** The personalisation model in service: plain code, one row at a time. */
import { loadBinary } from "../estimators/tabular/load.ts";
import type { ModelFiles } from "../registry/manifest.ts";

export interface OfferScorer {
  /** That the customer redeems the offer, calibrated. */
  probability(row: readonly number[]): number;
  /** In log-odds, in the order of the row. */
  contributions(row: readonly number[]): ArrayLike<number>;
}

/** @throws whatever the estimator finds wrong with its files. */
export function loadOffers(files: ModelFiles): OfferScorer {
  const model = loadBinary(files);
  return {
    probability: (row) => model.predictRow(row),
    contributions: (row) => model.contributionsOfRow(row),
  };
}
