/** Clusters with their figures, from the mart. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "@hono/zod-openapi";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import type { ClusterSummary } from "./wire.ts";

export const clusterSorts = ["money", "growth", "size"] as const;
export type ClusterSort = (typeof clusterSorts)[number];

const sortColumns: Readonly<Record<ClusterSort, string>> = {
  money: "discount_amount",
  growth: "growth_7d",
  size: "customers_count",
};

const columns = `cluster_id, customers_count,
  map('card', cards_count, 'device', devices_count, 'address', addresses_count, 'ip', ips_count) AS subjects,
  redemptions_count, currency, discount_amount, discount_amounts, rejections_count,
  reviews_open_count, reviews_confirmed_count, growth_7d, first_seen_at, last_seen_at`;

const row = z.object({
  cluster_id: z.string(),
  customers_count: z.int(),
  subjects: z.record(z.string(), z.int()),
  redemptions_count: z.int(),
  currency: z.string(),
  discount_amount: z.int(),
  discount_amounts: z.record(z.string(), z.int()),
  rejections_count: z.int(),
  reviews_open_count: z.int(),
  reviews_confirmed_count: z.int(),
  growth_7d: z.int(),
  first_seen_at: z.string(),
  last_seen_at: z.string(),
});

const settings = { max_execution_time: 10 };

export async function findCluster(
  warehouse: ClickHouseClient,
  projectId: string,
  clusterId: string,
): Promise<ClusterSummary | undefined> {
  const result = await warehouse.query({
    query: `SELECT ${columns} FROM clusters WHERE project_id = {project: String} AND cluster_id = {cluster: String}`,
    query_params: { project: projectId, cluster: clusterId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(row).parse(await result.json())[0];
}

export interface ClusterQuery {
  readonly sort: ClusterSort;
  /** One currency's clusters only: amounts of different ones have no order. */
  readonly currency?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The largest first; equal ones by id. Figures move while one pages: a cluster that grew meanwhile may come twice. */
export async function listClusters(
  warehouse: ClickHouseClient,
  projectId: string,
  { sort, currency, limit, cursor }: ClusterQuery,
): Promise<Page<ClusterSummary>> {
  const after = readCursor(cursor, z.tuple([z.int(), z.string()]));
  const column = sortColumns[sort];
  const result = await warehouse.query({
    query: `
      SELECT ${columns} FROM clusters
      WHERE project_id = {project: String}
        ${currency === undefined ? "" : "AND currency = {currency: String}"}
        ${after ? `AND (${column} < {value: Int64} OR (${column} = {value: Int64} AND cluster_id > {id: String}))` : ""}
      ORDER BY ${column} DESC, cluster_id
      LIMIT {limit: UInt32}`,
    query_params: {
      project: projectId,
      ...(currency === undefined ? {} : { currency }),
      ...(after ? { value: after[0], id: after[1] } : {}),
      limit: limit + 1,
    },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const rows = z.array(row).parse(await result.json());
  const keyOf = (summary: ClusterSummary) =>
    [
      { money: summary.discount_amount, growth: summary.growth_7d, size: summary.customers_count }[sort],
      summary.cluster_id,
    ] as const;
  return toPage(rows, limit, keyOf, (summary) => summary);
}
