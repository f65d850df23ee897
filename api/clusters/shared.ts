/** What accounts share, and what that makes between each two of them. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { type ClusterEdge, edgesMax, type LinkKind, linkKinds, type SharedSubject } from "./wire.ts";

/** Up to so many, everybody is joined with everybody; beyond, the first with each other: as telling, and far fewer. */
const cliqueMax = 5;
const subjectsMax = 500;
const kindWeights: Readonly<Record<LinkKind, number>> = { card: 1, device: 1, address: 0.6, ip: 0.3 };

const sharedRow = z.object({ kind: z.enum(linkKinds), label: z.string(), customers: z.array(z.string()) });

/** What two or more of these customers share, the strongest first. Customers in the order in which they were seen with it. */
export async function sharedBy(
  warehouse: ClickHouseClient,
  projectId: string,
  customers: readonly string[],
): Promise<SharedSubject[]> {
  if (customers.length < 2) return [];
  // Which things the customers were seen with is found by the index of customers; who else was, by the sort key.
  const result = await warehouse.query({
    query: `
      SELECT kind, substring(lower(hex(cityHash64(subject))), 1, 6) AS label,
        arrayFilter(c -> has({customers: Array(String)}, c), arrayMap(a -> a.1, accounts)) AS customers
      FROM shared_subjects
      WHERE project_id = {project: String} AND links AND (kind, subject) IN
      (
        SELECT kind, subject FROM account_subjects
        WHERE project_id = {project: String} AND customer IN {customers: Array(String)}
      )
        AND length(customers) >= 2
      ORDER BY multiIf(kind = 'card', 0, kind = 'device', 1, kind = 'address', 2, 3), length(customers) DESC, subject
      LIMIT {limit: UInt32}`,
    query_params: { project: projectId, customers: [...customers], limit: subjectsMax },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 10 },
  });
  return z.array(sharedRow).parse(await result.json());
}

export function toEdges(shared: readonly SharedSubject[]): ClusterEdge[] {
  const edges = new Map<string, ClusterEdge>();
  for (const { kind, customers } of shared) {
    // As in the mart linked_edges.
    const weight = kindWeights[kind] / Math.log2(Math.max(2, customers.length));
    for (const [a, b] of pairs(customers)) {
      const key = JSON.stringify([a, b, kind]);
      const known = edges.get(key);
      if (!known || known.weight < weight) edges.set(key, { a, b, kind, weight: Math.round(weight * 1_000) / 1_000 });
    }
  }
  return [...edges.values()].sort((one, other) => other.weight - one.weight).slice(0, edgesMax);
}

function* pairs(customers: readonly string[]): Generator<[string, string]> {
  for (const [at, one] of customers.entries()) {
    if (at > 0 && customers.length > cliqueMax) return;
    for (const other of customers.slice(at + 1)) yield one < other ? [one, other] : [other, one];
  }
}
