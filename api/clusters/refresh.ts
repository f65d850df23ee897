/**
 * Keeps `account_clusters` up to date: who is linked to whom by shared cards, devices, addresses and IPs. What is shared is
 * found by the warehouse, a walk in the order of a table; the components are found here, while its answer streams in.
 *
 * It can miss nobody. Every insert into `events_raw` leaves a mark at what was seen, late events and imports too; a pass
 * looks at what was marked since the one before, and settled marks once more, as a row and its mark do not become
 * visible at the same instant. Only projects are computed in which that could change a cluster, all of each. What no
 * event tells, that a link has grown too old, is found by the daily pass over everything.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { newId } from "../ids.ts";
import { Components } from "./components.ts";
import { type Known, nameClusters } from "./name-clusters.ts";

/** Longer than an insert takes from its first row to being visible: clients give up after 30 seconds. */
const settleSeconds = 120;
const wholePassEveryHours = 24;
/** Of one project: some 300 bytes each while it is computed. A project with more keeps the clusters it has. */
const accountsMax = 2_000_000;
const insertRows = 20_000;
const settings = { max_execution_time: 120, optimize_aggregation_in_order: 1 } as const;

export interface RefreshedClusters {
  readonly projects: number;
  /** Accounts that were put into a cluster, moved to another, or taken out. */
  readonly accounts: number;
  readonly whole: boolean;
  /** Projects with more linked accounts than are computed. */
  readonly tooLarge: readonly string[];
}

export interface RefreshOptions {
  /** Compute every project, changed or not; when absent, if the last such pass is a day ago. */
  readonly whole?: boolean;
  /** Runs what is done for one project, reading and writing: under a lock, say. */
  readonly guard?: (work: () => Promise<void>) => Promise<void>;
  /** Looked at between two projects; what was not done is done by the next pass. */
  readonly signal?: AbortSignal;
}

/**
 * One pass: afterwards clusters say at least what the events said when it began. One at a time.
 *
 * @throws ClickHouseError; the pass may be repeated.
 */
export async function refreshClusters(
  warehouse: ClickHouseClient,
  options: RefreshOptions = {},
): Promise<RefreshedClusters> {
  const { startedAt, lastStartedAt, wholeAgeHours } = await readPasses(warehouse);
  const whole = options.whole ?? wholeAgeHours >= wholePassEveryHours;
  const due = whole ? await everyProject(warehouse) : await changedProjects(warehouse, lastStartedAt);
  const tooLarge: string[] = [];
  let accounts = 0;
  for (const projectId of due) {
    if (options.signal?.aborted) return { projects: 0, accounts, whole, tooLarge };
    await (options.guard ?? ((work) => work()))(async () => {
      const changed = await refreshProject(warehouse, projectId);
      if (changed === "too large") tooLarge.push(projectId);
      else accounts += changed;
    });
  }
  // Whoever guards may have left out the last one.
  if (options.signal?.aborted) return { projects: 0, accounts, whole, tooLarge };
  await warehouse.insert({
    table: "account_clusters_pass",
    values: [
      {
        finished_at: new Date().toISOString(),
        started_at: startedAt,
        whole: whole ? 1 : 0,
        projects_count: due.length,
      },
    ],
    format: "JSONEachRow",
  });
  return { projects: due.length, accounts, whole, tooLarge };
}

const passRow = z.object({ started_at: z.string(), last_started_at: z.string(), whole_age_hours: z.number() });

async function readPasses(warehouse: ClickHouseClient) {
  const [row] = await ask(warehouse, passRow, {
    query: `
      SELECT toString(now64(3, 'UTC')) AS started_at, toString(max(p.started_at)) AS last_started_at,
        dateDiff('hour', maxIf(p.started_at, whole = 1), now64(3, 'UTC')) AS whole_age_hours
      FROM account_clusters_pass AS p`,
  });
  if (!row) throw new Error("the warehouse did not say how far the clusters are");
  return { startedAt: row.started_at, lastStartedAt: row.last_started_at, wholeAgeHours: row.whole_age_hours };
}

const projectRow = z.object({ project_id: z.string() });

async function everyProject(warehouse: ClickHouseClient): Promise<string[]> {
  const rows = await ask(warehouse, projectRow, {
    query: `
      SELECT project_id FROM (SELECT project_id FROM account_subjects UNION DISTINCT SELECT project_id FROM account_clusters)
      ORDER BY project_id`,
  });
  return rows.map((row) => row.project_id);
}

/**
 * Where something was seen that links accounts which are not in one cluster, or that has come to link too many to
 * link anybody. A card that is used again by the two who always have changes nothing, and costs nothing more.
 */
async function changedProjects(warehouse: ClickHouseClient, since: string): Promise<string[]> {
  const marks = "marked_at >= {since: DateTime64(3, 'UTC')} - {settle: UInt32}";
  const rows = await ask(warehouse, projectRow, {
    query: `
      SELECT DISTINCT project_id FROM
      (
        SELECT s.project_id AS project_id
        FROM
        (
          SELECT project_id, kind, subject, links, accounts_max, account.1 AS customer, account.4 AS heard_at
          FROM shared_subjects
          ARRAY JOIN accounts AS account
          WHERE (project_id, kind, subject) IN
            (SELECT project_id, kind, subject FROM account_subjects_changed WHERE ${marks})
        ) AS s
        LEFT JOIN (SELECT project_id, customer, cluster_id FROM account_clusters FINAL) AS c
          ON c.project_id = s.project_id AND c.customer = s.customer
        GROUP BY s.project_id, s.kind, s.subject
        HAVING (any(s.links) AND (uniqExact(c.cluster_id) > 1 OR any(c.cluster_id) = ''))
          OR (NOT any(s.links) AND countIf(s.heard_at < {since: DateTime64(3, 'UTC')} - {settle: UInt32})
            <= any(s.accounts_max))
        UNION ALL
        SELECT project_id FROM account_subjects_changed WHERE kind = '' AND ${marks}
      )
      ORDER BY project_id`,
    params: { since, settle: settleSeconds },
  });
  return rows.map((row) => row.project_id);
}

/** @returns how many accounts changed their cluster, were put into one, or taken out. */
async function refreshProject(warehouse: ClickHouseClient, projectId: string): Promise<number | "too large"> {
  const linked = await readLinks(warehouse, projectId);
  if (linked === "too large") return linked;
  const known = await readKnown(warehouse, projectId);
  const groups = linked.components.list();
  const names = nameClusters(groups, known, () => newId("clu"));
  const rows: { customer: string; cluster_id: string; first_seen_at: number; gone: number }[] = [];
  for (const [at, group] of groups.entries()) {
    const clusterId = names[at] ?? "";
    for (const customer of group) {
      const before = known.get(customer);
      const firstSeenAt = linked.firstSeen.get(customer) ?? 0;
      known.delete(customer);
      if (before?.clusterId === clusterId && before.firstSeenAt === firstSeenAt) continue;
      rows.push({ customer, cluster_id: clusterId, first_seen_at: firstSeenAt, gone: 0 });
    }
  }
  // Whoever was not named just now is linked to nobody any more.
  for (const [customer, { clusterId, firstSeenAt }] of known) {
    rows.push({ customer, cluster_id: clusterId, first_seen_at: firstSeenAt, gone: 1 });
  }
  await write(warehouse, projectId, rows);
  return rows.length;
}

const linkRow = z.tuple([z.array(z.string()), z.array(z.int())]);

async function readLinks(warehouse: ClickHouseClient, projectId: string) {
  const components = new Components();
  const firstSeen = new Map<string, number>();
  const result = await warehouse.query({
    query: `
      SELECT arrayMap(a -> a.1, accounts), arrayMap(a -> toUnixTimestamp64Milli(a.2), accounts)
      FROM shared_subjects WHERE project_id = {project: String} AND links`,
    query_params: { project: projectId },
    format: "JSONCompactEachRow",
    clickhouse_settings: settings,
  });
  for await (const rows of result.stream()) {
    for (const row of rows) {
      const [customers, times] = linkRow.parse(row.json());
      for (const [at, customer] of customers.entries()) {
        components.unite(customers[0] ?? customer, customer);
        const time = times[at] ?? 0;
        firstSeen.set(customer, Math.min(firstSeen.get(customer) ?? time, time));
      }
    }
    // The stream ends where it is left.
    if (components.size > accountsMax) return "too large";
  }
  return { components, firstSeen };
}

const knownRow = z.tuple([z.string(), z.string(), z.int()]);

async function readKnown(warehouse: ClickHouseClient, projectId: string): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  const result = await warehouse.query({
    query: `
      SELECT customer, cluster_id, toUnixTimestamp64Milli(first_seen_at)
      FROM account_clusters FINAL WHERE project_id = {project: String}`,
    query_params: { project: projectId },
    format: "JSONCompactEachRow",
    clickhouse_settings: settings,
  });
  for await (const rows of result.stream()) {
    for (const row of rows) {
      const [customer, clusterId, firstSeenAt] = knownRow.parse(row.json());
      known.set(customer, { clusterId, firstSeenAt });
    }
  }
  return known;
}

async function write(
  warehouse: ClickHouseClient,
  projectId: string,
  rows: readonly { customer: string; cluster_id: string; first_seen_at: number; gone: number }[],
): Promise<void> {
  // After whatever an earlier pass wrote: only one runs at a time, and the clock of the warehouse says when.
  const [now] = await ask(warehouse, z.object({ version: z.int() }), {
    query: "SELECT toUnixTimestamp64Micro(now64(6)) AS version",
  });
  for (let at = 0; at < rows.length; at += insertRows) {
    await warehouse.insert({
      table: "account_clusters",
      values: rows.slice(at, at + insertRows).map((row) => ({
        ...row,
        project_id: projectId,
        first_seen_at: new Date(row.first_seen_at).toISOString(),
        version: now?.version,
      })),
      format: "JSONEachRow",
    });
  }
}

async function ask<Row extends z.ZodType>(
  warehouse: ClickHouseClient,
  row: Row,
  question: { readonly query: string; readonly params?: Record<string, unknown> },
): Promise<z.output<Row>[]> {
  const result = await warehouse.query({
    query: question.query,
    query_params: question.params ?? {},
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(row).parse(await result.json());
}
