/** The redemptions of the last days that share a code, a device, a card … with attempts that have become suspect. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { type AnnouncedKind, announcedKinds } from "../../../models/features/signals/kinds.ts";

/** Older ones are the business of reports. */
const lookedDays = 7;
/** Of the same code: one that has leaked was in honest hands the day before. */
const codeDays = 1;
/** The newest; the next pass finds what is left, if it is still asked for. */
const candidatesMax = 500;
/** What somebody else may share by chance says nothing of an earlier redemption. */
const linking: readonly AnnouncedKind[] = ["device", "card", "address", "email_shape"];
/** Of the same address of the internet: strangers have it one after the other, thousands of them at a mobile carrier. */
const ipHours = 1;

const settings = { max_execution_time: 20, max_memory_usage: "1000000000", max_threads: 2 } as const;

const candidate = z.object({
  redemption_id: z.string(),
  at: z.coerce.number(),
  customer: z.string(),
  currency: z.string(),
  amount: z.coerce.number(),
  discount_amount: z.coerce.number(),
  channel: z.string(),
  lines_count: z.coerce.number(),
  items_quantity: z.coerce.number(),
  codes: z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])),
  signals: z.record(z.string(), z.string()),
  self_referral: z.coerce.number(),
});
export type Candidate = z.output<typeof candidate>;

/**
 * @param subjects ids of what was marked.
 * @param asOf epoch milliseconds of the last of them: what came later is not looked at.
 * @returns the newest first; each was allowed, and never scored again.
 */
export async function findCandidates(
  warehouse: ClickHouseClient,
  projectId: string,
  subjects: readonly string[],
  asOf: number,
): Promise<Candidate[]> {
  const kinds = linking.map((kind) => `'${kind}'`).join(", ");
  const result = await warehouse.query({
    query: `
      WITH
        recent AS
        (
          SELECT * FROM events
          WHERE project_id = {project: String}
            AND occurred_at >= fromUnixTimestamp64Milli({as_of: Int64}) - INTERVAL ${lookedDays} DAY
            AND (occurred_at <= fromUnixTimestamp64Milli({as_of: Int64}) OR type = 'risk.rescored')
            AND type IN ('redemption.succeeded', 'redemption.rejected', 'redemption.rolled_back', 'reservation.created', 'risk.rescored')
        ),
        marked AS
        (
          SELECT
            groupUniqArrayArray(5000)(arrayFilter(id -> id != '', codes.voucher_id)) AS vouchers,
            groupUniqArrayIf(5000)(customer, customer != '') AS customers,
            groupUniqArrayIf(5000)(signals['ip'], signals['ip'] != '') AS ips,
            groupUniqArrayArray(10000)(arrayMap(kind -> (kind, signals[kind]), arrayFilter(kind -> signals[kind] != '', [${kinds}]))) AS shared
          FROM recent
          WHERE subject_id IN {subjects: Array(String)} AND type != 'risk.rescored'
        )
      SELECT
        redemption_id, toUnixTimestamp64Milli(occurred_at) AS at, customer, toString(currency) AS currency, amount,
        discount_amount, toString(channel) AS channel, length(items.sku) AS lines_count,
        arraySum(items.quantity) AS items_quantity,
        arrayZip(codes.code, codes.voucher_id, codes.campaign_id, codes.main_campaign_id) AS codes,
        CAST(signals, 'Map(String, String)') AS signals,
        JSONExtractFloat(payload, 'risk', 'features', 'self_referral') AS self_referral
      FROM recent
      WHERE type = 'redemption.succeeded' AND risk_action = 'allow'
        AND redemption_id NOT IN (SELECT redemption_id FROM recent WHERE type = 'risk.rescored')
        AND (
          (hasAny(codes.voucher_id, (SELECT vouchers FROM marked))
            AND occurred_at >= fromUnixTimestamp64Milli({as_of: Int64}) - INTERVAL ${codeDays} DAY)
          OR (signals['ip'] != '' AND has((SELECT ips FROM marked), signals['ip'])
            AND occurred_at >= fromUnixTimestamp64Milli({as_of: Int64}) - INTERVAL ${ipHours} HOUR)
          OR (customer != '' AND has((SELECT customers FROM marked), customer))
          OR hasAny(arrayMap(kind -> (kind, signals[kind]), arrayFilter(kind -> signals[kind] != '', [${kinds}])), (SELECT shared FROM marked)))
      ORDER BY occurred_at DESC, redemption_id
      LIMIT ${candidatesMax}`,
    query_params: { project: projectId, subjects, as_of: Math.trunc(asOf) },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(candidate).parse(await result.json());
}

export function announcedOf({ signals }: Candidate): Partial<Record<AnnouncedKind, string>> {
  return Object.fromEntries(announcedKinds.flatMap((kind) => (signals[kind] ? [[kind, signals[kind]]] : [])));
}
