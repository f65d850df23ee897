/** Incremental shares of offers within a time limit. */
import { rawVector } from "../features/feature.ts";
import type { OfferInput } from "../features/personalisation.ts";
import { upliftFeatures } from "../features/uplift.ts";
import type { Limits } from "../limits.ts";
import type { UpliftScorer } from "./score.ts";

/** The clock is asked after so many offers. */
const groupSize = 16;

/** @returns one a given input; fewer when it took too long. @throws RangeError when the model gives no number */
export function sharesWithin(
  { clock, offersMs }: Limits,
  scorer: UpliftScorer,
  inputs: readonly OfferInput[],
): readonly number[] {
  const began = clock();
  const shares: number[] = [];
  for (const [index, input] of inputs.entries()) {
    if (index % groupSize === 0 && index > 0 && clock() - began > offersMs) break;
    const share = scorer.share(rawVector(upliftFeatures, input));
    if (!Number.isFinite(share)) throw new RangeError("the share is not a number");
    shares.push(share);
  }
  return shares;
}
