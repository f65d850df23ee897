/** Pieces that several events share. Money in integer minor units, instants RFC 3339 UTC, ids as on the wire. */
import { z } from "zod";

export const money = z.int().min(0);
export const instant = z.iso.datetime();
/** The customer's identifier as the shop sends it; null for a guest. */
export const customerIdentifier = z.string().nullable();

const orderLine = z.object({
  sku: z.string(),
  product_id: z.string().nullable(),
  quantity: z.int().min(1),
  unit_amount: money,
  /** What one unit costs the shop; absent where it does not say. */
  unit_cost_amount: money.optional(),
  categories: z.array(z.string()),
  discount_amount: money,
});

/** `amount` is the sum of the lines before discounts, without shipping. */
export const orderPart = z.object({
  id: z.string().nullable(),
  currency: z.string(),
  amount: money,
  shipping_amount: money,
  discount_amount: money,
  total_amount: money,
  channel: z.string().nullable(),
  store_id: z.string().nullable(),
  items: z.array(orderLine),
});
export type OrderPart = z.infer<typeof orderPart>;

const reasonPart = z.object({
  key: z.string(),
  code: z.int().optional(),
  expected: z.json().optional(),
  actual: z.json().optional(),
  gap: z.number().optional(),
});

/** What one reward of a code gave: money off, and what its type gives besides. */
const rewardPart = z.object({
  type: z.string(),
  discount_amount: money,
  points: z.int().min(0).optional(),
  amount: money.optional(),
  campaign_id: z.string().optional(),
  pool_id: z.string().optional(),
});

/**
 * One code of a request. Campaign and voucher are null when the code is unknown. An automatic campaign, which needs no
 * code, has code "" and no voucher.
 */
export const codePart = z.object({
  code: z.string(),
  voucher_id: z.string().nullable(),
  campaign_id: z.string().nullable(),
  main_campaign_id: z.string().nullable(),
  discount_amount: money,
  /** The part of it that is off the shipping. */
  shipping_discount: money.optional(),
  /** Until when the voucher is good; in redemptions only, and absent when for ever. */
  expires_at: instant.optional(),
  reasons: z.array(reasonPart),
  rewards: z.array(rewardPart).optional(),
});
export type CodePart = z.infer<typeof codePart>;

/** What a score may lead to, from the mildest to the strictest. */
export const riskAction = z.enum(["allow", "flag", "hold", "reject"]);

/** One cause of a score. All contributions of a score sum to it. */
const riskReasonPart = z.object({
  /** The name of the feature, or `rule:` with the id of the rule that fired. */
  feature: z.string(),
  value: z.number(),
  contribution: z.number(),
  text: z.string(),
});

export const riskPart = z.object({
  /** 0 (ordinary) to 1: model and rules together; null when no score could be had. */
  score: z.number().min(0).max(1).nullable(),
  action: riskAction,
  model: z.string().nullable(),
  /** The vector that model and rules saw, by feature name. */
  features: z.record(z.string(), z.number()).nullable(),
  /** Strongest first; none where it was allowed and no rule fired. */
  reasons: z.array(riskReasonPart).optional(),
  /** Ids of the rules that fired. */
  rules: z.array(z.string()).optional(),
  /** What rules and policies in shadow would have done; absent and null where none had anything to say. */
  shadow: z
    .object({ score: z.number().min(0).max(1).nullable(), action: riskAction, rules: z.array(z.string()) })
    .nullish(),
  /** Of an attempt that the risk refused: the discount that it asked for. */
  withheld_amount: money.optional(),
});
export type RiskPart = z.infer<typeof riskPart>;

/**
 * Whom it came from, as far as the shop said: hashes by a key of the project, never what they are made of. With the age
 * of the customer's account at that moment, and how often the customer was known to have redeemed the campaign of the
 * first code in the 28 days before; both absent for a guest.
 */
export const signalsPart = z.object({
  device: z.string().optional(),
  ip: z.string().optional(),
  network: z.string().optional(),
  asn: z.string().optional(),
  card: z.string().optional(),
  address: z.string().optional(),
  email_shape: z.string().optional(),
  account_age_seconds: z.int().min(0).optional(),
  campaign_uses_28d: z.int().min(0).optional(),
});
export type SignalsPart = z.infer<typeof signalsPart>;

export const source = z.enum(["api", "integration", "mobile", "console"]);
