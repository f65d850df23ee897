/**
 * What both stores must agree on. Each pair of queries answers the same question in the same groups; the columns are
 * project_id, key, day, count and amount, all text, so that sums of any size compare exactly.
 *
 * A check whose groups have a day says `{within:column}` where rows of other days can be left out: it is then compared
 * for single days too.
 */
export interface Check {
  readonly name: string;
  /** What `key` is. */
  readonly by: string;
  /** What `amount` is; undefined where only counts are compared. */
  readonly sum?: string;
  /** Parameters, for a query that names them: $1, $2 the position in the outbox to begin at. */
  readonly postgres: string;
  /** Reads `events_then`: the events of the transactions and days that Postgres' answer covers. */
  readonly warehouse: string;
}

export const postgresDay = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD')`;
export const warehouseDay = "toString(toDate(occurred_at))";

export const checks: readonly Check[] = [
  {
    name: "redemptions",
    by: "currency",
    sum: "order amount",
    postgres: `
      select project_id, currency as key, ${postgresDay("occurred_at")} as day, count(*)::text as count, sum(amount)::text as amount
      from redemption where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, currency AS key, ${warehouseDay} AS day, toString(count()) AS count, toString(sum(events_then.amount)) AS amount
      FROM events_then WHERE type = 'redemption.succeeded' GROUP BY project_id, key, day`,
  },
  {
    name: "redeemed codes",
    by: "campaign",
    sum: "discount",
    postgres: `
      select c.project_id, c.campaign_id as key, ${postgresDay("r.occurred_at")} as day, count(*)::text as count,
             sum(c.discount_amount)::text as amount
      from redemption_code c join redemption r on r.project_id = c.project_id and r.id = c.redemption_id
      where {within:r.occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, code.1 AS key, ${warehouseDay} AS day, toString(count()) AS count, toString(sum(code.2)) AS amount
      FROM events_then ARRAY JOIN arrayZip(codes.campaign_id, codes.discount_amount) AS code
      WHERE type = 'redemption.succeeded' GROUP BY project_id, key, day`,
  },
  {
    name: "rollbacks",
    by: "extent",
    sum: "discount",
    postgres: `
      select project_id, case when whole then 'whole' else 'part' end as key, ${postgresDay("occurred_at")} as day,
             count(*)::text as count, sum(discount_amount)::text as amount
      from redemption_rollback where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, if(outcome = 'part', 'part', 'whole') AS key, ${warehouseDay} AS day, toString(count()) AS count,
        toString(sum(events_then.discount_amount)) AS amount
      FROM events_then WHERE type = 'redemption.rolled_back' GROUP BY project_id, key, day`,
  },
  {
    // Of the ledger: what each rollback gave back of each campaign, main and sub. Counts those that gave back anything.
    name: "rollbacks",
    by: "campaign",
    sum: "discount",
    postgres: `
      select l.project_id, x.id as key, ${postgresDay("l.occurred_at")} as day, count(*)::text as count,
             sum(-x.amount)::text as amount
      from ledger l, jsonb_to_recordset(l.lines) as x(kind text, id text, amount bigint)
      where l.kind = 'rollback' and x.kind = 'campaign' and x.amount <> 0 and {within:l.occurred_at}
      group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, code.1 AS key, ${warehouseDay} AS day,
        toString(uniqExactIf(event_id, code.2 != 0)) AS count, toString(sum(code.2)) AS amount
      FROM events_then
      ARRAY JOIN arrayConcat(arrayZip(codes.campaign_id, codes.discount_amount),
        arrayZip(codes.main_campaign_id, codes.discount_amount)) AS code
      WHERE type = 'redemption.rolled_back' GROUP BY project_id, key, day HAVING count != '0'`,
  },
  {
    name: "standing redemptions",
    by: "currency",
    sum: "discount",
    postgres: `
      select project_id, currency as key, '' as day, count(*) filter (where status = 'redeemed')::text as count,
             sum(discount_amount - rolled_back_amount)::text as amount
      from redemption group by 1, 2`,
    warehouse: `
      SELECT project_id, currency AS key, '' AS day,
        toString(toInt64(countIf(type = 'redemption.succeeded'))
          - toInt64(countIf(type = 'redemption.rolled_back' AND outcome != 'part'))) AS count,
        toString(sum(if(type = 'redemption.succeeded', 1, -1) * events_then.discount_amount)) AS amount
      FROM events_then WHERE type IN ('redemption.succeeded', 'redemption.rolled_back') GROUP BY project_id, key`,
  },
  {
    name: "rejections",
    by: "currency",
    sum: "order amount",
    postgres: `
      select project_id, currency as key, ${postgresDay("occurred_at")} as day, count(*)::text as count, sum(amount)::text as amount
      from rejection where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, currency AS key, ${warehouseDay} AS day, toString(count()) AS count, toString(sum(events_then.amount)) AS amount
      FROM events_then WHERE type = 'redemption.rejected' GROUP BY project_id, key, day`,
  },
  {
    name: "rejections",
    by: "campaign",
    sum: "order amount",
    postgres: `
      select project_id, key, ${postgresDay("occurred_at")} as day, count(*)::text as count, sum(amount)::text as amount
      from rejection, unnest(campaign_ids) as key where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, arrayJoin(arrayDistinct(codes.campaign_id)) AS key, ${warehouseDay} AS day,
        toString(count()) AS count, toString(sum(events_then.amount)) AS amount
      FROM events_then WHERE type = 'redemption.rejected' GROUP BY project_id, key, day HAVING key != ''`,
  },
  {
    name: "publications",
    by: "campaign",
    postgres: `
      select project_id, campaign_id as key, ${postgresDay("published_at")} as day, count(*)::text as count, '0' as amount
      from publication where {within:published_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, campaign_id AS key, ${warehouseDay} AS day, toString(count()) AS count, '0' AS amount
      FROM events_then WHERE type = 'voucher.published' GROUP BY project_id, key, day`,
  },
  {
    name: "orders",
    by: "status",
    postgres: `
      select project_id, status as key, ${postgresDay("occurred_at")} as day, count(*)::text as count, '0' as amount
      from order_status where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, replaceOne(type, 'order.', '') AS key, ${warehouseDay} AS day, toString(count()) AS count, '0' AS amount
      FROM events_then WHERE type IN ('order.created', 'order.paid', 'order.cancelled', 'order.refunded')
      GROUP BY project_id, key, day`,
  },
  {
    name: "custom events",
    by: "name",
    postgres: `
      select project_id, name as key, ${postgresDay("occurred_at")} as day, count(*)::text as count, '0' as amount
      from custom_event where {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, name AS key, ${warehouseDay} AS day, toString(count()) AS count, '0' AS amount
      FROM events_then WHERE type = 'custom.recorded' GROUP BY project_id, key, day`,
  },
  {
    name: "customers",
    by: "project",
    postgres: `
      select project_id, '' as key, '' as day, count(*)::text as count, '0' as amount from customer group by 1`,
    warehouse: `
      SELECT project_id, '' AS key, '' AS day, toString(uniqExact(event_id)) AS count, '0' AS amount
      -- By event: who came again while an erasure was under way has a row and an event more, but the same pseudonym.
      FROM events_then WHERE type = 'customer.created' GROUP BY project_id`,
  },
  {
    name: "campaigns",
    by: "status",
    postgres: `
      select project_id, status as key, '' as day, count(*)::text as count, '0' as amount from campaign group by 1, 2`,
    warehouse: `
      SELECT project_id, status AS key, '' AS day, toString(count()) AS count, '0' AS amount
      FROM
      (
        SELECT project_id, campaign_id, argMax(outcome, (recorded_at, event_id)) AS status
        FROM events_then WHERE type IN ('campaign.created', 'campaign.updated', 'campaign.status_changed')
        GROUP BY project_id, campaign_id
      )
      GROUP BY project_id, key`,
  },
  {
    // The first 32 bits of a digest of each event's id and content, added up: one event in another's place shows too.
    name: "all events",
    by: "type",
    sum: "checksum",
    postgres: `
      select project_id, type as key, ${postgresDay("occurred_at")} as day, count(*)::text as count,
             sum(('x' || substr(md5(event_id || ' ' || payload::text), 1, 8))::bit(32)::bigint)::text as amount
      from outbox where (xid, seq) >= ($1::xid8, $2::bigint) and {within:occurred_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, type AS key, ${warehouseDay} AS day, toString(count()) AS count,
        toString(sum(reinterpretAsUInt32(reverse(substring(MD5(concat(event_id, ' ', payload)), 1, 4))))) AS amount
      FROM events_then
      WHERE (outbox_xid, outbox_seq) >= ({from_xid: UInt64}, {from_seq: UInt64})
      GROUP BY project_id, key, day`,
  },
];
