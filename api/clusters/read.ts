/** Linked accounts of one customer or of one cluster, from the warehouse, as of some seconds ago. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { findCluster } from "./list.ts";
import { sharedBy, toEdges } from "./shared.ts";
import { type Cluster, type ClusterNode, nodesMax } from "./wire.ts";

const settings = { max_execution_time: 10 };

/** The cluster that a customer is in. Null: nothing links the customer to anybody. */
export async function readCluster(
  warehouse: ClickHouseClient,
  projectId: string,
  customer: string,
): Promise<Cluster | null> {
  const known = await readClusterSizes(warehouse, projectId, [customer]);
  const id = known.get(customer)?.cluster_id;
  return id === undefined ? null : readClusterById(warehouse, projectId, id);
}

/** Null: there is no such cluster in the project, or it was merged into an older one. */
export async function readClusterById(
  warehouse: ClickHouseClient,
  projectId: string,
  clusterId: string,
): Promise<Cluster | null> {
  const summary = await findCluster(warehouse, projectId, clusterId);
  if (!summary) return null;
  const nodes = await readNodes(warehouse, projectId, clusterId);
  const shared = await sharedBy(
    warehouse,
    projectId,
    nodes.map((node) => node.customer),
  );
  return { ...summary, nodes, edges: toEdges(shared), shared };
}

const sizeRow = z.object({ customer: z.string(), cluster_id: z.string(), customers_count: z.int() });

/** For lists: which of these customers (at most some hundreds) are linked, and to how many in all, themselves included. */
export async function readClusterSizes(
  warehouse: ClickHouseClient,
  projectId: string,
  customers: readonly string[],
): Promise<ReadonlyMap<string, { readonly cluster_id: string; readonly customers_count: number }>> {
  if (customers.length === 0) return new Map();
  const result = await warehouse.query({
    query: `
      SELECT m.customer AS customer, m.cluster_id AS cluster_id, s.customers_count AS customers_count
      FROM
      (
        SELECT customer, cluster_id FROM account_clusters FINAL
        WHERE project_id = {project: String} AND customer IN {customers: Array(String)}
      ) AS m
      INNER JOIN
      (
        SELECT cluster_id, count() AS customers_count FROM account_clusters FINAL
        WHERE project_id = {project: String}
        GROUP BY cluster_id
      ) AS s ON s.cluster_id = m.cluster_id`,
    query_params: { project: projectId, customers: [...customers] },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const rows = z.array(sizeRow).parse(await result.json());
  return new Map(rows.map(({ customer, ...cluster }) => [customer, cluster]));
}

const nodeRow = z.object({
  customer: z.string(),
  first_seen_at: z.string(),
  last_seen_at: z.string(),
  redemptions_count: z.int(),
  currency: z.string(),
  discount_amount: z.int(),
  rejections_count: z.int(),
  risk_score_max: z.number().nullable(),
});

async function readNodes(warehouse: ClickHouseClient, projectId: string, clusterId: string): Promise<ClusterNode[]> {
  const result = await warehouse.query({
    query: `
      SELECT customer, first_seen_at, last_seen_at, redemptions_count, currency, discount_amount, rejections_count,
        risk_score_max
      FROM linked_accounts
      WHERE project_id = {project: String} AND cluster_id = {cluster: String}
      ORDER BY discount_amount DESC, first_seen_at, customer
      LIMIT {limit: UInt32}`,
    query_params: { project: projectId, cluster: clusterId, limit: nodesMax },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(nodeRow).parse(await result.json());
}
