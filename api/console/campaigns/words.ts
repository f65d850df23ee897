/** A campaign's definition in sentences, as managers read it back. */
import type { CampaignWire } from "../../campaigns/schemas.ts";
import type { Reward } from "../../domain/rewards/reward.ts";
import { type RewardNames, rewardSentence } from "../../domain/rewards/sentence.ts";
import { count, money, plural } from "../format.tsx";

export function rewardSentences(campaign: CampaignWire, names: RewardNames): string[] {
  return (campaign.rewards as readonly Reward[]).map(
    (reward) => `${rewardSentence(reward, campaign.currency, names)}.`,
  );
}

export function limitSentences({
  limits,
  redemptions_max,
  currency,
  budget_amount,
  budget_policy,
}: CampaignWire): string[] {
  const amount = (value: number) => money(value, currency);
  const said: (string | false | undefined)[] = [
    budget_amount !== null &&
      `All discounts together come to at most ${amount(budget_amount)}; what does not fit is ${budget_policy === "trim" ? "reduced" : "refused"}.`,
    redemptions_max !== null && `It can be used ${plural(redemptions_max, "time")} in total.`,
    limits.redemptions_max !== undefined && `It can be used ${plural(limits.redemptions_max, "time")} in total.`,
    limits.per_customer !== undefined && `Each customer can use it ${plural(limits.per_customer, "time")}.`,
    limits.per_voucher !== undefined && `Each voucher can be used ${plural(limits.per_voucher, "time")}.`,
    limits.discount_amount_max_per_order !== undefined &&
      `It takes at most ${amount(limits.discount_amount_max_per_order)} off an order.`,
    limits.discount_amount_max_per_customer !== undefined &&
      `Each customer gets at most ${amount(limits.discount_amount_max_per_customer)} of it.`,
    limits.discount_amount_max !== undefined && `It gives at most ${amount(limits.discount_amount_max)} in total.`,
    limits.orders_amount_max !== undefined &&
      `The orders it is used on come to at most ${amount(limits.orders_amount_max)}.`,
    ...(limits.per_period ?? []).map(({ period, per, redemptions_max: uses, discount_amount_max: most }) => {
      const who = per === "customer" ? "each customer" : "everybody together";
      const what = [uses !== undefined && plural(uses, "use"), most !== undefined && `${amount(most)} of discount`];
      return `In each ${period}, ${who} has at most ${what.filter(Boolean).join(" and ")}.`;
    }),
  ];
  return said.filter((sentence): sentence is string => typeof sentence === "string");
}

export function behaviourSentences(campaign: CampaignWire): string[] {
  const { stacking, exclusions } = campaign;
  const excluded = [...(exclusions.skus ?? []), ...(exclusions.product_ids ?? []), ...(exclusions.categories ?? [])];
  const said: (string | false | undefined)[] = [
    campaign.automatic ? "It applies without a code, whenever it fits." : "It needs a code.",
    campaign.triggers_on !== "redemption" && campaign.triggers_on !== null
      ? `It is meant for ${campaign.triggers_on === "custom" ? `the event "${campaign.trigger_name}"` : campaign.triggers_on}: a workflow that begins there hands its vouchers out.`
      : false,
    stacking.exclusive && "It is never combined with another promotion.",
    stacking.group !== undefined && `It is combined with promotions of the group "${stacking.group}" only.`,
    stacking.max_per_order !== undefined && `An order takes at most ${plural(stacking.max_per_order, "code")} of it.`,
    stacking.order !== undefined && `Its place in the order of application is ${stacking.order}.`,
    campaign.points_price !== null && `One use costs ${plural(campaign.points_price, "point")}.`,
    campaign.voucher_lifetime_days !== null &&
      `A voucher expires ${plural(campaign.voucher_lifetime_days, "day")} after it was handed out.`,
    campaign.low_stock !== null && `It says so when no more than ${plural(campaign.low_stock, "voucher")} are left.`,
    campaign.auto_grow !== null && growthSentence(campaign.auto_grow),
    campaign.holdout_percent > 0 &&
      `It is withheld from ${count(campaign.holdout_percent)} % of customers, to measure what it causes${campaign.holdout_codes ? "; codes that they type are refused" : ""}.`,
    excluded.length > 0 &&
      `It never applies to ${excluded.slice(0, 20).join(", ")}${excluded.length > 20 ? " …" : ""}.`,
    campaign.on_cancel === "keep" && "It stays redeemed when an order is cancelled.",
    campaign.on_rollback === "recalculate" && "When a part is rolled back, the rest is decided again.",
    campaign.on_rollback === "revoke" && "When a part is rolled back and the rest no longer fits, all goes back.",
  ];
  return said.filter((sentence): sentence is string => typeof sentence === "string");
}

function growthSentence({ below, size, max }: NonNullable<CampaignWire["auto_grow"]>): string {
  const end = max === undefined ? "" : `, until ${count(max)} were made`;
  return `When fewer than ${plural(below, "voucher")} are left, ${count(size)} more are made${end}.`;
}
