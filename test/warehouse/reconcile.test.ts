import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { createRelay } from "../../ingest/relay.ts";
import { NotComparable, reconcile } from "../../warehouse/reconcile.ts";
import type { TestProject } from "../support/app.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const log = pino({ level: "silent" });

async function ask(project: TestProject, method: string, path: string, body: unknown, status: number) {
  const response = await project.request(method, path, body, { "idempotency-key": `key-${Math.random()}` });
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(status);
  return JSON.parse(text);
}

/** Something of everything that both stores keep. */
async function aDayAtTheShop(project: TestProject): Promise<void> {
  const promotion = await setUpPromotion(project, { sub: { limits: { per_customer: 2 } } });
  const other = await setUpPromotion(project, {});
  const redeem = (orderId: string, customer: string, status: number, codes: readonly string[]) =>
    ask(project, "POST", "/v1/redemptions", redeemBody({ codes, orderId, customer }), status);
  const order = (id: string, customer: string, status: string) => ({
    id,
    customer: { identifier: customer },
    status,
    currency: "EUR",
    items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }],
  });
  await redeem("o-1", "anna", 201, [promotion.code]);
  await redeem("o-2", "anna", 201, [promotion.code, other.code]);
  await redeem("o-3", "anna", 422, [promotion.code, "NOSUCHCODE"]);
  await redeem("o-4", "bela", 201, [other.code]);
  const rolledBack = await redeem("o-5", "bela", 201, [promotion.code]);
  await ask(project, "POST", `/v1/redemptions/${rolledBack.id}/rollback`, {}, 201);
  await ask(project, "POST", "/v1/validations", redeemBody({ codes: [other.code], orderId: "o-6" }), 200);
  await ask(project, "POST", "/v1/orders", order("o-1", "anna", "paid"), 201);
  await ask(project, "POST", "/v1/orders", order("o-4", "bela", "paid"), 201);
  await ask(project, "POST", "/v1/orders", order("o-4", "bela", "refunded"), 200);
  await ask(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "cleo" } }, 201);
  const give = { customer: { identifier: "cleo" } };
  await ask(project, "POST", `/v1/vouchers/${other.code}/publish`, give, 201);
}

describe("reconcile", () => {
  const app = useApp();
  let project: TestProject;
  const compare = async () => {
    await createRelay({ ...app, log }).drain();
    return reconcile({ ...app });
  };

  beforeAll(async () => {
    project = await app.newProject();
    await aDayAtTheShop(project);
  });

  it("finds that both stores agree on everything the API did", async () => {
    const result = await compare();
    expect(result.drifts).toEqual([]);
    const counts = Object.fromEntries(result.checks.map((check) => [check.check, check.count]));
    expect(counts).toMatchObject({
      "redemptions by currency": 4n,
      "redeemed codes by campaign": 5n,
      "rolled back codes by campaign": 2n,
      "rejections by currency": 1n,
      "rejections by campaign": 1n,
      "publications by campaign": 1n,
      "orders by status": 3n,
      "custom events by name": 1n,
      "customers by project": 3n,
      "campaigns by status": 4n,
    });
  });

  it("agrees at any moment while orders, redemptions and the relay go on", async () => {
    const stop = new AbortController();
    const relaying = createRelay({ ...app, log }).run(stop.signal);
    const busy = (async () => {
      for (let day = 0; day < 3; day++) await aDayAtTheShop(await app.newProject());
    })();
    for (let times = 0; times < 5; times++) expect((await reconcile({ ...app })).drifts).toEqual([]);
    await busy;
    expect((await reconcile({ ...app })).drifts).toEqual([]);
    stop.abort();
    await relaying;
  });

  it("says that it cannot compare when nobody relays", async () => {
    await ask(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "anna" } }, 201);
    await expect(reconcile({ ...app, waitMs: 100 })).rejects.toThrow(NotComparable);
  });

  it("shows an event that never reached the warehouse", async () => {
    const promotion = await setUpPromotion(project, {});
    await ask(project, "POST", "/v1/redemptions", redeemBody({ codes: [promotion.code], orderId: "lost" }), 201);
    await app.pool.query(
      "delete from outbox where type = 'redemption.succeeded' and payload -> 'order' ->> 'id' = 'lost'",
    );
    const { drifts } = await compare();
    expect(drifts).toContainEqual({
      check: "redeemed codes by campaign",
      projectId: project.projectId,
      key: promotion.campaignId,
      day: new Date().toISOString().slice(0, 10),
      postgres: { count: "1", amount: "500" },
      warehouse: { count: "0", amount: "0" },
    });
    expect(new Set(drifts.map((drift) => drift.check))).toEqual(
      new Set(["redemptions by currency", "redeemed codes by campaign"]),
    );
  });

  it("shows an event that the warehouse should not have", async () => {
    const before = (await compare()).drifts;
    await app.warehouse.command({
      query: `INSERT INTO events_raw SELECT * REPLACE ('evt_extra' AS event_id) FROM events
              WHERE type = 'voucher.published' AND project_id = {project: String} LIMIT 1`,
      query_params: { project: project.projectId },
    });
    const after = (await compare()).drifts.filter((drift) => !before.some((known) => known.check === drift.check));
    expect(after.map((drift) => [drift.check, drift.postgres.count, drift.warehouse.count])).toEqual([
      ["publications by campaign", "1", "2"],
      ["all events by type", "1", "2"],
    ]);
  });

  it("shows an event whose content changed on the way", async () => {
    const before = (await compare()).drifts;
    await app.pool.query(
      `update outbox set payload = jsonb_set(payload, '{properties}', '{"forged": true}')
       where type = 'custom.recorded' and project_id = $1`,
      [project.projectId],
    );
    const after = (await compare()).drifts.filter((drift) => !before.some((known) => known.key === drift.key));
    expect(after.map((drift) => [drift.check, drift.key])).toEqual([["all events by type", "custom.recorded"]]);
    expect(after[0]?.postgres.count).toBe(after[0]?.warehouse.count);
  });
});
