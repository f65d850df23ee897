/** A database that redeemed before there was a ledger: taken there with its own functions, then brought to the present. */
import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { audit } from "../../api/audit/audit.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { migratePostgres } from "../../api/db/migrate.ts";
import { scopes } from "../../api/http/environment.ts";
import { newId } from "../../api/ids.ts";
import { hashKey } from "../../api/keys/key-ring.ts";
import { createSealer } from "../../api/secrets/seal.ts";
import { loadModels } from "../../models/serving.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { createDatabase, dropDatabase, urlOfDatabase } from "../support/databases.ts";

const database = `tessera_test_${randomBytes(6).toString("hex")}`;
const at = "2026-01-02T03:04:05.000Z";

interface Sold {
  readonly id: string;
  readonly order: string;
  readonly customer: string | null;
  readonly quantities: readonly number[];
  /** [voucher, sub-campaign, discount by line] */
  readonly codes: readonly (readonly [string, string, readonly number[]])[];
}

/** A and B under M; S1 and S2 are vouchers of A, T of B. A line is 10.00 a unit. */
const sold: readonly Sold[] = [
  {
    id: "red_1",
    order: "o1",
    customer: "cus_anna",
    quantities: [2, 1],
    codes: [
      ["S1", "A", [100, 50]],
      ["S2", "A", [30, 0]],
      ["T", "B", [0, 70]],
    ],
  },
  { id: "red_2", order: "o2", customer: "cus_anna", quantities: [3], codes: [["S1", "A", [200]]] },
  { id: "red_3", order: "o3", customer: null, quantities: [1], codes: [["T", "B", [10]]] },
  { id: "red_4", order: "o1", customer: "cus_bela", quantities: [2, 1], codes: [["U", "B", [5, 6]]] },
  {
    id: "red_5",
    order: "o4",
    customer: "cus_bela",
    quantities: [1, 1],
    codes: [
      ["S1", "A", [7, 8]],
      ["T", "B", [9, 1]],
    ],
  },
];
const undone = ["red_2", "red_5"];

const mainOf = "M";
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

function redeemArgument(project: string, one: Sold): object {
  const { id, order, customer, quantities, codes } = one;
  const takes = new Map<
    string,
    { kind: string; id: string; scope?: string; version?: number; uses: number; amount: number }
  >();
  const take = (
    key: string,
    counter: { kind: string; id: string; scope?: string; version?: number },
    amount: number,
  ) => {
    const before = takes.get(key) ?? { ...counter, uses: 0, amount: 0 };
    takes.set(key, { ...before, uses: before.uses + 1, amount: before.amount + amount });
  };
  for (const [voucher, campaign, lines] of codes) {
    const amount = sum(lines);
    take("1", { kind: "campaign", id: mainOf }, amount);
    take(`2 ${campaign}`, { kind: "campaign", id: campaign }, amount);
    take(`3 ${voucher}`, { kind: "voucher", id: `vou_${voucher}`, version: 1 }, amount);
    if (customer === null) continue;
    take("4", { kind: "customer", id: mainOf, scope: "campaign" }, amount);
    take(`4 ${campaign}`, { kind: "customer", id: campaign, scope: "campaign" }, amount);
    take(`5 ${voucher}`, { kind: "customer", id: `vou_${voucher}`, scope: "voucher" }, amount);
  }
  const discount = sum(codes.map(([, , lines]) => sum(lines)));
  const amount = 1000 * sum(quantities);
  const items = quantities.map((quantity, line) => ({
    ...{ sku: `sku${line}`, product_id: null, name: null, quantity, unit_amount: 1000, categories: [] },
    discount_amount: sum(codes.map(([, , lines]) => lines[line] ?? 0)),
  }));
  const order_data = {
    ...{ id: order, currency: "EUR", channel: null, store_id: null, amount, shipping_amount: 0, items },
    ...{ discount_amount: discount, total_amount: amount - discount },
  };
  return {
    ...{ project_id: project, idempotency_key: id, request_hash: "00", order_id: order, versions: [], events: [] },
    order_codes_seen: order === "o1" && id !== "red_1" ? ["red_1 vou_S1", "red_1 vou_S2", "red_1 vou_T"] : [],
    customer: customer === null ? null : { id: customer, identifier: customer, known: true },
    takes: [...takes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
    redemption: {
      ...{ id, currency: "EUR", amount, discount_amount: discount, order_data },
      ...{ source: "api", risk: {}, trace: [] },
    },
    codes: codes.map(([voucher, campaign_id, lines], position) => ({
      ...{ position, voucher_id: `vou_${voucher}`, code: voucher, campaign_id, main_campaign_id: mainOf },
      ...{ discount_amount: sum(lines), items_discount: lines, shipping_discount: 0 },
    })),
    ...{ occurred_at: at, decided_at: at, response: JSON.stringify({ id }) },
  };
}

async function sell(pool: pg.Pool, project: string): Promise<void> {
  const campaign = `insert into campaign (project_id, id, type, parent_id, name, template, status, currency, created_at, updated_at)
                    values ($1, $2, $3, $4, $2, 'discount', 'active', 'EUR', $5, $5)`;
  for (const [id, type, parent] of [
    ["M", "main", null],
    ["A", "sub", "M"],
    ["B", "sub", "M"],
  ]) {
    await pool.query(campaign, [project, id, type, parent, at]);
    await pool.query("insert into campaign_usage (project_id, campaign_id) values ($1, $2)", [project, id]);
  }
  for (const [code, campaignId] of [
    ["S1", "A"],
    ["S2", "A"],
    ["T", "B"],
    ["U", "B"],
  ]) {
    await pool.query(
      `insert into voucher (project_id, id, code, campaign_id, kind, status, created_at, updated_at)
       values ($1, $2, $3, $4, 'generic', 'created', $5, $5)`,
      [project, `vou_${code}`, code, campaignId, at],
    );
  }
  for (const customer of ["cus_anna", "cus_bela"]) {
    await pool.query(
      "insert into customer (project_id, id, identifier, created_at, updated_at) values ($1, $2, $2, $3, $3)",
      [project, customer, at],
    );
  }
  for (const one of sold) {
    const { rows } = await pool.query("select outcome from redeem($1::jsonb)", [
      JSON.stringify(redeemArgument(project, one)),
    ]);
    expect(rows).toEqual([{ outcome: "done" }]);
  }
  for (const id of undone) {
    const argument = {
      ...{ project_id: project, redemption_id: id, order_id: sold.find((one) => one.id === id)?.order },
      ...{ rollback: { id: `rol_${id}`, reason: null }, occurred_at: at, decided_at: at, events: [], response: "{}" },
    };
    const { rows } = await pool.query("select outcome from roll_back($1::jsonb)", [JSON.stringify(argument)]);
    expect(rows).toEqual([{ outcome: "done" }]);
  }
}

describe("redemptions from before the ledger", () => {
  let pool: pg.Pool;
  let project: string;
  let key: string;

  beforeAll(async () => {
    await createDatabase(inject("postgresUrl"), database);
    const connectionString = urlOfDatabase(inject("postgresUrl"), database);
    pool = createPool({ connectionString, max: 4, applicationName: "tessera-test" });
    expect(await migratePostgres(pool, "007_offers.sql")).toHaveLength(7);
    project = newId("prj");
    key = `tsk_${randomUUID()}`;
    await pool.query("insert into project (id, name) values ($1, 'old')", [project]);
    await pool.query(
      `insert into api_key (id, project_id, name, kind, key_hash, hint, scopes)
       values ($1, $2, 'first key', 'secret', $3, '…', $4)`,
      [newId("key"), project, hashKey(key), scopes],
    );
    await sell(pool, project);
    await migratePostgres(pool);
  });
  afterAll(async () => {
    await pool.end();
    await dropDatabase(inject("postgresUrl"), database);
  });

  const differing = async () => (await audit(pool, null)).flatMap((found) => found.differences);

  it("add up in the audit", async () => {
    const results = await audit(pool, project);
    expect(results.flatMap((found) => found.differences)).toEqual([]);
    expect(Object.fromEntries(results.map((found) => [found.name, found.accounts]))).toMatchObject({
      ...{ campaign: 3, voucher: 4, redemption: 5, order: 4, "codes of a redemption": 5 },
      // Anna: M, A, B, S1, S2, T. Bela: M, A, B, S1, T, U.
      ...{ customer: 12, "rollbacks of a redemption": 2, "codes of a campaign": 3 },
    });
  });

  it("count the value of their orders once a campaign, however many codes they took", async () => {
    const { rows } = await pool.query(
      "select campaign_id, redemptions_count, discount_amount, orders_amount from campaign_usage order by 1",
    );
    expect(rows).toEqual([
      { campaign_id: "A", redemptions_count: 2, discount_amount: 180, orders_amount: 3000 },
      { campaign_id: "B", redemptions_count: 3, discount_amount: 91, orders_amount: 7000 },
      { campaign_id: "M", redemptions_count: 5, discount_amount: 271, orders_amount: 7000 },
    ]);
  });

  it("say what their rollbacks gave back", async () => {
    const { rows } = await pool.query(
      `select r.id, r.rolled_back_amount, r.rollbacks_count, r.units_returned, array_agg(c.items_returned::text order by c.position) as codes
       from redemption r join redemption_code c on c.project_id = r.project_id and c.redemption_id = r.id
       group by r.id, r.rolled_back_amount, r.rollbacks_count, r.units_returned order by r.id`,
    );
    expect(
      rows.map((row) => [row.id, row.rolled_back_amount, row.rollbacks_count, row.units_returned, row.codes]),
    ).toEqual([
      ["red_1", 0, 0, [], ["{}", "{}", "{}"]],
      ["red_2", 200, 1, [3], ["{200}"]],
      ["red_3", 0, 0, [], ["{}"]],
      ["red_4", 0, 0, [], ["{}"]],
      ["red_5", 25, 1, [1, 1], ["{7,8}", "{9,1}"]],
    ]);
  });

  it("can be rolled back in parts like any other", async () => {
    const log = pino({ level: "silent" });
    const warehouse = createWarehouse({ url: inject("clickhouseUrl"), database: "default" });
    const app = createApp({
      ...{ db: createKysely(pool), pool, warehouse, log, metrics: new Registry(), dataDir: tmpdir() },
      models: await loadModels({ log, directory: join(tmpdir(), "tessera-test-no-models") }),
      readiness: async () => ({ postgres: true, clickhouse: true, migrations: true, relay: true }),
      ...{ sealer: createSealer([Buffer.alloc(32)]), publicUrl: undefined },
    });
    const rollBack = async (body: object) => {
      const response = await app.request("/v1/redemptions/red_1/rollback", {
        method: "POST",
        headers: {
          authorization: `Bearer ${key}`,
          "content-type": "application/json",
          "idempotency-key": randomUUID(),
        },
        body: JSON.stringify(body),
      });
      expect(response.status, await response.clone().text()).toBe(201);
      return response.json();
    };
    // Of the first line, 65 of 130 go back with one of its two units.
    expect(await rollBack({ items: [{ index: 0, quantity: 1 }] })).toMatchObject({ discount_amount: 65, whole: false });
    expect(await differing()).toEqual([]);
    expect(await rollBack({})).toMatchObject({ discount_amount: 185, whole: true });
    expect(await differing()).toEqual([]);
    await warehouse.close();
  });
});
