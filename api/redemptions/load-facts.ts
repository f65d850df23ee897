/** Gathers the facts of a decision from Postgres: one read, and a second only when a rule looks at the customer's history. */
import { LRUCache } from "lru-cache";
import type { RiskInput } from "../../models/features/risk.ts";
import { parseStoredLimits, parseStoredStacking } from "../campaigns/limits-schema.ts";
import { parseStoredRewards } from "../campaigns/reward-schema.ts";
import { parseStoredRules } from "../campaigns/rule-schema.ts";
import type { Deps } from "../deps.ts";
import { normalizeCode } from "../domain/codes.ts";
import type {
  CampaignFacts,
  CustomerFacts,
  Facts,
  LimitsDefinition,
  MainCampaignFacts,
  OrderFacts,
  Redeemable,
  Stacking,
  VoucherFacts,
} from "../domain/facts.ts";
import type { Reward } from "../domain/rewards/reward.ts";
import { historyQueries, rulesInPlay } from "../domain/rules/history.ts";
import type { Rule } from "../domain/rules/rule.ts";
import type { CampaignRow, FactsRow, MainCampaignRow, VoucherRow } from "./facts-query.ts";
import { queryFacts } from "./facts-query.ts";
import { queryHistory } from "./history.ts";
import { localTime } from "./local-time.ts";

export interface FactsRequest {
  readonly projectId: string;
  /** As typed by the shopper, in the order given. */
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly order: OrderFacts;
  /** RFC 3339; null decides at the database's clock. */
  readonly at: string | null;
}

/** What the customer did lately, for the risk score; null for a guest or somebody never seen. */
export type Activity = Pick<
  RiskInput,
  "redemptionsLastHour" | "redemptionsLastDay" | "rejectionsLastHour" | "secondsSinceLastRedemption"
>;

export interface LoadedFacts {
  readonly facts: Facts;
  readonly activity: Activity;
  readonly orderStatus: FactsRow["order_status"];
  /** The database's clock when it read, epoch ms. */
  readonly clock: number;
}

interface Definition {
  readonly limits: LimitsDefinition;
  readonly rules: Rule | null;
  readonly rewards: readonly Reward[];
  readonly stacking: Stacking;
}

/** Definitions never change within a version, so each is parsed once and not once a request. */
const definitions = new LRUCache<string, Definition>({ max: 10_000 });

function definition(
  projectId: string,
  row: { id: string; version: number; limits: unknown; rules: unknown; rewards?: unknown; stacking?: unknown },
): Definition {
  const key = `${projectId} ${row.id} ${row.version}`;
  let known = definitions.get(key);
  if (known === undefined) {
    known = {
      limits: parseStoredLimits(row.limits),
      rules: parseStoredRules(row.rules),
      rewards: row.rewards === undefined ? [] : parseStoredRewards(row.rewards),
      stacking: row.stacking === undefined ? {} : parseStoredStacking(row.stacking),
    };
    definitions.set(key, known);
  }
  return known;
}

export async function loadFacts(deps: Pick<Deps, "pool" | "db">, request: FactsRequest): Promise<LoadedFacts> {
  const codes = request.codes.map((code) => normalizeCode(code));
  const row = await queryFacts(deps.pool, {
    projectId: request.projectId,
    codes: codes.filter((code) => code !== null),
    customer: request.customer,
    orderId: request.order.id,
    at: request.at,
  });
  const now = request.at === null ? row.clock : Date.parse(request.at);
  const byCode = new Map(row.redeemables.map((found) => [found.voucher.code, found]));
  const redeemables = request.codes.map((given, index): Redeemable => {
    const found = byCode.get(codes[index] ?? "");
    if (found === undefined) return { code: codes[index] ?? given, voucher: null, campaign: null };
    return {
      code: found.voucher.code,
      voucher: voucherFacts(request, found.voucher),
      campaign: campaignFacts(request.projectId, now, found.campaign, found.main),
    };
  });
  return {
    facts: {
      now,
      order: request.order,
      customer: await customerFacts(deps, request, row, now, redeemables),
      redeemables,
      appliedBefore: row.applied_before.map((applied) => ({
        redemptionId: applied.redemption_id,
        voucherId: applied.voucher_id,
        campaignId: applied.campaign_id,
        parentId: applied.parent_id,
        stacking: parseStoredStacking(applied.stacking),
        discountAmount: applied.discount_amount,
        itemsDiscount: applied.items_discount,
        shippingDiscount: applied.shipping_discount,
      })),
    },
    activity: activity(row, now),
    orderStatus: row.order_status,
    clock: row.clock,
  };
}

function voucherFacts(request: FactsRequest, voucher: VoucherRow): VoucherFacts {
  const { limits, rules } = definition(request.projectId, voucher);
  return {
    id: voucher.id,
    version: voucher.version,
    code: voucher.code,
    kind: voucher.kind,
    status: voucher.status,
    redemptionsMax: voucher.redemptions_max,
    assignedTo: voucher.assigned_id,
    startsAt: voucher.starts_at,
    expiresAt: voucher.expires_at,
    limits,
    rules,
    usage: { redemptionsCount: voucher.redemptions_count, discountAmount: voucher.discount_amount },
    customerUsage: { redemptionsCount: voucher.used_by_customer, discountAmount: voucher.given_to_customer },
  };
}

function mainCampaignFacts(projectId: string, row: MainCampaignRow): MainCampaignFacts {
  const { limits, rules } = definition(projectId, row);
  return {
    id: row.id,
    version: row.version,
    status: row.status,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    budgetAmount: row.budget_amount,
    budgetPolicy: row.budget_policy,
    redemptionsMax: row.redemptions_max,
    limits,
    rules,
    usage: { redemptionsCount: row.redemptions_count, discountAmount: row.discount_amount },
    customerUsage: { redemptionsCount: row.used_by_customer, discountAmount: row.given_to_customer },
  };
}

function campaignFacts(projectId: string, now: number, row: CampaignRow, main: MainCampaignRow): CampaignFacts {
  const { rewards, stacking } = definition(projectId, row);
  const local = localTime(now, row.time_zone);
  return {
    ...mainCampaignFacts(projectId, row),
    name: row.name,
    parent: mainCampaignFacts(projectId, main),
    currency: row.currency,
    rewards,
    stacking,
    holdoutPercent: row.holdout_percent,
    holdoutCodes: row.holdout_codes,
    localTime: local.time,
    localWeekday: local.weekday,
  };
}

async function customerFacts(
  deps: Pick<Deps, "db">,
  request: FactsRequest,
  row: FactsRow,
  now: number,
  redeemables: readonly Redeemable[],
): Promise<CustomerFacts | null> {
  if (request.customer === null) return null;
  const known = row.customer;
  if (known === null) {
    return {
      identifier: request.customer,
      id: null,
      blocked: false,
      attributes: {},
      tags: {},
      metadata: {},
      createdAt: null,
      birthday: null,
      isNew: true,
      history: {},
    };
  }
  const queries = historyQueries(rulesInPlay(redeemables));
  const scope = {
    projectId: request.projectId,
    customerId: known.id,
    currency: request.order.currency,
    before: now,
    orderId: request.order.id,
  };
  return {
    identifier: request.customer,
    id: known.id,
    blocked: known.blocked,
    attributes: known.attributes,
    tags: known.tags,
    metadata: known.metadata,
    createdAt: known.created_at,
    birthday: known.birthday,
    isNew: known.is_new,
    history: queries.length === 0 ? {} : await queryHistory(deps.db, scope, queries),
  };
}

function activity(row: FactsRow, now: number): Activity {
  const past = row.customer?.activity;
  const seconds = (since: number) => Math.max(0, (now - since) / 1000);
  return {
    redemptionsLastHour: past?.redemptions_last_hour ?? 0,
    redemptionsLastDay: past?.redemptions_last_day ?? 0,
    rejectionsLastHour: row.rejections_last_hour,
    secondsSinceLastRedemption:
      past === undefined || past.last_redemption_at === null ? null : seconds(past.last_redemption_at),
  };
}
