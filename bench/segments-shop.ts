/** A shop for `bench:segments`, made inside the stores; everything of a row follows from its number. */
import { once } from "node:events";
import type { ClickHouseClient } from "@clickhouse/client";
import { from as copyFrom } from "pg-copy-streams";
import { z } from "zod";
import type { Rule } from "../api/domain/rules/rule.ts";
import { ask, readRange } from "../api/segments/evaluate/ask.ts";
import { SegmentQuery } from "../api/segments/rules/compile.ts";
import type { Fixture } from "./fixture.ts";

export const ordersEach = 2;

/** The n-th segment: of attributes, sums, windows and ages in turn, each of about one percent of all. */
export function rulesOf(n: number): Rule {
  const level = Math.floor(n / 5) % 20;
  const kinds: readonly Rule[] = [
    { on: "customer.attributes.score", op: "equals", value: level * 5 },
    {
      all: [
        { on: "customer.tags.tier", op: "any_of", value: ["gold"] },
        { on: "customer.orders_amount", op: "greater_than", value: 18_000 + level * 100 },
      ],
    },
    { on: "customer.orders_count", op: "greater_or_equal", value: 1, window_days: 1 + (level % 5) },
    {
      all: [
        { on: "customer.orders_amount", op: "greater_than", value: 2_000 + level * 100, window_days: 30 },
        { none: [{ on: "customer.attributes.score", op: "less_than", value: 75 }] },
      ],
    },
    { on: "customer.days_since_order", op: "between", value: [level * 10, level * 10 + 3] },
  ];
  return kinds[n % kinds.length] as Rule;
}

/**
 * Customers with their profile and orders: as events, as rows of Postgres, and as the wide rows that follow from the
 * events. These are made as simply as such a shop allows: the product computes any shop's, at some thousands a second.
 */
export async function makeShop(
  warehouse: ClickHouseClient,
  { pool, projectId }: Fixture,
  customers: number,
): Promise<void> {
  await announceProfiles(warehouse, projectId, "customer.created", { from: 0, to: customers, shift: 0 });
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
  await warehouse.command({
    query: `
      INSERT INTO customers_wide (project_id, customer, name, attributes, tags, created_at, first_seen_at, last_seen_at,
        currency, orders_count, orders_amount, average_order_amount, first_order_at, last_order_at, refreshed_at)
      SELECT project_id, customer, '', anyIf(JSONExtractRaw(payload, 'profile', 'attributes'), type = 'customer.created'),
        anyIf(JSONExtractRaw(payload, 'profile', 'tags'), type = 'customer.created'), min(occurred_at), min(occurred_at), max(occurred_at), 'EUR',
        toUInt64({each: UInt8}), sum(total_amount), sum(total_amount) / {each: UInt8},
        minIf(occurred_at, type = 'order.paid'), maxIf(occurred_at, type = 'order.paid'), now64(3) - INTERVAL 1 HOUR
      FROM events_raw WHERE project_id = {project: String}
      GROUP BY project_id, customer`,
    query_params: { project: projectId, each: ordersEach },
  });
  // All of it is long ago: nobody is marked as changed.
  await warehouse.command({ query: "TRUNCATE TABLE customers_changed" });
  await warehouse.insert({
    table: "customers_wide_pass",
    values: [{ finished_at: Date.now(), started_at: Date.now(), whole: 1, customers_count: customers }],
    format: "JSONEachRow",
  });
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0");
    await client.query(
      `insert into customer (project_id, id, identifier, created_at, updated_at)
       select $1, 'cus_' || lpad(n::text, 8, '0'), 'c' || lpad(n::text, 8, '0'), now(), now()
       from generate_series(0, $2::int - 1) n`,
      [projectId, customers],
    );
    await client.query("analyze customer");
  } finally {
    client.release(true);
  }
}

/** @param some customers from one number to another; `shift` moves their score, and so most of them to other segments. */
export async function announceProfiles(
  warehouse: ClickHouseClient,
  projectId: string,
  type: "customer.created" | "customer.updated",
  some: { readonly from: number; readonly to: number; readonly shift: number },
): Promise<void> {
  await warehouse.command({
    query: `
      INSERT INTO events_raw (project_id, event_id, type, version, occurred_at, recorded_at, customer, payload)
      SELECT {project: String}, concat('evt_', {type: String}, {shift: String}, toString(number)), {type: String}, 1,
        if({shift: UInt8} = 0, now64(3) - INTERVAL 800 DAY, now64(3)) AS at, at,
        concat('c', leftPad(toString(number), 8, '0')),
        concat('{"customer":"c","profile":{"identifier":"c","name":null,"created_at":"2024-01-01T00:00:00Z","attributes":{"score":',
          toString((cityHash64(number) + {shift: UInt8}) % 100),
          '},"tags":{"tier":["', ['gold', 'silver', 'none', 'none'][1 + number % 4], '"]}}}')
      FROM numbers({from: UInt32}, {count: UInt32})`,
    query_params: { project: projectId, type, from: some.from, count: some.to - some.from, shift: some.shift },
  });
}

interface Enrolled {
  readonly members: number;
  /** Of Postgres alone, which takes the rows. */
  readonly seconds: number;
}

/**
 * Puts everybody who fits into the segments, past the product: by COPY, without checks or announcements. So fast can
 * members be written at all, and a shop has its segments for long.
 */
export async function enrol(
  warehouse: ClickHouseClient,
  { pool, projectId }: Fixture,
  segments: readonly { readonly id: string; readonly number: number; readonly rules: Rule }[],
): Promise<Enrolled> {
  const ids = new Map(segments.map(({ id, number }) => [number, id]));
  const found = z.object({ customer: z.string(), numbers: z.array(z.number()) });
  const surroundings = { now: Date.now(), rfm: undefined, staticSegments: new Map<string, string>() };
  const at = new Date().toISOString();
  const client = await pool.connect();
  const counts = new Map<string, number>();
  let seconds = 0;
  try {
    await client.query("set session_replication_role = replica; set statement_timeout = 0");
    for (let after = ""; ; ) {
      const range = await readRange(warehouse, { projectId, after, since: null }, 100_000);
      if (range === undefined) break;
      const question = new SegmentQuery(surroundings).matches(segments, {
        ...{ projectId, after, upto: range.upto, since: null },
      });
      const lines: string[] = [];
      for (const { customer, numbers } of await ask(warehouse, question, found)) {
        for (const number of numbers) {
          const id = ids.get(number) ?? "";
          counts.set(id, (counts.get(id) ?? 0) + 1);
          lines.push(`${projectId}\t${id}\tcus_${customer.slice(1)}\t${at}\n`);
        }
      }
      const began = performance.now();
      const copy = client.query(copyFrom("copy segment_member from stdin"));
      copy.end(lines.join(""));
      await once(copy, "finish");
      seconds += (performance.now() - began) / 1_000;
      after = range.upto;
    }
    await client.query(
      `update segment_evaluation e set members_count = n, evaluated_version = version, whole_at = $3
       from unnest($1::text[], $2::int[]) s(id, n) where e.segment_id = s.id`,
      [[...counts.keys()], [...counts.values()], new Date(surroundings.now)],
    );
    await client.query("analyze segment_member");
  } finally {
    client.release(true);
  }
  return { members: [...counts.values()].reduce((sum, n) => sum + n, 0), seconds };
}
