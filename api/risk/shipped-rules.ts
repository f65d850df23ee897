/**
 * The rules that every project starts with: they only flag. An operator may edit or disable each; a release that changes
 * what one means gives it a new id, so that assessments of before can still be made again.
 *
 * Counts are of strictly before the attempt, so "at least 3 customers" means that this one is the fourth, or one of them
 * again.
 */
import type { Condition, Leaf } from "./condition.ts";
import type { RuleDefinition } from "./rule.ts";

export interface ShippedRule extends RuleDefinition {
  readonly description: string;
}

function shipped(id: string, name: string, weight: number, when: Condition, description: string): ShippedRule {
  return { id: `rul_${id}`, name, description, status: "enabled", when, weight, floor: "flag" };
}

const atLeast = (on: string, value: number): Leaf => ({ on, op: "greater_or_equal", value });
const atMost = (on: string, value: number): Leaf => ({ on, op: "less_or_equal", value });
/** A quarter of an hour, in days. */
const minutes15 = 15 / 1_440;

export const shippedRules: readonly ShippedRule[] = [
  shipped(
    "code_guessing",
    "Code guessing",
    0.7,
    {
      any: [
        atLeast("ip_unknown_hour", 8),
        atLeast("network_unknown_hour", 20),
        atLeast("ip_rejected_hour", 15),
        atLeast("device_rejected_hour", 8),
        atLeast("customer_rejected_hour", 8),
      ],
    },
    "Codes that do not exist, or are refused, are tried one after the other until one works.",
  ),
  shipped(
    "leaked_code",
    "Leaked code",
    0.6,
    {
      any: [
        {
          all: [atLeast("code_newcomers_hour", 3), atLeast("code_networks_day", 4), atLeast("code_burst", Math.log(4))],
        },
        { all: [atLeast("code_networks_day", 6), atLeast("code_spread", Math.log(3))] },
      ],
    },
    "Many strangers use one code, far more than it is used otherwise. Leave out campaigns whose codes are public.",
  ),
  shipped(
    "shared_device",
    "Many accounts on one device",
    0.6,
    atLeast("device_shoppers_90d", 4),
    "More customers on one device than a household has.",
  ),
  shipped(
    "shared_card",
    "Many accounts with one card",
    0.6,
    atLeast("card_shoppers_90d", 4),
    "More customers with one card than a household has.",
  ),
  shipped(
    "shared_address",
    "Many accounts at one address",
    0.5,
    atLeast("address_shoppers_90d", 4),
    "More customers at one address than a household has.",
  ),
  shipped(
    "similar_accounts",
    "Accounts with nearly the same e-mail address",
    0.5,
    atLeast("email_shape_newcomers_7d", 4),
    "The same address with other digits or another tag, again and again.",
  ),
  shipped(
    "refund_cycling",
    "Refund cycling",
    0.6,
    {
      any: [
        { all: [atLeast("customer_undone_90d", 3), atLeast("customer_undone_share", 0.5)] },
        { all: [atLeast("customer_undone_90d", 2), atLeast("customer_undone_share", 0.75)] },
        atLeast("card_undone_90d", 4),
      ],
    },
    "Orders with a discount that are given back, and bought again.",
  ),
  shipped(
    "repeated_use",
    "One code again and again",
    0.5,
    {
      all: [atLeast("habit_redeemed_28d", 3), atLeast("campaign_share_of_orders", 0.8), atLeast("campaign_repeats", 4)],
    },
    "A customer comes back to a campaign far more often than others do.",
  ),
  shipped(
    "self_referral",
    "Self-referral",
    0.7,
    { on: "self_referral", op: "equals", value: 1 },
    "Whoever refers, and who is referred, share a device, a card or an address.",
  ),
  shipped(
    "instant_use",
    "Used minutes after sign-up, on a shared device",
    0.6,
    { all: [atMost("account_age_days", minutes15), atLeast("device_shoppers_90d", 2)] },
    "An account that is made to use a code, where others were made before.",
  ),
  shipped(
    "velocity",
    "Many redemptions in a short time",
    0.5,
    {
      any: [
        atLeast("customer_redeemed_hour", 5),
        atLeast("customer_redeemed_day", 12),
        atLeast("device_redeemed_day", 10),
        atLeast("card_redeemed_day", 10),
        atLeast("device_attempted_minute", 6),
      ],
    },
    "Far more often than people shop.",
  ),
];
