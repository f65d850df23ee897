/**
 * Why an offer, in words for a person, strongest first. Said are facts that a shop may show to the shopper: what they
 * save, what fits, what is popular; never what a model makes of somebody's habits, and no figure of the model.
 */
import type { OfferInput } from "../../models/features/personalisation.ts";
import { formatMoney } from "../domain/money.ts";
import type { Eligible } from "./eligible.ts";

export interface Explained {
  readonly eligible: Pick<Eligible, "campaign" | "discountAmount" | "inWallet">;
  readonly input: OfferInput;
  /** By feature, in log-odds; null without a model. */
  readonly contributions: Readonly<Record<string, number>> | null;
  readonly isExplored: boolean;
  /** Epoch ms. */
  readonly now: number;
}

interface Fact {
  readonly text: string | null;
  /** The features that it puts into words: their contributions say how much it counts. */
  readonly features: readonly string[];
  /** Said even when the model finds that it speaks against the offer. */
  readonly isAlways: boolean;
}

const dayMs = 86_400_000;
const reasonsMax = 4;

export function reasonsFor(explained: Explained): string[] {
  const { contributions } = explained;
  const weightOf = ({ features }: Fact) =>
    contributions === null ? 0 : features.reduce((sum, name) => sum + (contributions[name] ?? 0), 0);
  const said = factsOf(explained)
    .map((fact) => ({ ...fact, weight: weightOf(fact) }))
    .filter(({ text, isAlways, weight }) => text !== null && (isAlways || contributions === null || weight > 0))
    // What is given on this basket comes first; a stable sort keeps the order of facts that weigh the same.
    .sort((a, b) => b.weight - a.weight)
    .flatMap(({ text }) => (text === null ? [] : [text]))
    .slice(0, reasonsMax);
  if (explained.isExplored) said.push("shown now and then, to see how it is received");
  return said.length > 0 ? said : ["open to this customer now"];
}

function factsOf({ eligible: { campaign, discountAmount, inWallet }, input, contributions, now }: Explained): Fact[] {
  const similar = input.customerMainRedemptionsCount;
  const left = campaign.endsAt === null ? null : Math.ceil((campaign.endsAt - now) / dayMs);
  const { campaignRedemptionsCount: taken, campaignPublicationsCount: published } = input;
  const count = (amount: number, what: string) => `redeemed ${amount} ${what} ${amount === 1 ? "offer" : "offers"}`;
  return [
    {
      text: discountAmount === null ? null : `saves ${formatMoney(discountAmount, campaign.currency)} on this basket`,
      features: ["discount_depth", "discount_depth_gap"],
      isAlways: true,
    },
    {
      text:
        similar > 0
          ? count(similar, "similar")
          : input.redemptionsCount > 0
            ? count(input.redemptionsCount, "other")
            : null,
      features: ["customer_main_redemption_rate", "redemption_rate", "redemptions_count", "redemptions_90d"],
      isAlways: false,
    },
    {
      text: inWallet ? "in the customer's wallet" : null,
      features: ["is_held", "days_since_publication"],
      isAlways: true,
    },
    {
      text: left !== null && left <= 7 ? (left <= 1 ? "ends within a day" : `ends in ${left} days`) : null,
      features: ["days_until_end"],
      isAlways: true,
    },
    {
      text: published > 0 && taken > 0 ? `redeemed ${taken} times of ${published} times handed out` : null,
      features: ["campaign_redemption_rate", "main_redemption_rate", "template_redemption_rate"],
      isAlways: false,
    },
    {
      text:
        input.basketCategoriesCount > 0 && 2 * input.basketCategoriesKnownCount >= input.basketCategoriesCount
          ? "fits what this customer has bought before"
          : null,
      features: ["category_fit"],
      isAlways: false,
    },
    // Only a model knows whether this speaks for an offer.
    {
      text:
        contributions === null
          ? null
          : input.ordersCount === 0
            ? "welcomes a new customer"
            : "fits a returning customer",
      features: ["orders_count", "orders_90d", "days_since_last_order", "tenure_days"],
      isAlways: false,
    },
  ];
}
