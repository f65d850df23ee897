/** The warehouse may be away or slow: shoppers do not notice, nothing is forgotten, and no process fills its memory. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { freePort } from "../../api/supervise/server.ts";
import { readLag } from "../../ingest/lag.ts";
import { pruneOutbox } from "../../ingest/prune.ts";
import { createRelay } from "../../ingest/relay.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { useStores } from "../support/stores.ts";

const log = pino({ level: "silent" });

describe("while ClickHouse is away", () => {
  const context = useApp();

  it("redemptions are answered, their events are kept whatever is pruned, and all arrive when it is back", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const away = createWarehouse({ url: `http://127.0.0.1:${await freePort()}`, database: "none" });
    const app = createApp({ ...context.deps, warehouse: away, metrics: new Registry() });
    const stop = new AbortController();
    const relaying = createRelay({ pool: context.pool, warehouse: away, log }).run(stop.signal);
    const redemptions = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        app.request("/v1/redemptions", {
          method: "POST",
          headers: {
            authorization: `Bearer ${project.key}`,
            "content-type": "application/json",
            "idempotency-key": `away-${at}`,
          },
          body: JSON.stringify(redeemBody({ codes: [code], orderId: `away-${at}`, customer: `c-${at}` })),
        }),
      ),
    );
    expect(redemptions.map((response) => response.status)).toEqual(Array(20).fill(201));
    await expect(createRelay({ pool: context.pool, warehouse: away, log }).drain(300)).rejects.toThrow("not drained");

    const { rows } = await context.pool.query("select count(*)::int as count from outbox");
    await context.pool.query("update outbox set recorded_at = recorded_at - interval '30 days'");
    expect(await pruneOutbox(context.pool, 7)).toBe(0);
    expect((await readLag(context.pool)).rows).toBe(rows[0].count);
    stop.abort();
    await relaying;
    await away.close();

    await createRelay({ ...context, log }).drain();
    expect(await readLag(context.pool)).toEqual({ rows: 0, seconds: 0 });
    const result = await reconcile({ ...context });
    expect(result.drifts).toEqual([]);
    expect(result.checks.find(({ check }) => check === "redemptions by currency")?.count).toBe(20n);
  });
});

describe("a backlog", () => {
  const stores = useStores();
  const waiting = 20_000;
  const batchRows = 2_000;

  it("of 20,000 events goes through memory in two batches at a time, and arrives whole", async () => {
    await stores.pool.query(
      `insert into outbox (event_id, project_id, type, occurred_at, payload)
       select 'evt-' || n, 'prj_backlog', 'custom.recorded', '2026-11-22T10:00:00Z',
              jsonb_build_object('customer', 'c-' || n % 100, 'custom_event_id', 'cev-' || n, 'name', 'visited',
                                 'properties', jsonb_build_object('page', n))
       from generate_series(1, $1::int) n`,
      [waiting],
    );
    let held = 0;
    let most = 0;
    const countReads = (client: pg.PoolClient) => {
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<{ rows: unknown[] }>;
      return Object.assign(client, {
        query: async (...args: unknown[]) => {
          const result = await query(...args);
          if ((args[0] as { name?: string }).name === "relay read") held += result.rows.length;
          most = Math.max(most, held);
          return result;
        },
      });
    };
    const warehouse = new Proxy(stores.warehouse, {
      get: (target, name) => {
        if (name !== "insert") return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name);
        return async (parameters: Parameters<ClickHouseClient["insert"]>[0]) => {
          const result = await target.insert(parameters);
          held -= (parameters.values as unknown[]).length;
          return result;
        };
      },
    });
    const pool = new Proxy(stores.pool, {
      get: (target, name) =>
        name === "connect"
          ? // Every time a new one: what a test beside this one has open holds the horizon back, and the relay tries again.
            async () => countReads(await target.connect())
          : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
    });
    await createRelay({ pool, warehouse, log, batchRows }).drain(55_000);
    expect(held).toBe(0);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2 * batchRows);
    const result = await stores.warehouse.query({
      query: "SELECT toInt64(count()) AS rows, toInt64(uniqExact(event_id)) AS ids FROM events",
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([{ rows: waiting, ids: waiting }]);
  });
});
