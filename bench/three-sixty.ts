/**
 * `npm run bench:360 -- [--events 10000000] [--calls 400] [--write]`: `GET /v1/customers/{id}/360` over HTTP on a
 * warehouse of so many events of two years, beside a limit: the bare rows of the same customer, all columns, over the
 * same kind of connection to ClickHouse, in turns with the API's calls. One caller at a time, as a person who opens a
 * page, and then several.
 *
 * Nine of ten customers are drawn from all alike; one of ten is of the hundred with the most events.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { migrateWarehouse } from "../warehouse/migrate.ts";
import { refreshCustomers } from "../warehouse/refresh-customers.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { generateHistory } from "./history.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "10000000" },
    calls: { type: "string", default: "400" },
    callers: { type: "string", default: "4" },
    write: { type: "boolean", default: false },
  },
});
const events = Number(values.events);
const calls = Number(values.calls);
const callers = Number(values.callers);
const document = new URL("../docs/benchmarks.md", import.meta.url);
const heavyCount = 100;

interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

function quantiles(latencies: readonly number[]): Latencies {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

async function timed(call: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await call();
  return performance.now() - before;
}

interface Shopper {
  readonly customer: string;
  readonly events: number;
}

/** Whom the calls are about, always the same ones. */
async function draw(warehouse: ClickHouseClient, projectId: string): Promise<Shopper[]> {
  const read = async (order: string, limit: number) => {
    const result = await warehouse.query({
      query: `SELECT customer, count() AS events FROM events_raw WHERE project_id = {project: String} AND customer != ''
              GROUP BY customer ORDER BY ${order} LIMIT ${limit}`,
      query_params: { project: projectId },
      format: "JSONEachRow",
    });
    return result.json<Shopper>();
  };
  const heavy = await read("events DESC, customer", heavyCount);
  const all = await read("cityHash64(customer)", calls);
  return all.map((one, at) => (at % 10 === 9 ? (heavy[(at * 7) % heavy.length] ?? one) : one));
}

/** The shop knows the customers: what Postgres adds to the answer is read too. */
async function know(fixture: Fixture, shoppers: readonly Shopper[]): Promise<void> {
  await fixture.pool.query(
    `insert into customer (project_id, id, identifier, name, created_at, updated_at)
     select $1, 'cus_' || c, c, 'Customer ' || c, now(), now() from unnest($2::text[]) c`,
    [fixture.projectId, [...new Set(shoppers.map(({ customer }) => customer))]],
  );
}

function readThreeSixty({ url, key, projectId: _ }: Fixture) {
  return async ({ customer }: Shopper) => {
    const response = await fetch(`${url}/v1/customers/${encodeURIComponent(customer)}/360`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  };
}

function readBareRows(warehouse: ClickHouseClient, { projectId }: Fixture) {
  return async ({ customer }: Shopper) => {
    const result = await warehouse.query({
      query: "SELECT * FROM events_raw WHERE project_id = {project: String} AND customer = {customer: String}",
      query_params: { project: projectId, customer },
      format: "JSONEachRow",
    });
    if ((await result.json()).length === 0) throw new Error("a customer without events was drawn");
  };
}

async function partsOf(warehouse: ClickHouseClient): Promise<number> {
  const result = await warehouse.query({
    query:
      "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = 'events_raw' AND active",
    format: "JSONEachRow",
  });
  return (await result.json<{ n: number }>())[0]?.n ?? 0;
}

/** What was just made lies in many parts; months of a warehouse that has lived are whole (warehouse/migrations/008). */
async function settle(warehouse: ClickHouseClient): Promise<void> {
  await warehouse.command({ query: "OPTIMIZE TABLE events_raw FINAL", clickhouse_settings: { wait_end_of_query: 1 } });
}

function row(label: string, { p50, p95, p99 }: Latencies, limit: Latencies): string {
  const ms = (value: number) => value.toFixed(1);
  return `| ${label} | ${ms(p50)} | ${ms(p95)} | ${ms(p99)} | ${(p95 / limit.p95).toFixed(2)} |`;
}

const fixture = await startFixture(4);
const database = databaseOf(fixture.clickhouseUrl);
const connect = (name: string) =>
  createWarehouse({ url: fixture.clickhouseUrl, database: name, requestTimeoutMs: 1_800_000 });
const administration = connect("default");
const warehouse = connect(database);
try {
  await migrateWarehouse(administration, database);
  const until = new Date();
  process.stdout.write(`making ${events.toLocaleString("en")} events …\n`);
  const projectIds = [fixture.projectId, "prj_other", "prj_third"];
  const made = await generateHistory(warehouse, { projectIds, events, until });
  await refreshCustomers(warehouse, { whole: true });
  await settle(warehouse);
  const shoppers = await draw(warehouse, fixture.projectId);
  await know(fixture, shoppers);
  const threeSixty = readThreeSixty(fixture);
  const bare = readBareRows(warehouse, fixture);
  for (const shopper of shoppers.slice(0, 30)) {
    await threeSixty(shopper);
    await bare(shopper);
  }
  const ours: number[] = [];
  const limit: number[] = [];
  for (const shopper of shoppers) {
    ours.push(await timed(() => threeSixty(shopper)));
    limit.push(await timed(() => bare(shopper)));
  }
  const together: number[] = [];
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let at = caller; at < shoppers.length; at += callers) {
        const shopper = shoppers[at];
        if (shopper) together.push(await timed(() => threeSixty(shopper)));
      }
    }),
  );
  const sizes = quantiles(shoppers.map((shopper) => shopper.events));
  const base = quantiles(limit);
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} shared cores, Node ${process.versions.node}, ${made.toLocaleString("en")} events of three projects over two years in ${await partsOf(warehouse)} parts,`,
    `client, service and stores on the same machine; ${calls} calls. Events of the customers drawn: median ${sizes.p50}, p95 ${sizes.p95}, most ${Math.max(...shoppers.map((s) => s.events))}.`,
    "",
    "| | p50 ms | p95 ms | p99 ms | p95 × limit |",
    "| --- | ---: | ---: | ---: | ---: |",
    row("the customer's bare rows, all columns, from ClickHouse: the limit", base, base),
    row("`GET /v1/customers/{id}/360`, one caller", quantiles(ours), base),
    row(`\`GET /v1/customers/{id}/360\`, ${callers} callers at once`, quantiles(together), base),
  ].join("\n");
  process.stdout.write(`\n${text}\n`);
  if (values.write) writeBlock(text);
} finally {
  await Promise.all([warehouse.close(), administration.close()]);
  await fixture.stop();
}

function writeBlock(text: string): void {
  const [begin, end] = ["<!-- bench-360:begin -->", "<!-- bench-360:end -->"];
  const content = readFileSync(document, "utf8");
  const [from, to] = [content.indexOf(begin), content.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${begin} … ${end}`);
  writeFileSync(document, `${content.slice(0, from + begin.length)}\n\n${text}\n\n${content.slice(to)}`);
}
