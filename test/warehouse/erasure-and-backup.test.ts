/** An erasure that comes while a backup is taken waits for it, and is no drift meanwhile. */
import pg from "pg";
import { pino } from "pino";
import { expect, it } from "vitest";
import { eraseRound } from "../../api/erasures/worker.ts";
import { backupLock } from "../../ingest/locks.ts";
import { createRelay } from "../../ingest/relay.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();
const log = pino({ level: "silent" });
const never = new AbortController().signal;

it("leaves both stores equal while it waits, and waits longer than a statement may take", async () => {
  const project = await app.newProject();
  const promotion = await setUpPromotion(project, {});
  const body = redeemBody({ codes: [promotion.code], orderId: "o-1", customer: "ada@shop.example" });
  expect((await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": "k-1" })).status).toBe(201);
  const drain = () => createRelay({ ...app, log }).drain();
  await drain();

  const backup = await app.pool.connect();
  await backup.query("select pg_advisory_lock($1)", [backupLock]);
  const path = "/v1/customers/ada%40shop.example";
  const headers = { "idempotency-key": "k-2" };
  expect((await send(project, "DELETE", path, undefined, headers)).status).toBe(202);
  const pool = new pg.Pool({ connectionString: app.databaseUrl, statement_timeout: 200 });
  const erasing = eraseRound({ pool, warehouse: app.warehouse, log }, never, 0);
  const waitsLong = async () => {
    const { rows } = await app.pool.query<{ waits: boolean }>(
      `select exists (select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()
         and clock_timestamp() - query_start > interval '400 milliseconds') as waits`,
    );
    return rows[0]?.waits;
  };
  await expect.poll(waitsLong, { timeout: 20_000 }).toBe(true);
  await drain();
  expect((await reconcile({ ...app })).drifts).toEqual([]);
  backup.release(true);
  await erasing;
  expect((await app.pool.query("select error, passes from erasure")).rows).toEqual([{ error: null, passes: 1 }]);
  await drain();
  expect((await reconcile({ ...app })).drifts).toEqual([]);
  await pool.end();
});
