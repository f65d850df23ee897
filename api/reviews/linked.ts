/** Who is linked to the customers of a page of reviews. A queue without it is still a queue. */
import { z } from "zod";
import { readClusterSizes } from "../clusters/read.ts";
import type { Deps } from "../deps.ts";

export type Links = ReadonlyMap<
  string,
  { readonly clusterId: string; readonly count: number; readonly others: readonly string[] }
>;

export const noLinks: Links = new Map();

const shownMax = 20;
const row = z.object({ cluster_id: z.string(), customers: z.array(z.string()) });

/** Empty when the warehouse does not answer: that is logged, not thrown. */
export async function readLinks(
  { warehouse, log }: Pick<Deps, "warehouse" | "log">,
  projectId: string,
  customers: readonly string[],
): Promise<Links> {
  if (customers.length === 0) return noLinks;
  try {
    const sizes = await readClusterSizes(warehouse, projectId, [...new Set(customers)]);
    if (sizes.size === 0) return noLinks;
    const result = await warehouse.query({
      query: `
        SELECT cluster_id, groupArray({shown: UInt32} + 1)(customer) AS customers
        FROM
        (
          SELECT cluster_id, customer FROM account_clusters FINAL
          WHERE project_id = {project: String} AND cluster_id IN {clusters: Array(String)}
          ORDER BY first_seen_at, customer
        )
        GROUP BY cluster_id`,
      query_params: {
        project: projectId,
        clusters: [...new Set([...sizes.values()].map((one) => one.cluster_id))],
        shown: shownMax,
      },
      format: "JSONEachRow",
      clickhouse_settings: { max_execution_time: 5 },
    });
    const members = new Map(
      z
        .array(row)
        .parse(await result.json())
        .map((one) => [one.cluster_id, one.customers]),
    );
    return new Map(
      [...sizes].map(([customer, { cluster_id, customers_count }]) => {
        const others = (members.get(cluster_id) ?? []).filter((other) => other !== customer).slice(0, shownMax);
        return [customer, { clusterId: cluster_id, count: customers_count, others }];
      }),
    );
  } catch (error) {
    log.warn({ err: error }, "linked accounts could not be read");
    return noLinks;
  }
}
