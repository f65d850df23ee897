/** A customer with everything a customer can have is taken out of both stores, and every sum stays. */
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { audit } from "../../api/audit/audit.ts";
import { searchStores } from "../../api/erasures/verify.ts";
import { eraseRound } from "../../api/erasures/worker.ts";
import { createRelay } from "../../ingest/relay.ts";
import { reconcile } from "../../warehouse/reconcile.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { type Promotion, redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();
const never = new AbortController().signal;
const identifier = "ada.lovelace@shop.example";
const person = { name: "Ada Lovelace", email: "ada@home.example", phone: "+44 20 7946 0000" };
const texts = [identifier, ...Object.values(person), "203.0.113.77", "browser-fingerprint-1"];

let project: TestProject;
let promotion: Promotion;

const log = pino({ level: "silent" });
const drain = () => createRelay({ pool: app.pool, warehouse: app.warehouse, log }).drain();

async function ask(
  method: string,
  path: string,
  body: unknown,
  status: number,
  key = `key-${identifier}-${Math.random()}`,
) {
  const response = await project.request(method, path, body, { "idempotency-key": key });
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(status);
  // biome-ignore lint/suspicious/noExplicitAny: the assertions are what checks the shape.
  return (text === "" ? undefined : JSON.parse(text)) as any;
}

const path = (who: string, rest = "") => `/v1/customers/${encodeURIComponent(who)}${rest}`;
const customer = { identifier };
const basket = (orderId: string, codes: readonly string[], who = identifier) =>
  redeemBody({
    codes,
    orderId,
    customer: who,
    order: {
      device: { id: "browser-fingerprint-1", ip: "203.0.113.77", user_agent: "Ada's browser" },
      location: { lat: 51.5, lon: -0.1 },
      metadata: { gift_note: who === identifier ? "From Ada Lovelace" : "" },
    },
  });

/** Everything that leaves a trace of a person, and a neighbour whose name begins alike. */
async function live(): Promise<void> {
  await ask(
    "PUT",
    path(identifier),
    { ...person, birthday: "1815-12-10", tags: { tier: ["gold"] }, attributes: { city: "London" } },
    201,
  );
  promotion = await setUpPromotion(project, {
    sub: {
      rewards: [
        { type: "order_discount", amount: 500 },
        { type: "points", points: 40 },
      ],
      limits: { per_customer: 9 },
    },
  });
  const card = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 3_000, metadata: { for: "Ada Lovelace" } },
  });
  await ask("POST", `/v1/vouchers/${card.code}/assign`, { customer }, 200);
  await ask("POST", `/v1/vouchers/${promotion.code}/publish`, { customer, source_id: `mail-${identifier}` }, 201);
  await ask("POST", "/v1/redemptions", basket("o-1", [promotion.code]), 201);
  const undone = await ask("POST", "/v1/redemptions", basket("o-2", [promotion.code]), 201);
  await ask("POST", `/v1/redemptions/${undone.id}/rollback`, { reason: "Ada Lovelace called" }, 201);
  await ask("POST", "/v1/redemptions", basket("o-3", [card.code]), 201);
  await ask("POST", "/v1/redemptions", basket("o-4", ["NOSUCHCODE"]), 422);
  await ask("POST", "/v1/reservations", { ...basket("o-5", [promotion.code]), ttl_seconds: 3_600 }, 201);
  await ask("POST", "/v1/validations", basket("o-6", [promotion.code]), 200);
  const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500, name: "Mug for Ada Lovelace" }];
  const paid = { customer, status: "paid", currency: "EUR", items };
  await ask("POST", "/v1/orders", { id: "o-1", ...paid }, 201);
  await ask("POST", "/v1/events", { name: "visited", customer, properties: { mail: person.email } }, 201);
  await ask("POST", path(identifier, "/points"), { points: 15, reason: "Ada Lovelace's birthday" }, 201);
  await ask("POST", "/v1/offers", { customer }, 200);
  const segment = await ask("POST", "/v1/segments", { name: "regulars" }, 201);
  await ask("POST", `/v1/segments/${segment.id}/members`, { customers: [identifier] }, 200);
  await ask("POST", "/v1/redemptions", basket("n-1", [promotion.code], `${identifier}2`), 201);
  await ask("POST", "/v1/redemptions", basket("n-2", [promotion.code], "bela"), 201);
}

async function giveUpAnEvent(): Promise<void> {
  await app.pool.query(
    `insert into outbox (event_id, project_id, type, occurred_at, payload)
     values ($1, $2, 'custom.recorded', now(), jsonb_build_object('customer', $3::text, 'custom_event_id', 7))`,
    [`evt_bad_${Math.random()}`, project.projectId, identifier],
  );
}

/** Until it is done, without waiting for what could still be under way. */
async function eraseAll(warehouse: ClickHouseClient = app.warehouse, pool: pg.Pool = app.pool): Promise<void> {
  for (let rounds = 0; rounds < 9; rounds += 1) {
    await app.pool.query("update erasure set due_at = now() where status = 'running'");
    if ((await eraseRound({ pool, warehouse, log }, never, 0)) === 0) return;
  }
}

async function figures() {
  const read = async (query: string) => {
    const result = await app.warehouse.query({
      query,
      query_params: { project: project.projectId },
      format: "JSONEachRow",
    });
    return result.json();
  };
  return {
    campaigns: await read(
      "SELECT * EXCEPT (updated_at) FROM campaigns WHERE project_id = {project: String} ORDER BY campaign_id",
    ),
    days: await read("SELECT * FROM campaigns_daily WHERE project_id = {project: String} ORDER BY campaign_id, day"),
    points: await read("SELECT * FROM points_daily WHERE project_id = {project: String} ORDER BY day"),
    events: await read(
      "SELECT toString(type) AS type, count() AS n, sum(total_amount) AS amount FROM events WHERE project_id = {project: String} AND type NOT IN ('customer.erased', 'segment.left') GROUP BY type ORDER BY type",
    ),
  };
}

async function drifts() {
  const compared = await reconcile({ pool: app.pool, warehouse: app.warehouse });
  return compared.drifts.filter((drift) => drift.projectId === project.projectId);
}

async function expectNothingLeft(): Promise<void> {
  const searched = await searchStores(app, project.projectId, texts);
  expect(searched.filter(({ hits }) => hits > 0)).toEqual([]);
  expect(searched.length).toBeGreaterThan(40);
}

beforeEach(async () => {
  project = await app.newProject();
  await live();
});

describe("an erasure", () => {
  it("leaves nothing of the person in either store, and every sum as it was", async () => {
    await giveUpAnEvent();
    await drain();
    await refreshCustomers(app.warehouse);
    const before = await figures();
    const found = await searchStores(app, project.projectId, texts);
    for (const table of [
      "customer",
      "rejection",
      "outbox",
      "idempotency_key",
      "redemption",
      "events_raw",
      "customers_wide",
    ]) {
      expect(found.find((one) => one.table === table)?.hits, table).toBeGreaterThan(0);
    }

    const erasure = await ask("DELETE", path(identifier), undefined, 202);
    expect(erasure).toMatchObject({ status: "running", reason: "requested", done_at: null });
    expect((await ask("DELETE", path(identifier), undefined, 202)).id).toBe(erasure.id);
    // Announced while it is under way, and not delivered yet.
    await ask("POST", "/v1/redemptions", basket("o-7", [promotion.code]), 201);
    await ask("POST", path(identifier, "/points"), { points: 1 }, 201);
    await eraseAll();
    await drain();

    const done = await ask("GET", `/v1/erasures/${erasure.id}`, undefined, 200);
    expect(done).toMatchObject({ status: "done", error: null });
    expect(done.counts.events_raw).toBeGreaterThan(10);
    expect(JSON.stringify(done)).not.toContain(identifier);
    await expectNothingLeft();
    await ask("GET", path(identifier), undefined, 404);
    await ask("DELETE", path(identifier), undefined, 404);

    expect((await audit(app.pool, project.projectId)).filter((one) => one.differing > 0)).toEqual([]);
    // The event that was given up is in one store only, before and after.
    expect(
      (await drifts()).map(({ check, key, postgres, warehouse }) => [check, key, postgres.count, warehouse.count]),
    ).toEqual([["all events by type", "custom.recorded", "2", "1"]]);
    const after = await figures();
    const events = (of: typeof before) => (of.events as { type: string; n: number }[]).map(({ type, n }) => [type, n]);
    const more = { "redemption.succeeded": 1, "points.changed": 2, "reward.issued": 1 } as Record<string, number>;
    expect(events(after)).toEqual(events(before).map(([type, n]) => [type, Number(n) + (more[String(type)] ?? 0)]));

    // The neighbours are untouched, and whoever comes back is new.
    expect((await ask("GET", path(`${identifier}2`), undefined, 200)).identifier).toBe(`${identifier}2`);
    const back = await ask("POST", "/v1/redemptions", basket("o-8", [promotion.code]), 201);
    expect(back.customer).toEqual(customer);
    await drain();
    const known = await ask("GET", path(identifier, "/360"), undefined, 200);
    expect(known.profile).toMatchObject({ identifier, name: null, email: null });
    expect(known.figures).toMatchObject({ redemptions_count: 1, orders_count: 0 });
  });

  it("keeps campaigns' figures to the cent when all was delivered before", async () => {
    await drain();
    const before = await figures();
    await ask("DELETE", path(identifier), undefined, 202);
    await eraseAll();
    await drain();
    expect(await figures()).toEqual(before);
  });

  it("may die between copying and removing, or anywhere in the warehouse, and ends exact", async () => {
    await drain();
    const before = await figures();
    await ask("DELETE", path(identifier), undefined, 202);
    for (const stopAt of ["INSERT", "DELETE FROM events_raw", "DELETE FROM customers_wide", "ALTER TABLE"]) {
      await app.pool.query("update erasure set due_at = now() where status = 'running'");
      await eraseRound({ pool: app.pool, warehouse: dyingAt(stopAt), log }, never, 0).catch(() => undefined);
      const { rows } = await app.pool.query("select status from erasure where project_id = $1", [project.projectId]);
      expect(rows, stopAt).toEqual([{ status: "running" }]);
    }
    await eraseAll();
    await drain();
    await expectNothingLeft();
    expect(await figures()).toEqual(before);
  });

  it("may die before any statement of Postgres, and ends exact", async () => {
    await drain();
    const before = await figures();
    await ask("DELETE", path(identifier), undefined, 202);
    let asked = 0;
    let diesAt = 1;
    const pool = whenAsked("", async () => {
      asked += 1;
      if (asked === diesAt) throw new Error("the connection broke");
    });
    // Not each one: some two dozen of all that a pass asks, the last of them after its end.
    for (; ; diesAt += 9) {
      asked = 0;
      await app.pool.query("update erasure set due_at = now() where status = 'running'");
      await eraseRound({ pool, warehouse: app.warehouse, log }, never, 0);
      if (asked < diesAt) break;
    }
    expect(diesAt).toBeGreaterThan(100);
    await eraseAll();
    await drain();
    await expectNothingLeft();
    expect(await figures()).toEqual(before);
    expect(await drifts()).toEqual([]);
  }, 60_000);

  it("waits for a batch that was left open, and that then brings nothing back", async () => {
    await drain();
    await ask("POST", "/v1/redemptions", basket("o-9", [promotion.code]), 201);
    // A relay that was killed before it could send: its batch has bounds and will be read again.
    await app.pool.query(
      `insert into relay_batch (number, after_xid, after_seq, upto_xid, upto_seq, rows)
       select b.number + 1, b.upto_xid, b.upto_seq, w.xid, w.seq, w.rows
       from (select * from relay_batch order by number desc limit 1) b,
         lateral (select (array_agg(o.xid order by o.xid desc, o.seq desc))[1] as xid,
                         (array_agg(o.seq order by o.xid desc, o.seq desc))[1] as seq, count(*)::int as rows
                  from outbox o where (o.xid, o.seq) > (b.upto_xid, b.upto_seq)) w`,
    );
    await ask("DELETE", path(identifier), undefined, 202);
    const erasing = eraseAll();
    await drain();
    await erasing;
    await drain();
    await expectNothingLeft();
    expect(await drifts()).toEqual([]);
  });

  it("is not done before whoever came while it looked is erased too", async () => {
    await drain();
    const erasure = await ask("DELETE", path(identifier), undefined, 202);
    let came = 0;
    // The outbox is searched after the customer's row is: what comes in between is found in the one only.
    const pool = whenAsked("delete from segment_member", async () => {
      came += 1;
      if (came === 2) await ask("POST", "/v1/redemptions", basket("o-10", [promotion.code]), 201);
      if (came === 3) await ask("POST", "/v1/redemptions", basket("o-11", ["NOSUCHCODE"]), 422);
    });
    await eraseAll(app.warehouse, pool);
    await drain();
    expect(came).toBeGreaterThan(3);
    expect(await ask("GET", `/v1/erasures/${erasure.id}`, undefined, 200)).toMatchObject({ status: "done" });
    await expectNothingLeft();
    expect(await drifts()).toEqual([]);
  });

  it("takes the name out of keys that are the same without it", async () => {
    for (const key of [identifier, identifier.toUpperCase(), person.email]) {
      await ask("POST", path(identifier, "/points"), { points: 1 }, 201, `birthday-${key}`);
    }
    const erasure = await ask("DELETE", path(identifier), undefined, 202);
    await drain();
    await eraseAll();
    expect(await ask("GET", `/v1/erasures/${erasure.id}`, undefined, 200)).toMatchObject({
      error: null,
      status: "done",
    });
    await drain();
    await expectNothingLeft();
  });

  it("erases one whom only refused attempts know, and nobody of another project", async () => {
    const stranger = "only.refused@shop.example";
    await ask("POST", "/v1/redemptions", basket("s-1", ["NOSUCHCODE"], stranger), 422);
    await drain();
    const other = await app.newProject();
    expect((await other.request("DELETE", path(stranger))).status).toBe(404);
    const erasure = await ask("DELETE", path(stranger), undefined, 202);
    expect((await other.request("GET", `/v1/erasures/${erasure.id}`)).status).toBe(404);
    await eraseAll();
    await drain();
    expect((await searchStores(app, project.projectId, [stranger])).filter(({ hits }) => hits > 0)).toEqual([]);
  });
});

/** The connection to the warehouse breaks at the first such statement. */
function dyingAt(statement: string): ClickHouseClient {
  return new Proxy(app.warehouse, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (params: { query?: string }) => {
        if (name === "insert" ? statement === "INSERT" : params?.query?.includes(statement)) {
          return Promise.reject(new Error("the connection broke"));
        }
        return method.call(target, params);
      };
    },
  });
}

/** Does something each time before such a statement is run. */
function whenAsked(statement: string, work: () => Promise<void>): pg.Pool {
  const watched = (client: pg.PoolClient) =>
    new Proxy(client, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          if (name === "query" && String(given[0]).includes(statement)) await work();
          return value.apply(target, given);
        };
      },
    });
  return new Proxy(app.pool, {
    get(target, name) {
      if (name === "connect") return async () => watched(await target.connect());
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
