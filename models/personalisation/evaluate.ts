/** What a model of offers must beat besides a regression on the same features: what is popular. */
import { personalisationFeatures } from "../features/personalisation.ts";

const rate = personalisationFeatures.features.findIndex(({ name }) => name === "campaign_redemption_rate");

/**
 * The campaign's redemption rate so far, drawn to those like it: what ranks while there is no model, and the policy
 * `popularity`.
 *
 * @param features raw, in the order of the set
 */
export function campaignPopularity(features: readonly number[]): number {
  const value = features[rate];
  if (value === undefined) throw new RangeError("the features have no redemption rate of the campaign");
  return value;
}
