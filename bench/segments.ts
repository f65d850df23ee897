/**
 * `npm run bench:segments -- [--customers 100000] [--segments 100] [--changes 20] [--write]`: dynamic segments over so
 * many customers with three orders each. A whole look at everybody, first when all members are new and again when nothing
 * moves, beside a limit in the same run: one bare scan of the same wide rows for each segment. Then customers are changed
 * over HTTP while relay and workers run as in the product, and it is measured until they are members.
 *
 * A million customers and a hundred segments take some ten minutes, most of it to make the shop.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import { pino } from "pino";
import { runCustomerRefresh } from "../api/customers/wide-worker.ts";
import { createKysely } from "../api/db/kysely.ts";
import type { Rule } from "../api/domain/rules/rule.ts";
import { createSegment } from "../api/segments/change.ts";
import type { EvaluationDeps } from "../api/segments/evaluate/evaluate.ts";
import { evaluateEverybody, evaluateTouched, type Passed } from "../api/segments/evaluate/pass.ts";
import { runSegmentEvaluation } from "../api/segments/evaluate/worker.ts";
import { createRelay } from "../ingest/relay.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { migrateWarehouse } from "../warehouse/migrate.ts";
import { refreshCustomers } from "../warehouse/refresh-customers.ts";
import { type Fixture, startFixture } from "./fixture.ts";

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
const ordersEach = 3;
const settleMs = 125_000;
const document = new URL("../docs/benchmarks.md", import.meta.url);

/** The n-th segment: of attributes, sums, windows and ages in turn, each of some percent of all. */
function rulesOf(n: number): Rule {
  const level = n % 20;
  const kinds: readonly Rule[] = [
    { on: "customer.attributes.score", op: "between", value: [level * 5, level * 5 + 3] },
    {
      all: [
        { on: "customer.tags.tier", op: "any_of", value: ["gold"] },
        { on: "customer.orders_amount", op: "greater_than", value: 10_000 + level * 500 },
      ],
    },
    { on: "customer.orders_count", op: "greater_or_equal", value: 1, window_days: 5 + level },
    {
      all: [
        { on: "customer.orders_amount", op: "greater_than", value: 4_000 + level * 100, window_days: 30 },
        { none: [{ on: "customer.attributes.score", op: "less_than", value: 40 }] },
      ],
    },
    { on: "customer.days_since_order", op: "between", value: [level * 10, level * 10 + 10] },
  ];
  return kinds[n % kinds.length] as Rule;
}

/** Made inside the stores; everything of a row follows from its number. */
async function makeShop(warehouse: ClickHouseClient, { pool, projectId }: Fixture): Promise<void> {
  await warehouse.command({
    query: `
      INSERT INTO events_raw (project_id, event_id, type, version, occurred_at, recorded_at, customer, payload)
      SELECT {project: String}, concat('evt_c', toString(number)), 'customer.created', 1, now64(3) - INTERVAL 800 DAY,
        now64(6) - INTERVAL 800 DAY, concat('c', leftPad(toString(number), 8, '0')),
        concat('{"customer":"c","profile":{"identifier":"c","name":null,"created_at":"2024-01-01T00:00:00Z","attributes":{"score":',
          toString(cityHash64(number) % 100), '},"tags":{"tier":["', ['gold', 'silver', 'none', 'none'][1 + number % 4], '"]}}}')
      FROM numbers({customers: UInt32})`,
    query_params: { project: projectId, customers },
  });
  await warehouse.command({
    query: `
      INSERT INTO events_raw (project_id, event_id, type, version, occurred_at, recorded_at, customer, order_id, currency,
        amount, total_amount, payload)
      SELECT {project: String}, concat('evt_o', toString(number)), 'order.paid', 1,
        now64(3) - toIntervalMinute(cityHash64(number, 1) % (720 * 1440)) AS at, at,
        concat('c', leftPad(toString(number % {customers: UInt32}), 8, '0')), concat('o', toString(number)), 'EUR',
        500 + cityHash64(number, 2) % 10000, 500 + cityHash64(number, 2) % 10000, '{}'
      FROM numbers({orders: UInt32})`,
    query_params: { project: projectId, customers, orders: customers * ordersEach },
  });
  await refreshCustomers(warehouse, { whole: true });
  await pool.query("set statement_timeout = 0");
  await pool.query(
    `insert into customer (project_id, id, identifier, created_at, updated_at)
     select $1, 'cus_' || lpad(n::text, 8, '0'), 'c' || lpad(n::text, 8, '0'), now(), now()
     from generate_series(0, $2::int - 1) n`,
    [projectId, customers],
  );
  await pool.query("analyze customer");
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const began = performance.now();
  const result = await work();
  return { seconds: (performance.now() - began) / 1_000, result };
}

/** The columns that the rules look at, of everybody, once a segment. */
async function scanForEach(warehouse: ClickHouseClient, { projectId }: Fixture): Promise<void> {
  for (let n = 0; n < segments; n++) {
    const result = await warehouse.query({
      query: `SELECT countIf(cityHash64(customer, attributes, tags, orders_count, orders_amount, last_order_at) = {n: UInt64}) AS n
              FROM customers_wide FINAL WHERE project_id = {project: String}`,
      query_params: { project: projectId, n },
      format: "JSONEachRow",
      clickhouse_settings: { max_threads: 2 },
    });
    await result.json();
  }
}

/** Seconds until each of some customers, changed one after the other, was a member. */
async function measureLag(fixture: Fixture, deps: EvaluationDeps, warehouse: ClickHouseClient): Promise<number[]> {
  const stop = new AbortController();
  const workers = { pool: fixture.pool, warehouse, log: deps.log };
  const relay = createRelay(workers);
  const running = Promise.all([
    relay.run(stop.signal),
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
          body: JSON.stringify({ attributes: { score: 1 } }),
        });
        if (!response.ok) throw new Error(await response.text());
        for (;;) {
          const { rowCount } = await fixture.pool.query(
            `select from segment_member m join customer c on c.project_id = m.project_id and c.id = m.customer_id
             where c.project_id = $1 and c.identifier = $2 limit 1`,
            [fixture.projectId, customer],
          );
          if (rowCount === 1) return (performance.now() - began) / 1_000;
          if (performance.now() - began > 300_000) throw new Error("a customer did not become a member");
          await delay(100);
        }
      }),
    );
  } finally {
    stop.abort();
    await running;
  }
}

const fixture = await startFixture(20);
const database = databaseOf(fixture.clickhouseUrl);
const connect = (name: string) =>
  createWarehouse({ url: fixture.clickhouseUrl, database: name, requestTimeoutMs: 1_800_000 });
const administration = connect("default");
const warehouse = connect(database);
try {
  await migrateWarehouse(administration, database);
  process.stdout.write(`making ${customers.toLocaleString("en")} customers …\n`);
  await makeShop(warehouse, fixture);
  const db = createKysely(fixture.pool);
  const deps: EvaluationDeps = { db, warehouse, log: pino({ level: "warn" }) };
  for (let n = 0; n < segments; n++) {
    await db
      .transaction()
      .execute((tx) => createSegment(tx, fixture.projectId, { name: `segment ${n}`, rules: rulesOf(n) }, new Date()));
  }
  await evaluateTouched(deps, fixture.projectId, new Date());
  const look = () => timed<Passed>(() => evaluateEverybody(deps, fixture.projectId, new Date()));
  const first = await look();
  await fixture.pool.query("update segment_evaluation set evaluated_version = null");
  const again = await look();
  const scans = await timed(() => scanForEach(warehouse, fixture));
  // The announcements of the first look are another measure (bench:ingest): changes are made when they are through.
  await createRelay({ pool: fixture.pool, warehouse, log: deps.log }).drain(1_800_000);
  // So long marks are not settled, and their customers' wide rows are computed twice (warehouse/refresh-customers.ts).
  await delay(settleMs);
  await refreshCustomers(warehouse, { whole: true });
  await evaluateTouched(deps, fixture.projectId, new Date());
  const lag = (await measureLag(fixture, deps, warehouse)).sort((a, b) => a - b);
  const line = (label: string, seconds: number, moved: string) =>
    `| ${label} | ${seconds.toFixed(1)} | ${moved} | ${(seconds / scans.seconds).toFixed(2)} |`;
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} shared cores, Node ${process.versions.node}, ${customers.toLocaleString("en")} customers with ${ordersEach} orders each, ${segments} segments, stores on the same machine.`,
    "",
    "| | seconds | members moved | × limit |",
    "| --- | ---: | ---: | ---: |",
    line("a bare scan of the wide rows for each segment: the limit", scans.seconds, "–"),
    line("everybody is looked at for the first time", first.seconds, first.result.entered.toLocaleString("en")),
    line(
      "everybody is looked at again, and nobody moves",
      again.seconds,
      String(again.result.entered + again.result.left),
    ),
    "",
    `From a change over HTTP to being a member, ${changes} changes, all workers running: median ${lag[Math.floor(lag.length / 2)]?.toFixed(1)} s, at most ${lag.at(-1)?.toFixed(1)} s.`,
  ].join("\n");
  process.stdout.write(`\n${text}\n`);
  if (values.write) writeBlock(text);
} finally {
  await Promise.all([warehouse.close(), administration.close()]);
  await fixture.stop();
}

function writeBlock(text: string): void {
  const [begin, end] = ["<!-- bench-segments:begin -->", "<!-- bench-segments:end -->"];
  const content = readFileSync(document, "utf8");
  const [from, to] = [content.indexOf(begin), content.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${begin} … ${end}`);
  writeFileSync(document, `${content.slice(0, from + begin.length)}\n\n${text}\n\n${content.slice(to)}`);
}
