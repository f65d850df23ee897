/**
 * `npm run bench:segments -- [--customers 100000] [--segments 100] [--changes 20] [--write]`: dynamic segments over so
 * many customers, all of whom are in their segments already, as in a shop that has had them for long. Everybody is looked
 * at, a new segment is made, some customers change: each beside what the stores need for the same without us, in the same
 * run. Then customers are changed over HTTP while relay and workers run as in the product, until they are members.
 *
 * A million customers and a hundred segments take some ten minutes, most of it to make the shop.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import { pino } from "pino";
import { runCustomerRefresh } from "../api/customers/wide-worker.ts";
import { createKysely, createPool } from "../api/db/kysely.ts";
import type { Rule } from "../api/domain/rules/rule.ts";
import { createSegment } from "../api/segments/change.ts";
import { findDefinitions } from "../api/segments/evaluate/definitions.ts";
import type { EvaluationDeps } from "../api/segments/evaluate/evaluate.ts";
import { evaluateEverybody, evaluateTouched } from "../api/segments/evaluate/pass.ts";
import { runSegmentEvaluation } from "../api/segments/evaluate/worker.ts";
import { createRelay } from "../ingest/relay.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { migrateWarehouse } from "../warehouse/migrate.ts";
import { refreshCustomers } from "../warehouse/refresh-customers.ts";
import { cpuSecondsOf } from "./cpu.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { announceProfiles, enrol, makeShop, ordersEach, rulesOf } from "./segments-shop.ts";

const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "100000" },
    segments: { type: "string", default: "100" },
    changes: { type: "string", default: "20" },
    write: { type: "boolean", default: false },
  },
});
const customers = Number(values.customers);
const segments = Number(values.segments);
const changes = Number(values.changes);
const document = new URL("../docs/benchmarks.md", import.meta.url);

const rows: string[] = [];

/** @param moved what the work came to. @returns processor seconds of this process and the stores below it. */
async function timed<T>(
  label: string,
  work: () => Promise<T>,
  moved: (result: T) => string = () => "–",
): Promise<number> {
  const [began, used] = [performance.now(), cpuSecondsOf(process.pid)];
  const result = await work();
  const seconds = (performance.now() - began) / 1_000;
  const processor = cpuSecondsOf(process.pid) - used;
  rows.push(`| ${label} | ${seconds.toFixed(1)} | ${processor.toFixed(1)} | ${moved(result)} |`);
  process.stdout.write(`${rows.at(-1)}\n`);
  return processor;
}

/** What nobody can do without: the facts that the rules look at, read once, and the members, read once. */
async function readAll(warehouse: ClickHouseClient, pool: EvaluationPool, projectId: string): Promise<void> {
  const result = await warehouse.query({
    query: `SELECT (SELECT sum(cityHash64(customer, attributes, tags, orders_count, orders_amount, last_order_at))
              FROM customers_wide FINAL WHERE project_id = {project: String}) AS wide,
              (SELECT sum(cityHash64(customer, occurred_at, total_amount))
              FROM events_raw FINAL WHERE project_id = {project: String} AND type = 'order.paid') AS orders`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: { max_threads: 2 },
  });
  await result.json();
  await unbounded(pool, "select sum(hashtext(customer_id || segment_id)) from segment_member");
}

type EvaluationPool = ReturnType<typeof createPool>;

async function unbounded(pool: EvaluationPool, text: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0");
    await client.query(text);
  } finally {
    client.release(true);
  }
}

/** The rows and events of a segment once more, into tables of the same shape. */
const copyMoves = (id: string) => `
  create table bare_member (like segment_member including all);
  create table bare_outbox (like outbox including all);
  insert into bare_member select * from segment_member where segment_id = '${id}';
  insert into bare_outbox (event_id, project_id, type, occurred_at, payload)
    select event_id, project_id, type, occurred_at, payload from outbox where payload ->> 'segment_id' = '${id}'`;

/** The most that the process, and the warehouse, have had in memory since it began. */
function watchMemory(warehouse: ClickHouseClient): () => { readonly node: number; readonly clickhouse: number } {
  const most = { node: 0, clickhouse: 0 };
  const timer = setInterval(async () => {
    most.node = Math.max(most.node, process.memoryUsage().rss);
    const result = await warehouse
      .query({ query: "SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'", format: "JSONEachRow" })
      .catch(() => undefined);
    const [row] = (await result?.json<{ value: number }>()) ?? [];
    most.clickhouse = Math.max(most.clickhouse, row?.value ?? 0);
  }, 500);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/** Seconds until each of some customers, changed one after the other, had entered a segment, and it was announced. */
async function measureLag(fixture: Fixture, deps: EvaluationDeps, pool: EvaluationPool): Promise<number[]> {
  const stop = new AbortController();
  const workers = { pool, warehouse: deps.warehouse, log: deps.log };
  const running = Promise.all([
    createRelay(workers).run(stop.signal),
    runCustomerRefresh(workers, stop.signal),
    runSegmentEvaluation(workers, stop.signal),
  ]);
  try {
    return await Promise.all(
      Array.from({ length: changes }, async (_, at) => {
        await delay(at * 1_700);
        const customer = `lag-${at}`;
        const began = performance.now();
        const response = await fetch(`${fixture.url}/v1/customers/${customer}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${fixture.key}`, "content-type": "application/json" },
          body: JSON.stringify({ attributes: { score: 5 } }),
        });
        if (!response.ok) throw new Error(await response.text());
        for (;;) {
          const { rowCount } = await pool.query(
            `select from segment_member m join customer c on c.project_id = m.project_id and c.id = m.customer_id
             where c.project_id = $1 and c.identifier = $2 limit 1`,
            [fixture.projectId, customer],
          );
          if (rowCount === 1) return (performance.now() - began) / 1_000;
          if (performance.now() - began > 300_000) throw new Error("a customer did not become a member");
          await delay(250);
        }
      }),
    );
  } finally {
    stop.abort();
    await running;
  }
}

const fixture = await startFixture(4);
const { projectId } = fixture;
const database = databaseOf(fixture.clickhouseUrl);
const connect = (name: string) =>
  createWarehouse({ url: fixture.clickhouseUrl, database: name, requestTimeoutMs: 1_800_000 });
const administration = connect("default");
const warehouse = connect(database);
// As workers have it.
const pool = createPool({ connectionString: fixture.databaseUrl, max: 10, applicationName: "tessera-bench-worker" });
try {
  await migrateWarehouse(administration, database);
  const db = createKysely(pool);
  const deps: EvaluationDeps = { db, warehouse, log: pino({ level: "warn" }) };
  const create = (name: string, rules: Rule) =>
    db.transaction().execute((tx) => createSegment(tx, projectId, { name, rules }, new Date()));
  await timed("the shop is made", () => makeShop(warehouse, fixture, customers));
  for (let n = 0; n < segments - 1; n++) await create(`segment ${n}`, rulesOf(n));
  await evaluateTouched(deps, projectId, new Date());
  const enrolled = await enrol(warehouse, fixture, await findDefinitions(db, projectId));
  const everybody = () => evaluateEverybody(deps, projectId, new Date());
  const moved = ({ entered, left }: { entered: number; left: number }) => (entered + left).toLocaleString("en");
  const limit = await timed("limit: wide rows, orders and members are read once", () =>
    readAll(warehouse, pool, projectId),
  );
  await pool.query("update segment_evaluation set whole_at = null");
  const memory = watchMemory(warehouse);
  const look = await timed(`everybody is looked at, ${segments - 1} segments`, everybody, moved);
  const most = memory();
  const rules: Rule = { on: "customer.attributes.score", op: "less_than", value: 5 };
  const { id } = await create(`segment ${segments - 1}`, rules);
  const fresh = await timed("everybody is looked at for a new segment", everybody, moved);
  const copied = await timed("limit: its members and their events are written once more", () =>
    unbounded(pool, copyMoves(id)),
  );
  for (const [shift, share] of [
    [1, 0.001],
    [2, 0.01],
  ] as const) {
    const some = { from: 0, to: Math.round(customers * share), shift };
    await announceProfiles(warehouse, projectId, "customer.updated", some);
    const label = `${share * 100} % of the customers change: `;
    await timed(
      `${label}their wide rows`,
      () => refreshCustomers(warehouse),
      (done) => `${done.customers} rows`,
    );
    await timed(`${label}their segments`, () => evaluateTouched(deps, projectId, new Date()), moved);
  }
  await warehouse.command({ query: "TRUNCATE TABLE customers_changed" });
  await createRelay({ pool, warehouse, log: deps.log }).drain(1_800_000);
  const lag = (await measureLag(fixture, deps, pool)).sort((a, b) => a - b);
  const part = (share: number) => lag[Math.min(lag.length - 1, Math.floor(lag.length * share))]?.toFixed(1);
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} shared cores under a load of ${loadavg()[1]?.toFixed(0)}, Node ${process.versions.node}, ${customers.toLocaleString("en")} customers with ${ordersEach} orders each, ${segments} segments with ${enrolled.members.toLocaleString("en")} members, stores on the same machine.`,
    "",
    "| | seconds | of a processor | moved |",
    "| --- | ---: | ---: | ---: |",
    ...rows,
    "",
    `By seconds of a processor the look at everybody is ${(look / limit).toFixed(1)} × its limit, the new segment ${(fresh / (limit + copied)).toFixed(1)} × reading once and the bare writing. Memory at most, meanwhile: this process ${mib(most.node)}, ClickHouse ${mib(most.clickhouse)}. A bare COPY takes ${Math.round(enrolled.members / enrolled.seconds).toLocaleString("en")} members a second.`,
    "",
    `From a change over HTTP to being a member, announced, ${changes} changes, all workers running: p50 ${part(0.5)} s, p99 ${part(0.99)} s.`,
  ].join("\n");
  process.stdout.write(`\n${text}\n`);
  if (values.write) writeBlock(text);
} finally {
  await Promise.all([warehouse.close(), administration.close(), pool.end()]);
  await fixture.stop();
}

function writeBlock(text: string): void {
  const [begin, end] = ["<!-- bench-segments:begin -->", "<!-- bench-segments:end -->"];
  const content = readFileSync(document, "utf8");
  const [from, to] = [content.indexOf(begin), content.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${begin} … ${end}`);
  writeFileSync(document, `${content.slice(0, from + begin.length)}\n\n${text}\n\n${content.slice(to)}`);
}
