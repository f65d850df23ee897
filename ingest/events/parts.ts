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

export const riskPart = z.object({
  /** 0 (ordinary) to 1; null when no score could be had. */
  score: z.number().min(0).max(1).nullable(),
  action: z.enum(["allow", "flag"]),
  model: z.string().nullable(),
  /** The vector the model saw, by feature name. */
  features: z.record(z.string(), z.number()).nullable(),
});
export type RiskPart = z.infer<typeof riskPart>;

export const source = z.enum(["api", "integration", "mobile", "console"]);
