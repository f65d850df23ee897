/** Customers for their pages, from the marts: the first few by value, and one in full. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";

const listMax = 50;
const entriesMax = 100;

const listRow = z.object({
  customer: z.string(),
  name: z.string(),
  currency: z.string(),
  orders_count: z.int(),
  orders_amount: z.int(),
  redemptions_count: z.int(),
  discount_amount: z.int(),
  rejections_count: z.int(),
  last_seen_at: z.string(),
});

const record = z.string().transform((text): Record<string, unknown> => {
  const value: unknown = text === "" ? {} : JSON.parse(text);
  return z.record(z.string(), z.unknown()).catch({}).parse(value);
});

const profileRow = listRow.extend({
  attributes: record,
  tags: record,
  created_at: z.string().nullable(),
  first_seen_at: z.string(),
  average_order_amount: z.number().nullable(),
  recency_days: z.int().nullable(),
  discounted_orders_share: z.number().nullable(),
  favourite_category: z.string(),
  favourite_campaign_name: z.string(),
  risk_score_max: z.number().nullable(),
  flagged_count: z.int(),
});

const entryRow = z.object({
  /** What happened, as a status word: paid, redeemed, rolled_back, rejected … */
  kind: z.string(),
  at: z.string(),
  /** The code or the order. */
  title: z.string(),
  detail: z.string(),
  campaign_id: z.string(),
  amount: z.int().nullable(),
  currency: z.string(),
});

const settings = {
  max_execution_time: 10,
  date_time_output_format: "iso",
  output_format_json_quote_64bit_integers: 0,
} as const;

/** Those who spent most; with a search, of those whose identifier or name contains it, in any case. */
export async function listCustomers(warehouse: ClickHouseClient, projectId: string, search: string) {
  const result = await warehouse.query({
    query: `
      SELECT
        customer, name, currency, orders_count, orders_amount, redemptions_count, discount_amount, rejections_count,
        last_seen_at
      FROM customers
      WHERE project_id = {project: String}
        AND ({search: String} = ''
          OR positionCaseInsensitiveUTF8(customer, {search: String}) > 0
          OR positionCaseInsensitiveUTF8(name, {search: String}) > 0)
      ORDER BY orders_amount DESC, redemptions_count DESC, last_seen_at DESC, customer
      LIMIT ${listMax}`,
    query_params: { project: projectId, search },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(listRow).parse(await result.json());
}

/** Undefined: unknown in this project, or erased. */
export async function readCustomer(warehouse: ClickHouseClient, projectId: string, customer: string) {
  const [customers, entries] = await Promise.all([
    readProfile(warehouse, projectId, customer),
    readTimeline(warehouse, projectId, customer),
  ]);
  const [profile] = customers;
  if (!profile) return undefined;
  return {
    customer: profile,
    timeline: entries.slice(0, entriesMax),
    timeline_more: entries.length > entriesMax,
  };
}

async function readProfile(warehouse: ClickHouseClient, projectId: string, customer: string) {
  const result = await warehouse.query({
    query: `
      SELECT
        c.customer AS customer, c.name AS name, c.currency AS currency, c.orders_count AS orders_count,
        c.orders_amount AS orders_amount, c.redemptions_count AS redemptions_count,
        c.discount_amount AS discount_amount, c.rejections_count AS rejections_count, c.last_seen_at AS last_seen_at,
        c.attributes AS attributes, c.tags AS tags, c.created_at AS created_at, c.first_seen_at AS first_seen_at,
        c.average_order_amount AS average_order_amount, c.recency_days AS recency_days,
        c.discounted_orders_share AS discounted_orders_share, c.favourite_category AS favourite_category,
        ifNull(a.name, '') AS favourite_campaign_name, c.risk_score_max AS risk_score_max,
        c.flagged_count AS flagged_count
      FROM customers AS c
      LEFT JOIN (SELECT campaign_id, name FROM campaigns WHERE project_id = {project: String}) AS a
        ON a.campaign_id = c.favourite_campaign_id
      WHERE c.project_id = {project: String} AND c.customer = {customer: String}`,
    query_params: { project: projectId, customer },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z
    .array(profileRow)
    .max(1)
    .parse(await result.json());
}

/** Newest first, one more than is shown. A rejection is one entry, with all its reasons. */
async function readTimeline(warehouse: ClickHouseClient, projectId: string, customer: string) {
  const result = await warehouse.query({
    query: `
      WITH named AS (SELECT campaign_id, name FROM campaigns WHERE project_id = {project: String})
      SELECT e.kind AS kind, e.at AS at, e.title AS title,
        if(e.reasons != '', e.reasons, ifNull(named.name, '')) AS detail,
        e.campaign_id AS campaign_id, e.amount AS amount, e.currency AS currency
      FROM
      (
        SELECT status AS kind, updated_at AS at, concat('Order ', order_id) AS title, '' AS reasons, '' AS campaign_id,
          toNullable(total_amount) AS amount, currency
        FROM orders
        WHERE project_id = {project: String} AND customer = {customer: String}
        UNION ALL
        SELECT 'redeemed', occurred_at, if(automatic = 1, 'Without a code', code), '', campaign_id, toNullable(discount_amount), currency
        FROM redemptions
        WHERE project_id = {project: String} AND customer = {customer: String}
        UNION ALL
        SELECT 'rolled_back', assumeNotNull(rolled_back_at), if(automatic = 1, 'Without a code', code), '', campaign_id,
          toNullable(rolled_back_amount), currency
        FROM redemptions
        WHERE project_id = {project: String} AND customer = {customer: String} AND rolled_back = 1
        UNION ALL
        SELECT 'rejected', min(occurred_at), any(arrayStringConcat(codes, ', ')),
          arrayStringConcat(groupUniqArray(replaceAll(reason_key, '_', ' ')), ', '), any(rejections.campaign_id),
          toNullable(any(order_amount)), any(currency)
        FROM rejections
        WHERE project_id = {project: String} AND customer = {customer: String}
        GROUP BY rejection_id
      ) AS e
      LEFT JOIN named ON named.campaign_id = e.campaign_id
      ORDER BY at DESC, kind, title
      LIMIT ${entriesMax + 1}`,
    query_params: { project: projectId, customer },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(entryRow).parse(await result.json());
}
