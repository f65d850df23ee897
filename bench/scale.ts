/**
 * `npm run bench:scale`: what one checkout costs each part, in processor time and bytes, and what 10, 1,000 and 50,000
 * redemptions a second need by these figures. Writes the tables between the markers of docs/scale.md.
 *
 * Processor time, not the clock: other load on the machine changes it little. Needs Linux.
 *
 * Options: --callers 16 --seconds 6 --events 40000 --history 1000000 --no-write
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import { pino } from "pino";
import { createKysely } from "../api/db/kysely.ts";
import { appendEvents } from "../ingest/outbox.ts";
import { createRelay } from "../ingest/relay.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { migrateWarehouse } from "../warehouse/migrate.ts";
import { createClient } from "./client.ts";
import { cpuSecondsOf, parentOf, processWith } from "./cpu.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { generateHistory } from "./history.ts";
import { shopEvents } from "./ingest-events.ts";
import { closedLoop } from "./measure.ts";
import { type CallCost, type Costs, plan } from "./scale-plan.ts";
import { scaleTables } from "./scale-tables.ts";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    callers: { type: "string", default: "16" },
    seconds: { type: "string", default: "6" },
    events: { type: "string", default: "40000" },
    history: { type: "string", default: "1000000" },
    write: { type: "boolean", default: true },
  },
});
const callers = Number(values.callers);
const durationMs = Number(values.seconds) * 1000;
const eventsCount = Number(values.events);
const historyCount = Number(values.history);
const document = new URL("../docs/scale.md", import.meta.url);
const rates = [10, 1_000, 50_000];

const customers = 2_000;
const campaigns = 32;
const vouchers = 200_000;
const order = {
  currency: "EUR",
  items: [
    { sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] },
    { sku: "mug", quantity: 1, unit_amount: 990, categories: ["kitchen"] },
    { sku: "filter", quantity: 3, unit_amount: 299, categories: ["kitchen"] },
  ],
};

const progress = (text: string) => process.stderr.write(`${text}\n`);
const fixture = await startFixture(4);
const client = createClient(fixture.url, fixture.key, callers);
// Any connection's process is a child of the server's first one.
const postmaster = parentOf(await backendPid(fixture));
const clickhouse = processWith(["engine.mjs", new URL(fixture.clickhouseUrl).port]);

async function backendPid({ pool }: Fixture): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

/** A campaign with every limit set, far away, so that each is checked and none is reached. */
async function createCampaign(name: string): Promise<string> {
  const far = { budget_amount: 900_000_000_000, redemptions_max: 900_000_000 };
  const main = await client.create("/v1/campaigns", { type: "main", name, currency: "EUR", ...far });
  const sub = await client.create("/v1/campaigns", {
    ...{ type: "sub", parent_id: main.id, name, triggers_on: "redemption", currency: "EUR", ...far },
    limits: { per_customer: 1_000_000 },
    rules: { on: "order.amount", op: "greater_or_equal", value: 1000 },
    rewards: [{ type: "order_discount", percent_bp: 1000 }],
  });
  for (const id of [main.id, sub.id]) await client.create(`/v1/campaigns/${id}/activate`, {});
  return sub.id;
}

async function setUp(): Promise<void> {
  const ids: string[] = [];
  for (let at = 0; at < campaigns; at += 1) ids.push(await createCampaign(`scale ${at}`));
  const connection = await fixture.pool.connect();
  await connection.query("set statement_timeout = 0");
  await connection.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, limits, created_at, updated_at)
     select $1, 'vou_S' || n, 'S' || n, ($2::text[])[1 + n % array_length($2::text[], 1)], 'unique', 'created', 1, '{}', now(), now()
     from generate_series(1, $3::int) n`,
    [fixture.projectId, ids, vouchers],
  );
  await connection.query(
    `insert into customer (project_id, id, identifier, created_at, updated_at)
     select $1, 'cus_scale' || n, 'c-' || n, now(), now() from generate_series(0, $2::int - 1) n`,
    [fixture.projectId, customers],
  );
  await connection.query("analyze");
  connection.release(true);
}

let serial = 0;
async function call(path: string, body: object, key?: string): Promise<void> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  const { status, text } = await client.post(path, body, headers);
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
}

const calls: Readonly<Record<keyof Costs["calls"], () => Promise<void>>> = {
  validation: () => {
    serial += 1;
    const customer = { identifier: `c-${serial % customers}` };
    return call("/v1/validations", { codes: [`S${vouchers - (serial % 1_000)}`], customer, order });
  },
  redemption: () => {
    serial += 1;
    if (serial >= vouchers - 1_000) throw new Error("the vouchers ran out: measure for a shorter time");
    const customer = { identifier: `c-${serial % customers}` };
    return call(
      "/v1/redemptions",
      { codes: [`S${serial}`], customer, order: { id: `r-${serial}`, ...order } },
      `k-${serial}`,
    );
  },
  order: () => {
    serial += 1;
    const customer = { identifier: `c-${serial % customers}` };
    return call("/v1/orders", { id: `o-${serial}`, ...order, customer, status: "paid" });
  },
};

interface Bytes {
  readonly wal: number;
  readonly kept: number;
}

/**
 * The tables to which every call adds for good. The others are deleted from after some days (outbox, keys of retries) or
 * changed in place (counters, vouchers, customers), and their dead rows are used again.
 */
const keptTables = ["redemption", "redemption_code", "ledger", "orders", "order_status"];

async function bytesOf({ pool }: Fixture): Promise<Bytes> {
  const { rows } = await pool.query<{ wal: string; kept: string }>(
    `select pg_current_wal_lsn() - '0/0'::pg_lsn as wal,
            (select sum(pg_total_relation_size(name::regclass)) from unnest($1::text[]) as name) as kept`,
    [keptTables],
  );
  return { wal: Number(rows[0]?.wal), kept: Number(rows[0]?.kept) };
}

async function measureCall(name: keyof Costs["calls"]): Promise<CallCost> {
  client.reconnect();
  await closedLoop({ callers, durationMs: durationMs / 3 }, calls[name]);
  client.reconnect();
  const before = { api: cpuSecondsOf(fixture.apiPid), postgres: cpuSecondsOf(postmaster), ...(await bytesOf(fixture)) };
  const { calls: count } = await closedLoop({ callers, durationMs }, calls[name]);
  const after = { api: cpuSecondsOf(fixture.apiPid), postgres: cpuSecondsOf(postmaster), ...(await bytesOf(fixture)) };
  progress(`${name}: ${count} calls`);
  return {
    api: (after.api - before.api) / count,
    postgres: (after.postgres - before.postgres) / count,
    walBytes: (after.wal - before.wal) / count,
    databaseBytes: Math.max(0, after.kept - before.kept) / count,
  };
}

type RelayCosts = Pick<Costs, "relay" | "postgresOfRelay" | "clickhouseInsert" | "outboxBytes">;

/** The relay in this process, which does nothing else meanwhile. */
async function measureRelay(warehouse: ClickHouseClient): Promise<RelayCosts> {
  const relay = createRelay({ pool: fixture.pool, warehouse, log: pino({ level: "warn" }) });
  await relay.drain(300_000);
  const db = createKysely(fixture.pool);
  const size = async () => Number((await fixture.pool.query("select pg_total_relation_size('outbox') as n")).rows[0].n);
  const sizeBefore = await size();
  for (let at = 0; at < eventsCount; at += 1_000)
    await appendEvents(db, shopEvents(fixture.projectId, 1_000, at / 1_000));
  const outboxBytes = ((await size()) - sizeBefore) / eventsCount;
  const before = { own: process.cpuUsage(), postgres: cpuSecondsOf(postmaster), clickhouse: cpuSecondsOf(clickhouse) };
  await relay.drain(600_000);
  const own = process.cpuUsage(before.own);
  const postgres = cpuSecondsOf(postmaster) - before.postgres;
  // Every row is merged some times in its life; once more, here, stands for what the drain did not see.
  await warehouse.command({ query: "OPTIMIZE TABLE events_raw FINAL" });
  const engine = cpuSecondsOf(clickhouse) - before.clickhouse;
  progress(`relay: ${eventsCount} events`);
  return {
    relay: (own.user + own.system) / 1e6 / eventsCount,
    postgresOfRelay: postgres / eventsCount,
    clickhouseInsert: engine / eventsCount,
    outboxBytes,
  };
}

/** In a database of its own, as the history of years compresses: generated events repeat less than those of one minute. */
async function measureClickHouseBytes(): Promise<number> {
  const url = fixture.clickhouseUrl;
  const administration = createWarehouse({ url, database: "default", requestTimeoutMs: 600_000 });
  await migrateWarehouse(administration, "history");
  await administration.close();
  const warehouse = createWarehouse({ url, database: "history", requestTimeoutMs: 600_000 });
  await generateHistory(warehouse, {
    projectIds: ["prj_history"],
    events: historyCount,
    until: new Date("2026-11-01T00:00:00Z"),
  });
  await warehouse.command({ query: "OPTIMIZE TABLE events_raw FINAL" });
  const result = await warehouse.query({
    query:
      "SELECT sum(bytes_on_disk) / sum(rows) AS bytes FROM system.parts WHERE database = 'history' AND table = 'events_raw' AND active",
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ bytes: number }>();
  await warehouse.close();
  if (!row) throw new Error("the history has no rows");
  progress(`history: ${historyCount} events`);
  return row.bytes;
}

try {
  const database = databaseOf(fixture.clickhouseUrl);
  const administration = createWarehouse({
    url: fixture.clickhouseUrl,
    database: "default",
    requestTimeoutMs: 300_000,
  });
  await migrateWarehouse(administration, database);
  await administration.close();
  await setUp();
  const warehouse = createWarehouse({ url: fixture.clickhouseUrl, database, requestTimeoutMs: 300_000 });
  const costs: Costs = {
    calls: {
      validation: await measureCall("validation"),
      redemption: await measureCall("redemption"),
      order: await measureCall("order"),
    },
    ...(await measureRelay(warehouse)),
    clickhouseBytes: await measureClickHouseBytes(),
  };
  await warehouse.close();
  const scale = { callers, seconds: durationMs / 1000, events: eventsCount, history: historyCount };
  const tables = scaleTables(
    costs,
    rates.map((rate) => plan(costs, rate)),
    scale,
  );
  process.stdout.write(`${tables}\n`);
  if (values.write) writeBetween(tables);
} finally {
  client.close();
  await fixture.stop();
}

function writeBetween(text: string): void {
  const [begin, end] = ["<!-- bench-scale:begin -->", "<!-- bench-scale:end -->"];
  const whole = readFileSync(document, "utf8");
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  if (from < 0 || to < from) throw new Error("docs/scale.md lost its markers");
  writeFileSync(document, `${whole.slice(0, from + begin.length)}\n\n${text}\n\n${whole.slice(to)}`);
}
