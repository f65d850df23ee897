/**
 * What the risk model is told of one redemption or rejection. Nothing is in money: amounts stand beside what is usual in
 * the shop or the campaign, so that a model may travel from one shop to another.
 */
import { type Feature, type FeatureType, featureSet } from "./feature.ts";
import type { MeasureName, Readings } from "./signals/measures.ts";

export interface RiskInput {
  readonly orderAmount: number;
  readonly discountAmount: number;
  readonly linesCount: number;
  readonly itemsQuantity: number;
  readonly codesCount: number;
  /** 0 to 23, UTC. */
  readonly hourOfDay: number;
  readonly isGuest: boolean;
  /** Since the account was made; null for a guest, or where nobody knows. */
  readonly accountAgeSeconds: number | null;
  /** The first code is a referral code, and whose it is was seen with the device, card or address of the attempt. */
  readonly isSelfReferral: boolean;
  /** What the online store knows of whom it comes from and what it is for, of strictly before it. */
  readonly known: Readings;
}

const day = 86_400;
const hourAngle = Math.PI / 12;
/** Fewer redemptions say nothing about what is usual. */
const usualFrom = 5;

type Words = (value: number, usual: number) => string;

/** A feature of the request alone. */
function asked(
  name: string,
  sql: string,
  value: (input: RiskInput) => number | null,
  rest: Required<Pick<Feature<RiskInput>, "label" | "text">> & {
    default?: number;
    scale?: "none" | "log1p";
    type?: FeatureType;
  },
): Feature<RiskInput> {
  return { version: 1, window: "the request", type: "number", default: 0, scale: "none", name, sql, value, ...rest };
}

/** A measure as it is. A kind that the attempt does not name counts as one of which nothing is known. */
function measured(name: MeasureName, window: string, label: string): Feature<RiskInput> {
  const value = (input: RiskInput) => input.known[name];
  const text: Words = (is, usual) => `${sentenceCase(label)}: ${is}; usual is ${usual}.`;
  return { name, version: 1, window, type: "number", sql: name, value, default: 0, scale: "log1p", label, text };
}

/** How many times the usual, as a logarithm: 0 is usual, 0.69 twice, -0.69 half of it. */
function relative(
  name: string,
  window: string,
  sql: string,
  value: (input: RiskInput) => number | null,
  label: string,
  text: (times: string) => string,
): Feature<RiskInput> {
  const words: Words = (is) => text(timesOf(Math.exp(is)));
  return { name, version: 1, window, type: "number", sql, value, default: 0, scale: "none", label, text: words };
}

function toUsual(amount: number, count: number | null, sum: number | null): number | null {
  if (count === null || sum === null || count < usualFrom) return null;
  return Math.log1p(amount) - sum / count / 1000;
}

const toUsualSql = (amount: string, count: string, sum: string) =>
  `if(${count} < ${usualFrom}, null, log1p(${amount}) - ${sum} / ${count} / 1000)`;

/** Of the last hour against the mean hour of the days of the week on which anything was redeemed. */
function burst(steps: number | null, week: number | null, activeDays: number | null): number | null {
  if (steps === null || week === null || activeDays === null) return null;
  return Math.log1p(steps) - Math.log1p(week / (24 * Math.max(activeDays, 1)));
}

const burstSql = (kind: string) =>
  `log1p(${kind}_steps) - log1p(${kind}_redemptions_7d / (24 * greatest(${kind}_active_days_7d, 1)))`;

/** Of fewer days nobody knows what is usual: the second day of a shop is not a leak. */
const spreadFrom = 3;

/** Of the day and the one before it, against as many of the days of the week before them on which anything was redeemed. */
function spread(late: number | null, lateDays: number | null, week: number | null, days: number | null): number | null {
  if (late === null || lateDays === null || week === null || days === null || days - lateDays < spreadFrom) return null;
  return Math.log1p(late) - Math.log1p((2 * (week - late)) / (days - lateDays));
}

const spreadSql = (kind: string) => {
  const usual = `2 * (${kind}_redemptions_7d - ${kind}_redemptions_2d) / (${kind}_active_days_7d - ${kind}_active_days_2d)`;
  const enough = `${kind}_active_days_7d - ${kind}_active_days_2d < ${spreadFrom}`;
  return `if(${enough}, null, log1p(${kind}_redemptions_2d) - log1p(${usual}))`;
};

/**
 * How surprising so many uses by one customer are: −ln P(at least as many repeats), with repeats geometric around the
 * campaign's own mean. The last use of everybody is one that was not repeated; one more of each keeps an empty campaign
 * from being sure.
 */
function repeats(uses: number | null, redemptions: number | null, firsts: number | null): number | null {
  if (uses === null || redemptions === null || firsts === null || firsts < usualFrom) return null;
  return uses * Math.log((redemptions + 2) / (Math.max(0, redemptions - firsts) + 1));
}

const repeatsSql = `if(campaign_firsts_28d < ${usualFrom}, null, habit_redeemed_28d * log((campaign_redemptions_28d + 2) / (greatest(0, campaign_redemptions_28d - campaign_firsts_28d) + 1)))`;

const features: readonly Feature<RiskInput>[] = [
  asked(
    "discount_share",
    "if(order_amount = 0, null, discount_amount / order_amount)",
    (input) => (input.orderAmount === 0 ? null : input.discountAmount / input.orderAmount),
    {
      type: "share",
      label: "share of the discount in the basket",
      text: (value, usual) => `The discount is ${percent(value)} of the basket; usual is ${percent(usual)}.`,
    },
  ),
  asked("lines_count", "lines_count", (input) => input.linesCount, {
    default: 1,
    scale: "log1p",
    label: "lines in the basket",
    text: (value, usual) => `Lines in the basket: ${value}; usual is ${usual}.`,
  }),
  asked("items_quantity", "items_quantity", (input) => input.itemsQuantity, {
    default: 1,
    scale: "log1p",
    label: "items in the basket",
    text: (value, usual) => `Items in the basket: ${value}; usual is ${usual}.`,
  }),
  asked("codes_count", "codes_count", (input) => input.codesCount, {
    default: 1,
    scale: "log1p",
    label: "codes in one request",
    text: (value, usual) => `Codes in one request: ${value}; usual is ${usual}.`,
  }),
  asked("hour_sin", "sin(hour_of_day * pi() / 12)", (input) => Math.sin(input.hourOfDay * hourAngle), {
    label: "time of day, its sine",
    text: () => "The time of day is unusual.",
  }),
  asked("hour_cos", "cos(hour_of_day * pi() / 12)", (input) => Math.cos(input.hourOfDay * hourAngle), {
    label: "time of day, its cosine",
    text: () => "The time of day is unusual.",
  }),
  asked("is_guest", "is_guest", (input) => (input.isGuest ? 1 : 0), {
    type: "flag",
    label: "the shopper is not known",
    text: (value) => (value === 1 ? "The shopper is not known." : "The shopper is known, where most are not."),
  }),
  asked(
    "account_age_days",
    `account_age_seconds / ${day}`,
    (input) => (input.accountAgeSeconds === null ? null : input.accountAgeSeconds / day),
    {
      // Where nobody says: neither of today nor an old one.
      default: 30,
      scale: "log1p",
      label: "age of the account in days",
      text: (value, usual) => `The account is ${spanOf(value)} old; usual is ${spanOf(usual)}.`,
    },
  ),
  {
    ...asked("self_referral", "is_self_referral", (input) => (input.isSelfReferral ? 1 : 0), {
      type: "flag",
      label: "the referrer shares a device, card or address with whom they referred",
      text: (value) =>
        value === 1
          ? "Whose referral code this is was seen with the same device, card or address."
          : "No sign of referring oneself.",
    }),
    window: "90 days",
  },
  relative(
    "basket_to_shop",
    "28 days",
    toUsualSql("order_amount", "project_redemptions_28d", "project_log_amount_28d"),
    ({ orderAmount, known }) => toUsual(orderAmount, known.project_redemptions_28d, known.project_log_amount_28d),
    "basket",
    (times) => `The basket is ${times} what is usual in this shop.`,
  ),
  relative(
    "basket_to_campaign",
    "28 days",
    toUsualSql("order_amount", "campaign_redemptions_28d", "campaign_log_amount_28d"),
    ({ orderAmount, known }) => toUsual(orderAmount, known.campaign_redemptions_28d, known.campaign_log_amount_28d),
    "basket, for this campaign",
    (times) => `The basket is ${times} what is usual with this campaign.`,
  ),
  relative(
    "discount_to_campaign",
    "28 days",
    `if(discount_amount = 0, null, ${toUsualSql("discount_amount", "campaign_redemptions_28d", "campaign_log_discount_28d")})`,
    ({ discountAmount, known }) =>
      discountAmount === 0
        ? null
        : toUsual(discountAmount, known.campaign_redemptions_28d, known.campaign_log_discount_28d),
    "discount, for this campaign",
    (times) => `The discount is ${times} what is usual with this campaign.`,
  ),
  measured("customer_redeemed_hour", "1 hour", "redemptions by this customer in the last hour"),
  measured("customer_redeemed_day", "1 day", "redemptions by this customer in the last 24 hours"),
  measured("customer_redeemed_7d", "7 days", "redemptions by this customer in the last 7 days"),
  measured("customer_rejected_hour", "1 hour", "refused attempts by this customer in the last hour"),
  {
    ...measured("customer_seconds_since_last", "90 days", "days since the customer's last redemption"),
    text: (value, usual) => `The customer's last redemption was ${spanOf(value)} ago; usual is ${spanOf(usual)}.`,
    name: "customer_days_since_last",
    sql: `customer_seconds_since_last / ${day}`,
    value: ({ known }) => (known.customer_seconds_since_last === null ? null : known.customer_seconds_since_last / day),
    // Longer ago than anybody is kept.
    default: 180,
  },
  measured("customer_undone_30d", "30 days", "redemptions of this customer undone in the last 30 days"),
  measured("customer_undone_90d", "90 days", "redemptions of this customer undone in the last 90 days"),
  {
    ...measured("customer_undone_90d", "90 days", "share of this customer's redemptions that were undone"),
    text: (value, usual) => `${percent(value)} of this customer's redemptions were undone; usual is ${percent(usual)}.`,
    name: "customer_undone_share",
    type: "share",
    sql: "if(customer_redeemed_90d > 0, least(1, customer_undone_90d / customer_redeemed_90d), null)",
    value: ({ known }) => shareOf(known.customer_undone_90d, known.customer_redeemed_90d),
    scale: "none",
  },
  measured("habit_redeemed_28d", "28 days", "redemptions of this campaign by this customer in the last 28 days"),
  {
    ...measured("habit_redeemed_28d", "28 days", "surprise of so many uses of this campaign by one customer"),
    name: "campaign_repeats",
    sql: repeatsSql,
    value: ({ known }) => repeats(known.habit_redeemed_28d, known.campaign_redemptions_28d, known.campaign_firsts_28d),
    scale: "none",
    text: (value) => `One customer in ${rounded(Math.exp(value))} comes back to this campaign so often.`,
  },
  {
    ...measured("habit_redeemed_28d", "28 days", "share of the customer's orders that used this campaign"),
    name: "campaign_share_of_orders",
    type: "share",
    sql: "if(customer_ordered_28d > 0, if(habit_redeemed_28d > customer_ordered_28d, 1, habit_redeemed_28d / customer_ordered_28d), null)",
    value: ({ known }) => shareOf(known.habit_redeemed_28d, known.customer_ordered_28d),
    scale: "none",
    text: (value, usual) =>
      `${percent(value)} of this customer's orders used this campaign; usual is ${percent(usual)}.`,
  },
  measured("device_attempted_minute", "1 minute", "attempts from this device in the last minute"),
  measured("device_redeemed_day", "1 day", "redemptions from this device in the last 24 hours"),
  measured("device_rejected_hour", "1 hour", "refused attempts from this device in the last hour"),
  measured("device_shoppers_90d", "90 days", "customers on this device in the last 90 days"),
  measured("device_newcomers_day", "1 day", "new accounts on this device in the last 24 hours"),
  measured("ip_attempted_minute", "1 minute", "attempts from this address of the internet in the last minute"),
  measured("ip_redeemed_hour", "1 hour", "redemptions from this address of the internet in the last hour"),
  measured("ip_rejected_hour", "1 hour", "refused attempts from this address of the internet in the last hour"),
  measured(
    "ip_unknown_hour",
    "1 hour",
    "codes that do not exist tried from this address of the internet in the last hour",
  ),
  measured("ip_shoppers_day", "1 day", "customers from this address of the internet in the last 24 hours"),
  measured("network_unknown_hour", "1 hour", "codes that do not exist tried from this network in the last hour"),
  measured("network_newcomers_day", "1 day", "new accounts from this network in the last 24 hours"),
  measured("card_redeemed_day", "1 day", "redemptions paid with this card in the last 24 hours"),
  measured("card_shoppers_90d", "90 days", "customers who paid with this card in the last 90 days"),
  measured("card_undone_90d", "90 days", "redemptions paid with this card that were undone in the last 90 days"),
  measured("address_redeemed_7d", "7 days", "redemptions sent to this address in the last 7 days"),
  measured("address_shoppers_90d", "90 days", "customers with this address in the last 90 days"),
  measured("email_shape_newcomers_7d", "7 days", "new accounts with nearly the same e-mail address in the last 7 days"),
  measured("code_shoppers_hour", "1 hour", "customers who tried this code in the last hour"),
  measured("code_newcomers_hour", "1 hour", "strangers who tried this code in the last hour"),
  measured("code_networks_day", "1 day", "networks that this code came from in the last 24 hours"),
  relative(
    "code_burst",
    "1 hour",
    burstSql("code"),
    ({ known }) => burst(known.code_steps, known.code_redemptions_7d, known.code_active_days_7d),
    "redemptions of this code in the last hour",
    (times) => `This code is redeemed ${times} as often as in its usual hour.`,
  ),
  relative(
    "code_spread",
    "2 days",
    spreadSql("code"),
    ({ known }) =>
      spread(
        known.code_redemptions_2d,
        known.code_active_days_2d,
        known.code_redemptions_7d,
        known.code_active_days_7d,
      ),
    "redemptions of this code since yesterday",
    (times) => `Since yesterday this code is redeemed ${times} as often as in two of its usual days.`,
  ),
  relative(
    "campaign_burst",
    "1 hour",
    burstSql("campaign"),
    ({ known }) => burst(known.campaign_steps, known.campaign_redemptions_7d, known.campaign_active_days_7d),
    "redemptions of this campaign in the last hour",
    (times) => `This campaign is redeemed ${times} as often as in its usual hour.`,
  ),
];

export const riskFeatures = featureSet("risk", features);

function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : Math.min(1, part / whole);
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** To two digits, as nobody knows it better. */
function rounded(value: number): string {
  return String(Number(Math.min(value, 1e6).toPrecision(2)));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function timesOf(ratio: number): string {
  if (ratio >= 10) return `${Math.round(ratio)} times`;
  return `${ratio.toFixed(ratio < 0.1 ? 2 : 1)} times`;
}

function spanOf(days: number): string {
  if (days >= 2) return `${Math.round(days)} days`;
  if (days * 24 >= 2) return `${Math.round(days * 24)} hours`;
  return `${Math.round(days * 1440)} minutes`;
}
