/** Why a code does not apply: stable keys, with a numeric code where shops know one. */
import type { Operand } from "./rules/rule.ts";

export const reasonCodes = {
  voucher_expired: 1001,
  voucher_no_uses_left: 1002,
  voucher_assigned_to_other_customer: 1003,
  voucher_not_active: 1004,
  gift_card_empty: 1005,
  customer_required: 1006,
  order_below_minimum: 2001,
  order_total_mismatch: 2002,
  voucher_not_yet_active: null,
  voucher_budget_reached: null,
  campaign_ended: null,
  campaign_not_started: null,
  campaign_not_active: null,
  campaign_redemptions_reached: null,
  campaign_budget_reached: null,
  customer_limit_reached: null,
  period_limit_reached: null,
  location_required: null,
  outside_area: null,
  excluded_products: null,
  self_referral: null,
  points_not_enough: null,
  held_for_review: null,
  risk_rejected: null,
  rule_not_met: null,
  not_combinable: null,
  stack_limit_reached: null,
  no_effect: null,
  voucher_unknown: null,
  customer_blocked: null,
  currency_mismatch: null,
  in_holdout: null,
} as const;

export type ReasonKey = keyof typeof reasonCodes;

/** What a rule sees of an order or a customer. A place is `[lon, lat]`. */
export type FactValue = string | number | boolean | null | readonly string[] | readonly number[];

export interface Reason {
  readonly key: ReasonKey;
  readonly code?: number;
  /** For the shopper: the rule's own message, else a plain English sentence. */
  readonly message: string;
  /** The path of the leaf inside the tree that failed, e.g. "campaign.rules/all/0". */
  readonly rule_id?: string;
  /** What was asked: of a rule its operand, which may be an object (an area, a window). */
  readonly expected?: FactValue | Operand;
  readonly actual?: FactValue;
  /** What is missing, in the fact's own unit: 420 for "4.20 EUR short". */
  readonly gap?: number;
}

/** A reason with its numeric code, where it has one. */
export function makeReason(
  key: ReasonKey,
  message: string,
  detail: Pick<Reason, "rule_id" | "expected" | "actual" | "gap"> = {},
): Reason {
  const code = reasonCodes[key];
  return code === null ? { key, message, ...detail } : { key, code, message, ...detail };
}
