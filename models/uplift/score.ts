/** The model of effects in service: plain code, one row at a time. */
import { loadBinary } from "../estimators/tabular/load.ts";
import { loadUplift } from "../estimators/uplift/effects.ts";
import type { ModelFiles } from "../registry/manifest.ts";

export interface UpliftScorer {
  /** Orders more, per customer to whom the campaign is open, than if it were withheld: what the model is judged by. */
  effect(row: readonly number[]): number;
  /**
   * Of the customer's redemptions, the share that are orders there would not be otherwise: effect ÷ chance of a redemption.
   * Who the campaign never reaches is in both, so that the ratio is of those it does reach (the local average effect of
   * Angrist, Imbens & Rubin 1996), as a campaign's measured share is incremental orders ÷ redemptions. From -1 to 1: below
   * 0 the campaign costs orders.
   */
  share(row: readonly number[]): number;
}

export const upliftParts = { effect: "effect/", redeemed: "redeemed/" } as const;

/** @throws whatever the estimators find wrong with their files. */
export function loadEffects(files: ModelFiles): UpliftScorer {
  const effects = loadUplift(under(files, upliftParts.effect));
  const redeemed = loadBinary(under(files, upliftParts.redeemed));
  const effect = (row: readonly number[]) => effects.predictRow(row);
  return {
    effect,
    share: (row) => Math.min(1, Math.max(-1, effect(row) / redeemed.predictRow(row))),
  };
}

function under(files: ModelFiles, prefix: string): ModelFiles {
  const own = Object.entries(files).filter(([path]) => path.startsWith(prefix));
  return Object.fromEntries(own.map(([path, bytes]) => [path.slice(prefix.length), bytes]));
}
