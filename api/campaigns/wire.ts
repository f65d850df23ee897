/** A stored campaign as clients and as events see it. */
import type { Selectable } from "kysely";
import type { DB } from "../db/tables.ts";
import { autoGrowSchema } from "../publications/auto-grow-schema.ts";
import { exclusionsSchema } from "./exclusions-schema.ts";
import { limitsSchema, stackingSchema } from "./limits-schema.ts";
import { parseStoredRewards } from "./reward-schema.ts";
import { parseStoredRules } from "./rule-schema.ts";
import type { CampaignWire } from "./schemas.ts";

/** A campaign with its counters. */
export type CampaignRow = Selectable<DB["campaign"]> & {
  readonly redemptions_count: number;
  readonly discount_amount: number;
  readonly orders_amount: number;
};

export function toWire(row: CampaignRow): CampaignWire {
  return {
    id: row.id,
    type: row.type,
    parent_id: row.parent_id,
    name: row.name,
    template: row.template,
    status: row.status,
    triggers_on: row.triggers_on as CampaignWire["triggers_on"],
    trigger_name: row.trigger_name,
    starts_at: row.starts_at?.toISOString() ?? null,
    ends_at: row.ends_at?.toISOString() ?? null,
    time_zone: row.time_zone,
    currency: row.currency,
    budget_amount: row.budget_amount,
    budget_policy: row.budget_policy,
    redemptions_max: row.redemptions_max,
    limits: limitsSchema.parse(row.limits),
    rules: parseStoredRules(row.rules),
    rewards: rewardsToWire(row.rewards),
    referrer_rewards: rewardsToWire(row.referrer_rewards),
    automatic: row.automatic,
    stacking: stackingSchema.parse(row.stacking),
    exclusions: exclusionsSchema.parse(row.exclusions),
    points_price: row.points_price,
    voucher_lifetime_days: row.voucher_lifetime_days,
    low_stock: row.low_stock,
    auto_grow: autoGrowSchema.nullable().parse(row.auto_grow),
    holdout_percent: row.holdout_percent,
    holdout_codes: row.holdout_codes,
    on_cancel: row.on_cancel,
    on_rollback: row.on_rollback,
    team: row.team,
    budget_code: row.budget_code,
    channel: row.channel,
    purpose: row.purpose,
    medium: row.medium,
    customer_information: row.customer_information,
    metadata: row.metadata as CampaignWire["metadata"],
    usage: {
      redemptions_count: row.redemptions_count,
      discount_amount: row.discount_amount,
      orders_amount: row.orders_amount,
    },
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** The domain's rewards are what the wire's schema parsed. */
function rewardsToWire(stored: unknown): CampaignWire["rewards"] {
  return [...parseStoredRewards(stored)] as CampaignWire["rewards"];
}
