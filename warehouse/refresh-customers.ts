/**
 * Keeps `customers_wide` up to date: recomputes the wide rows of customers about whom anything was inserted, from the
 * live view `customers`, inside the warehouse.
 *
 * It can miss nobody. Every insert into `events_raw` leaves a mark in `customers_changed`, late events, imports and
 * repairs too. A row and its mark are not visible at the same instant, so a customer is recomputed at once, and once
 * more when the mark is settled: older than any insert can take. `customers_wide` itself says what is done, by
 * `refreshed_at`; so a pass may fail anywhere and be repeated, and several may run at once.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { forgetLinks } from "./forget-links.ts";
import { rowsTable } from "./rows-table.ts";

/** Longer than an insert takes from its first row to being visible: clients give up after 30 seconds. */
const settleSeconds = 120;
/** Customers recomputed by one statement, which bounds its memory; those that are named go into the request's URL. */
const batchSizes = { changed: 1_000, everybody: 20_000 } as const;
/** Marks are kept for 14 days; a pass over everybody comes long before. */
const wholePassEveryHours = 24;

const columns = [
  ...[
    "project_id",
    "customer",
    "name",
    "attributes",
    "tags",
    "created_at",
    "first_seen_at",
    "last_seen_at",
    "currency",
  ],
  ...["orders_count", "orders_amount", "average_order_amount", "first_order_at", "last_order_at", "redemptions_count"],
  ...["discount_amount", "discounted_orders_share", "rejections_count", "validations_count", "published_count"],
  ...["favourite_category", "favourite_categories", "favourite_campaign_id", "favourite_campaign_ids", "margin_amount"],
  ...["gift_card_balance_amount", "open_vouchers_count", "risk_score_max", "flagged_count", "points_balance"],
  ...["points_earned", "birthday", "consent", "metadata"],
].join(", ");

export interface RefreshedCustomers {
  /** Customers recomputed. */
  readonly customers: number;
  /** Whether everybody was, changed or not. */
  readonly whole: boolean;
}

export interface RefreshOptions {
  /** Recompute everybody, changed or not; when absent, if the last such pass is a day ago. */
  readonly whole?: boolean;
  /** Runs each batch, reading and writing: under a lock, say. */
  readonly guard?: (batch: () => Promise<void>) => Promise<void>;
  /** Looked at between two batches; what was not done is done by the next pass. */
  readonly signal?: AbortSignal;
}

/** A part of a project's customers, by their order: those after `after`, up to `upto`, and of these only `named`. */
interface Batch {
  readonly projectId: string;
  readonly after: string;
  readonly upto: string;
  readonly named?: readonly string[];
}

/**
 * One pass: afterwards every wide row says at least what the events said when the pass began.
 *
 * @throws ClickHouseError; the pass may be repeated.
 */
export async function refreshCustomers(
  warehouse: ClickHouseClient,
  options: RefreshOptions = {},
): Promise<RefreshedCustomers> {
  const { startedAt, lastStartedAt, wholeAgeHours } = await readPasses(warehouse);
  const whole = options.whole ?? wholeAgeHours >= wholePassEveryHours;
  const batches = whole ? everybody(warehouse) : changed(warehouse, lastStartedAt);
  let customers = 0;
  for await (const batch of batches) {
    if (options.signal?.aborted) return { customers, whole };
    await (options.guard ?? ((work) => work()))(async () => {
      customers += await refreshBatch(warehouse, batch);
    });
  }
  await warehouse.insert({
    table: "customers_wide_pass",
    values: [
      {
        finished_at: new Date().toISOString(),
        started_at: startedAt,
        whole: whole ? 1 : 0,
        customers_count: customers,
      },
    ],
    format: "JSONEachRow",
  });
  return { customers, whole };
}

/**
 * Removes customers from what is kept of them besides events; for erasures. Nobody may refresh meanwhile, or a row that
 * was just computed comes back.
 */
export async function forgetCustomers(
  warehouse: ClickHouseClient,
  projectId: string,
  customers: readonly string[],
): Promise<void> {
  for (let at = 0; at < customers.length; at += batchSizes.changed) {
    for (const table of ["customers_wide", "customers_changed", "customer_predictions_raw"]) {
      await warehouse.command({
        query: `DELETE FROM ${await rowsTable(warehouse, table)} WHERE project_id = {project: String} AND customer IN {customers: Array(String)}`,
        query_params: { project: projectId, customers: customers.slice(at, at + batchSizes.changed) },
        clickhouse_settings: { lightweight_deletes_sync: "2" },
      });
    }
  }
  await forgetLinks(warehouse, projectId, customers);
}

const passRow = z.object({ started_at: z.string(), last_started_at: z.string(), whole_age_hours: z.number() });

async function readPasses(warehouse: ClickHouseClient) {
  const result = await warehouse.query({
    query: `
      SELECT toString(now64(3, 'UTC')) AS started_at, toString(max(customers_wide_pass.started_at)) AS last_started_at,
        dateDiff('hour', maxIf(customers_wide_pass.started_at, whole = 1), now64(3, 'UTC')) AS whole_age_hours
      FROM customers_wide_pass`,
    format: "JSONEachRow",
  });
  const [row] = z
    .array(passRow)
    .length(1)
    .parse(await result.json());
  return {
    startedAt: row?.started_at ?? "",
    lastStartedAt: row?.last_started_at ?? "",
    wholeAgeHours: row?.whole_age_hours ?? 0,
  };
}

const dueRow = z.object({ project_id: z.string(), customer: z.string() });

/**
 * Who has a mark that no recomputation came after: none since it was made, or none since it was settled. Marks from
 * before the last pass were settled for that pass, so that older ones need not be read.
 */
async function* changed(warehouse: ClickHouseClient, lastStartedAt: string): AsyncGenerator<Batch> {
  let after = { project_id: "", customer: "" };
  for (;;) {
    const result = await warehouse.query({
      query: `
        SELECT m.project_id AS project_id, m.customer AS customer
        FROM
        (
          SELECT project_id, customer, max(marked_at) AS newest,
            maxIf(marked_at, marked_at <= now64(3) - {settle: UInt32}) AS settled
          FROM customers_changed
          WHERE marked_at >= {since: DateTime64(3, 'UTC')} - {settle: UInt32}
            AND (project_id, customer) > ({project: String}, {customer: String})
          GROUP BY project_id, customer
        ) AS m
        LEFT JOIN
        (
          SELECT project_id, customer, refreshed_at
          FROM customers_wide FINAL
          WHERE (project_id, customer) IN
          (
            SELECT project_id, customer FROM customers_changed
            WHERE marked_at >= {since: DateTime64(3, 'UTC')} - {settle: UInt32}
          )
        ) AS w ON w.project_id = m.project_id AND w.customer = m.customer
        WHERE w.refreshed_at <= m.newest OR (m.settled > 0 AND w.refreshed_at <= m.settled + {settle: UInt32})
        ORDER BY project_id, customer
        LIMIT {limit: UInt32}`,
      query_params: {
        since: lastStartedAt,
        settle: settleSeconds,
        project: after.project_id,
        customer: after.customer,
        limit: batchSizes.changed,
      },
      format: "JSONEachRow",
    });
    const rows = z.array(dueRow).parse(await result.json());
    const projects = new Map<string, string[]>();
    for (const row of rows) {
      const named = projects.get(row.project_id) ?? [];
      named.push(row.customer);
      projects.set(row.project_id, named);
    }
    for (const [projectId, named] of projects) yield { projectId, after: "", upto: named.at(-1) ?? "", named };
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchSizes.changed) return;
    after = last;
  }
}

const rangeRow = z.object({ upto: z.string(), customers: z.number() });

async function* everybody(warehouse: ClickHouseClient): AsyncGenerator<Batch> {
  const projects = await warehouse.query({
    query: "SELECT DISTINCT project_id FROM events_raw UNION DISTINCT SELECT DISTINCT project_id FROM customers_wide",
    format: "JSONEachRow",
  });
  for (const { project_id: projectId } of z.array(z.object({ project_id: z.string() })).parse(await projects.json())) {
    let after = "";
    for (;;) {
      // In the order of the sort key: the next customers are read, not all of them.
      const result = await warehouse.query({
        query: `
          SELECT max(customer) AS upto, count() AS customers
          FROM
          (
            SELECT DISTINCT customer FROM
            (
              SELECT customer FROM events_raw WHERE project_id = {project: String} AND customer > {after: String}
              UNION ALL
              SELECT customer FROM customers_wide WHERE project_id = {project: String} AND customer > {after: String}
            )
            ORDER BY customer LIMIT {limit: UInt32}
          )`,
        query_params: { project: projectId, after, limit: batchSizes.everybody },
        format: "JSONEachRow",
      });
      const range = z
        .array(rangeRow)
        .length(1)
        .parse(await result.json())[0];
      if (range === undefined || range.customers === 0) break;
      yield { projectId, after, upto: range.upto };
      if (range.customers < batchSizes.everybody) break;
      after = range.upto;
    }
  }
}

/** @returns how many customers were recomputed. */
async function refreshBatch(warehouse: ClickHouseClient, { projectId, after, upto, named }: Batch): Promise<number> {
  const who = `project_id = {project: String} AND customer > {after: String} AND customer <= {upto: String}
    ${named === undefined ? "" : "AND customer IN {named: Array(String)}"}`;
  const params = { project: projectId, after, upto, ...(named === undefined ? {} : { named }) };
  const clock = await warehouse.query({ query: "SELECT toString(now64(3, 'UTC')) AS at", format: "JSONEachRow" });
  const [{ at } = { at: "" }] = z
    .array(z.object({ at: z.string() }))
    .length(1)
    .parse(await clock.json());
  const inserted = await warehouse.command({
    query: `
      INSERT INTO customers_wide (${columns}, refreshed_at)
      SELECT ${columns}, {at: DateTime64(3, 'UTC')} FROM customers WHERE ${who}`,
    query_params: { ...params, at },
    clickhouse_settings: { async_insert: 0 },
  });
  await forgetGone(warehouse, projectId, who, { ...params, at });
  return Number(inserted.summary?.written_rows ?? 0);
}

/** Whoever was to be recomputed and was not is no customer any more: erased, or only ever part of what was rewritten. */
async function forgetGone(
  warehouse: ClickHouseClient,
  projectId: string,
  who: string,
  params: Record<string, unknown>,
): Promise<void> {
  const result = await warehouse.query({
    query: `SELECT customer FROM customers_wide FINAL WHERE ${who} AND refreshed_at < {at: DateTime64(3, 'UTC')}`,
    query_params: params,
    format: "JSONEachRow",
  });
  const gone = z.array(z.object({ customer: z.string() })).parse(await result.json());
  for (let first = 0; first < gone.length; first += batchSizes.changed) {
    const customers = gone.slice(first, first + batchSizes.changed).map((row) => row.customer);
    // Their marks stay: one that comes this moment may be of somebody who is back.
    await warehouse.command({
      query: `DELETE FROM ${await rowsTable(warehouse, "customers_wide")}
              WHERE project_id = {project: String} AND customer IN {customers: Array(String)}
                AND refreshed_at < {at: DateTime64(3, 'UTC')}`,
      query_params: { project: projectId, customers, at: params.at },
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });
  }
}
