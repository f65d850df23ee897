/** Puts definitions, counters and the wall clock together to what decisions see of campaigns and vouchers. */
import type pg from "pg";
import { normalizeCode } from "../domain/codes.ts";
import type {
  CampaignFacts,
  LimitsDefinition,
  MainCampaignFacts,
  PeriodFacts,
  Redeemable,
  VoucherFacts,
} from "../domain/facts.ts";
import { type Definition, type Pair, pairOf, voucherDefinition } from "./definitions.ts";
import type { CampaignUsageRow, FactsRow, VoucherRow } from "./facts-query.ts";
import type { FactsRequest } from "./facts-request.ts";
import { bucketOf, localTime } from "./local-time.ts";
import { type CampaignCounters, type PeriodKey, periodKey, queryCampaignCounters, queryPeriods } from "./more-facts.ts";

interface Parts {
  readonly request: FactsRequest;
  readonly row: FactsRow;
  /** Epoch ms. */
  readonly now: number;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly automatic: readonly Pair[];
}

export interface Assembled {
  readonly redeemables: readonly Redeemable[];
  readonly automatic: readonly CampaignFacts[];
}

export async function assembleCampaigns(pool: pg.Pool, parts: Parts): Promise<Assembled> {
  const { request, row, definitions, automatic } = parts;
  const { projectId } = request;
  const customerId = row.customer?.id ?? null;
  const pairs = row.vouchers.map((voucher) => ({ voucher, ...pairOf(definitions, projectId, voucher) }));
  const limits = [
    ...pairs.flatMap(({ voucher, sub, main }) => [
      ...ofPair(sub, main),
      { scope: "voucher" as const, id: voucher.id, zone: sub.timeZone, ...voucherDefinition(projectId, voucher) },
    ]),
    ...automatic.flatMap(({ sub, main }) => ofPair(sub, main)),
  ];
  // Somebody new has used nothing yet, under whatever id they will get.
  const periods = new Periods(limits, parts.now, customerId ?? (request.customer === null ? null : "new"));
  const [used, counters] = await Promise.all([
    queryPeriods(pool, projectId, periods.keys),
    queryCampaignCounters(
      pool,
      projectId,
      automatic.flatMap(({ sub, main }) => [sub.id, main.id]),
      customerId,
    ),
  ]);
  const of = (scope: "campaign" | "voucher", id: string) => periods.facts(scope, id, used);
  const byCode = new Map(
    pairs.map(({ voucher, sub, main }) => [
      voucher.code,
      {
        voucher: voucherFacts(projectId, voucher, of("voucher", voucher.id)),
        campaign: campaignFacts(parts.now, { sub, main }, toCounters(voucher.campaign), toCounters(voucher.main), of),
      },
    ]),
  );
  return {
    redeemables: request.codes.map((given): Redeemable => {
      const code = normalizeCode(given);
      const found = byCode.get(code ?? "");
      return found === undefined
        ? { code: code ?? given, voucher: null, campaign: null }
        : { code: found.voucher.code, ...found };
    }),
    automatic: automatic.map((pair) =>
      campaignFacts(
        parts.now,
        pair,
        counters.get(pair.sub.id) ?? nothingUsed,
        counters.get(pair.main.id) ?? nothingUsed,
        of,
      ),
    ),
  };
}

interface Limited {
  readonly scope: "campaign" | "voucher";
  readonly id: string;
  readonly zone: string;
  readonly limits: LimitsDefinition;
}

function ofPair(sub: Definition, main: Definition): Limited[] {
  return [sub, main].map(({ id, timeZone, limits }) => ({ scope: "campaign", id, zone: timeZone, limits }));
}

/** The buckets that the period limits in play fall in now. A guest has none of those per customer. */
class Periods {
  readonly #buckets = new Map<string, readonly { readonly key: PeriodKey; readonly limit: PeriodFacts["limit"] }[]>();

  constructor(limited: readonly Limited[], now: number, customerId: string | null) {
    for (const { scope, id, zone, limits } of limited) {
      if (limits.perPeriod === undefined || this.#buckets.has(`${scope} ${id}`)) continue;
      const shown = limits.perPeriod.filter((limit) => limit.per === "all" || customerId !== null);
      this.#buckets.set(
        `${scope} ${id}`,
        shown.map((limit) => ({
          limit,
          key: {
            scope,
            id,
            customerId: limit.per === "customer" ? (customerId ?? "") : "",
            bucket: bucketOf(now, zone, limit.period),
          },
        })),
      );
    }
  }

  get keys(): PeriodKey[] {
    return [...this.#buckets.values()].flatMap((entries) => entries.map(({ key }) => key));
  }

  facts(
    scope: "campaign" | "voucher",
    id: string,
    used: ReadonlyMap<string, PeriodFacts["usage"]>,
  ): readonly PeriodFacts[] {
    return (this.#buckets.get(`${scope} ${id}`) ?? []).map(({ limit, key }) => ({
      limit,
      bucket: key.bucket,
      usage: used.get(periodKey(key)) ?? nothingUsed.usage,
    }));
  }
}

export const nothingUsed: CampaignCounters = {
  usage: { redemptionsCount: 0, discountAmount: 0 },
  ordersAmount: 0,
  customerUsage: { redemptionsCount: 0, discountAmount: 0 },
};

function toCounters(row: CampaignUsageRow): CampaignCounters {
  return {
    usage: { redemptionsCount: row.redemptions_count, discountAmount: row.discount_amount },
    ordersAmount: row.orders_amount,
    customerUsage: { redemptionsCount: row.used_by_customer, discountAmount: row.given_to_customer },
  };
}

export function campaignFacts(
  now: number,
  { sub, main }: Pair,
  counters: CampaignCounters,
  mainCounters: CampaignCounters,
  periodsOf: (scope: "campaign", id: string) => readonly PeriodFacts[],
): CampaignFacts {
  const local = localTime(now, sub.timeZone);
  const parent: MainCampaignFacts = { ...main, ...mainCounters, periods: periodsOf("campaign", main.id) };
  return {
    ...sub,
    ...counters,
    periods: periodsOf("campaign", sub.id),
    parent,
    localTime: local.time,
    localWeekday: local.weekday,
    localDate: local.date,
  };
}

function voucherFacts(projectId: string, voucher: VoucherRow, periods: readonly PeriodFacts[]): VoucherFacts {
  return {
    ...voucherDefinition(projectId, voucher),
    id: voucher.id,
    version: voucher.version,
    code: voucher.code,
    kind: voucher.kind,
    status: voucher.status,
    redemptionsMax: voucher.redemptions_max,
    assignedTo: voucher.assigned_id,
    balanceAmount: voucher.balance_amount,
    referrerId: voucher.referrer_id,
    pointsPaid: voucher.points_paid,
    startsAt: voucher.starts_at,
    expiresAt: voucher.expires_at,
    usage: { redemptionsCount: voucher.redemptions_count, discountAmount: voucher.discount_amount },
    customerUsage: { redemptionsCount: voucher.used_by_customer, discountAmount: voucher.given_to_customer },
    periods,
  };
}
