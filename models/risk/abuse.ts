/**
 * Made-up abuse to judge the risk model with where nobody has confirmed any: real attempts with one thing turned into
 * what abuse looks like. It measures whether such things would stand out, not how often they happen.
 */
import { riskFeatures } from "../features/risk.ts";
import type { Example } from "../training/examples.ts";
import { seeded } from "../training/random.ts";

type Vector = Readonly<Record<string, number>>;

const minutes = 1 / 1440;
/** In the logarithms in which features compare with what is usual. */
const times = (factor: number) => Math.log(factor);

/** Names of features that there are no more would be a change that changes nothing: a test looks. */
export const disguises: Readonly<Record<string, (row: Vector) => Vector>> = {
  "a burst of redemptions by one customer": (row) => ({
    customer_redeemed_hour: 8,
    customer_redeemed_day: 15,
    customer_redeemed_7d: (row.customer_redeemed_7d ?? 0) + 15,
    customer_days_since_last: minutes,
  }),
  "codes tried until one works": () => ({
    customer_rejected_hour: 12,
    ip_rejected_hour: 12,
    ip_unknown_hour: 12,
    network_unknown_hour: 12,
    ip_attempted_minute: 6,
  }),
  "a code that has leaked": () => ({
    code_shoppers_hour: 40,
    code_newcomers_hour: 35,
    code_networks_day: 38,
    code_burst: times(20),
    account_age_days: 5 * minutes,
  }),
  "many accounts on one device": () => ({
    device_shoppers_90d: 8,
    device_newcomers_day: 6,
    ip_shoppers_day: 7,
    network_newcomers_day: 6,
    account_age_days: 5 * minutes,
  }),
  "many accounts with one card and address": () => ({
    card_shoppers_90d: 7,
    card_redeemed_day: 5,
    address_shoppers_90d: 7,
    address_redeemed_7d: 7,
  }),
  "a referral of oneself": () => ({ self_referral: 1, account_age_days: 10 * minutes, device_shoppers_90d: 2 }),
  "redeemed and returned again and again": () => ({
    customer_undone_30d: 5,
    customer_undone_90d: 9,
    customer_undone_share: 0.9,
    card_undone_90d: 9,
  }),
  "bought to resell": (row) => ({
    items_quantity: (row.items_quantity ?? 1) * 40,
    basket_to_shop: (row.basket_to_shop ?? 0) + times(40),
    basket_to_campaign: (row.basket_to_campaign ?? 0) + times(40),
  }),
  "nearly everything paid by the discount": () => ({ discount_share: 0.98 }),
};

/** As many rows as given, each changed in one of the ways, which the seed picks. */
export function disguise(examples: readonly Example[], seed: number): Example[] {
  const random = seeded(seed);
  const ways = Object.values(disguises);
  return examples.map((example) => {
    const row = Object.fromEntries(riskFeatures.features.map(({ name }, at) => [name, example.features[at] ?? 0]));
    const change = ways[Math.floor(random() * ways.length)]?.(row) ?? {};
    return { ...example, features: riskFeatures.features.map(({ name }) => change[name] ?? row[name] ?? 0) };
  });
}
