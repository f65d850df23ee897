/**
 * `npm run chaos:ingest`: events are written and codes redeemed while relays, ClickHouse, back-ends of PostgreSQL and its
 * postmaster are killed with SIGKILL. Then what Postgres committed is held against what the warehouse shows.
 *
 * Exit code 0: nothing was lost, nothing is there twice, both stores agree; 1 otherwise.
 * Options: --kills 110 --seconds 900 --seed 1
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import fc from "fast-check";
import pino from "pino";
import { createKysely } from "../../api/db/kysely.ts";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { createCaller } from "../support/caller.ts";
import { type Random, randomFrom } from "../support/mixture/random.ts";
import { anyEvent, eventTypes } from "../unit/ingest/arbitrary.ts";
import { type IngestService, startIngestService, type Target, targets } from "./ingest-service.ts";
import { type Attempts, persist } from "./persist.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "110" },
    seconds: { type: "string", default: "900" },
    seed: { type: "string", default: "1" },
  },
});
const killsWanted = Number(values.kills);
const seed = Number(values.seed);
const patienceMs = Number(values.seconds) * 1000;

const writers = 3;
const shoppers = 3;
/** What is written straight to the outbox belongs to no project, so that no record but the event has to agree with it. */
const loose = "prj_chaos";

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Transactions of some events each; some stay open for a while, some are taken back. */
async function write(service: IngestService, number: number, goesOn: () => boolean): Promise<number> {
  const random = randomFrom(seed + 100 + number);
  const db = createKysely(service.pool);
  const any = fc.constantFrom(...eventTypes).chain((type) => anyEvent(type, fc.constant(loose)));
  const templates = fc.sample(any, { numRuns: 200, seed: seed + number });
  let committed = 0;
  let minted = 0;
  while (goesOn()) {
    const events = Array.from({ length: 1 + random.below(20) }, (): Event => {
      minted += 1;
      const at = new Date(Date.UTC(2026, random.below(3), 1 + random.below(28), random.below(24)));
      return { ...random.one(templates), event_id: `evt-${number}-${minted}`, occurred_at: at.toISOString() };
    });
    const fate = random.below(20);
    await db
      .transaction()
      .execute(async (tx) => {
        await appendEvents(tx, events);
        if (fate === 0) await delay(200 + random.below(400));
        if (fate === 1) throw new Error("taken back");
      })
      .then(
        () => {
          committed += 1;
        },
        () => undefined,
      );
    await delay(20 + random.below(60));
  }
  return committed;
}

async function setUpCode(service: IngestService, ask: ReturnType<typeof persist>): Promise<string> {
  const post = async (path: string, body: object): Promise<{ id: string }> => {
    const answer = await ask({ method: "POST", path, body });
    if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const main = await post("/v1/campaigns", { type: "main", name: "Chaos", currency: "EUR" });
  const rewards = [{ type: "order_discount", percent_bp: 1000 }];
  const sub = { type: "sub", parent_id: main.id, name: "Chaos", triggers_on: "redemption", currency: "EUR", rewards };
  const { id } = await post("/v1/campaigns", sub);
  for (const each of [main.id, id]) await post(`/v1/campaigns/${each}/activate`, {});
  await post(`/v1/campaigns/${id}/vouchers`, { kind: "generic", code: `CHAOS${service.projectId.length}X` });
  return `CHAOS${service.projectId.length}X`;
}

/** @returns the ids of the redemptions that were answered. */
async function shop(
  ask: ReturnType<typeof persist>,
  code: string,
  number: number,
  goesOn: () => boolean,
): Promise<string[]> {
  const redeemed: string[] = [];
  for (let serial = 0; goesOn(); serial++) {
    const items = [{ sku: "coffee", quantity: 1 + (serial % 3), unit_amount: 2_500 }];
    const answer = await ask({
      method: "POST",
      path: "/v1/redemptions",
      body: {
        codes: [code],
        customer: { identifier: `c-${(number * 31 + serial) % 40}` },
        order: { id: `o-${number}-${serial}`, currency: "EUR", items },
      },
      idempotencyKey: randomUUID(),
    });
    if (answer.status !== 201) throw new Error(`a redemption answered ${answer.status}: ${answer.text}`);
    redeemed.push(JSON.parse(answer.text).id);
    await delay(30);
  }
  return redeemed;
}

/** One after the other, so that what is killed had the time to come back; relays and ClickHouse die beside Postgres. */
async function breakThings(service: IngestService, kills: Record<Target, number>, deadline: number): Promise<void> {
  const total = () => targets.reduce((sum, target) => sum + kills[target], 0);
  const loop = async (random: Random, choices: readonly Target[], restMs: number) => {
    while (total() < killsWanted && Date.now() < deadline) {
      await delay(restMs + random.below(restMs));
      const target = random.one(choices);
      kills[target] += 1;
      await service.kill[target](random).catch((error: unknown) => {
        // The one that looked for a victim met a server that another loop had just killed.
        kills[target] -= 1;
        if (target !== "backend") throw error;
      });
    }
  };
  await Promise.all([
    loop(randomFrom(seed + 1), ["relay"], 1_800),
    loop(randomFrom(seed + 2), ["clickhouse"], 1_800),
    loop(randomFrom(seed + 3), ["backend", "backend", "postmaster"], 1_500),
  ]);
}

async function verify(service: IngestService, redeemed: readonly string[]): Promise<string[]> {
  const { pool, warehouse } = service;
  const log = pino({ level: "fatal" });
  await createRelay({ pool, warehouse, log }).drain(300_000);
  const findings: string[] = [];
  const ask = async <Row>(query: string) => (await warehouse.query({ query, format: "JSONEachRow" })).json<Row>();

  const held = (await pool.query<{ event_id: string }>("select event_id from outbox")).rows.map((row) => row.event_id);
  const shown = (await ask<{ event_id: string }>("SELECT event_id FROM events")).map((row) => row.event_id);
  const shownOnce = new Set(shown);
  const heldOnce = new Set(held);
  const lost = held.filter((id) => !shownOnce.has(id));
  const foreign = [...shownOnce].filter((id) => !heldOnce.has(id));
  if (lost.length > 0) findings.push(`lost: ${lost.length} events, e.g. ${lost[0]}`);
  if (shown.length > shownOnce.size) findings.push(`double: ${shown.length - shownOnce.size} events`);
  if (foreign.length > 0) findings.push(`announced and never committed: ${foreign.length}, e.g. ${foreign[0]}`);

  const marts = await ask<{ redemption_id: string }>("SELECT redemption_id FROM redemptions");
  const times = new Map<string, number>();
  for (const { redemption_id } of marts) times.set(redemption_id, (times.get(redemption_id) ?? 0) + 1);
  const missing = redeemed.filter((id) => times.get(id) !== 1);
  if (missing.length > 0) findings.push(`${missing.length} answered redemptions are not in the mart exactly once`);

  const dead = await pool.query<{ count: number }>("select count(*)::int as count from dead_letter");
  if (dead.rows[0]?.count !== 0) findings.push(`${dead.rows[0]?.count} dead letters`);
  const reconciled = await reconcile({ pool, warehouse });
  // Loose events have no records of their own to agree with; the checksums of all events cover them.
  const drifts = reconciled.drifts.filter((drift) => drift.projectId !== loose || drift.check === "all events by type");
  for (const drift of drifts.slice(0, 20)) findings.push(`drift: ${JSON.stringify(drift)}`);
  const raw = await ask<{ copies: number }>("SELECT toInt64(count() - uniqExact(event_id)) AS copies FROM events_raw");
  print(
    `${held.length} events committed, ${shown.length} shown, ${raw[0]?.copies ?? 0} copies not yet merged; ${redeemed.length} redemptions answered; ${reconciled.compared} groups compared, ${drifts.length} drift`,
  );
  return findings;
}

async function run(service: IngestService): Promise<readonly string[]> {
  const began = Date.now();
  const caller = createCaller(service.key, 50);
  const attempts: Attempts = { asked: 0, broken: 0, failed: 0 };
  const askFrom = (from: number) => persist(caller, [service.apiUrl], randomFrom(seed + from), attempts);
  const code = await setUpCode(service, askFrom(0));
  let writing = true;
  const goesOn = () => writing;
  const writes = Promise.all(Array.from({ length: writers }, (_, number) => write(service, number, goesOn)));
  const shopping = Promise.all(
    Array.from({ length: shoppers }, (_, number) => shop(askFrom(10 + number), code, number, goesOn)),
  );
  for (const work of [writes, shopping]) work.catch(() => undefined);
  const kills: Record<Target, number> = { relay: 0, clickhouse: 0, backend: 0, postmaster: 0 };
  try {
    await breakThings(service, kills, began + patienceMs);
  } finally {
    writing = false;
  }
  const [committed, redeemed] = await Promise.all([writes, shopping]);
  caller.close();
  const killed = targets.reduce((sum, target) => sum + kills[target], 0);
  print(
    `kill -9, ${killed} times in ${((Date.now() - began) / 1000).toFixed(0)} s (seed ${seed}): ${targets.map((target) => `${target} ${kills[target]}`).join(", ")}`,
  );
  print(
    `${committed.reduce((sum, count) => sum + count, 0)} transactions known to be committed; ${attempts.broken} broken connections, ${attempts.failed} answers of 5xx, all asked again`,
  );
  const findings = await verify(service, redeemed.flat());
  if (killed < killsWanted) findings.push(`only ${killed} kills in ${patienceMs / 1000} s`);
  if (targets.some((target) => kills[target] === 0)) findings.push("something was never killed");
  return findings;
}

const service = await startIngestService();
let findings: readonly string[];
try {
  findings = await run(service);
} finally {
  await service.stop();
}
print(findings.length === 0 ? "0 lost, 0 double, no drift" : `${findings.length} findings:`);
for (const finding of findings.slice(0, 50)) print(`  ${finding}`);
process.exitCode = findings.length === 0 ? 0 : 1;
