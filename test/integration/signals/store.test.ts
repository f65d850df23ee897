/** The online store: what a request leaves in it, what the next one is told, and what is left of an erased person. */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { erasePass } from "../../../api/erasures/erase.ts";
import { signalsFollower } from "../../../api/signals/follow.ts";
import { signalKey } from "../../../api/signals/secret.ts";
import { pruneStates, writeStates } from "../../../api/signals/store.ts";
import { hashSubject } from "../../../api/signals/subjects.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { decodeState } from "../../../models/features/signals/codec.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";

const context = useApp();
const log = pino({ level: "silent" });
const follow = () => drainConsumer(signalsFollower({ db: context.db, log }));

async function openShop(): Promise<TestProject> {
  const project = await context.newProject();
  const must = async (path: string, body: object) => {
    const answer = await send(project, "POST", path, body);
    expect([200, 201], JSON.stringify(answer.body)).toContain(answer.status);
    return answer.body;
  };
  const main = await must("/v1/campaigns", { type: "main", name: "main", currency: "EUR" });
  const sub = await must("/v1/campaigns", {
    ...{ type: "sub", parent_id: main.id, name: "sub", currency: "EUR", triggers_on: "redemption" },
    rewards: [{ type: "order_discount", amount: 100 }],
  });
  for (const { id } of [main, sub]) await must(`/v1/campaigns/${id}/activate`, {});
  await must(`/v1/campaigns/${sub.id}/vouchers`, { kind: "generic", code: "SALE" });
  return project;
}

async function redeem(project: TestProject, customer: string, order: object = {}) {
  const body = {
    codes: ["SALE"],
    customer: { identifier: customer },
    order: { id: randomUUID(), currency: "EUR", items: [{ sku: "a", quantity: 1, unit_amount: 2000 }], ...order },
  };
  const answer = await send(project, "POST", "/v1/redemptions", body, { "Idempotency-Key": randomUUID() });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  const { rows } = await context.pool.query(
    "select payload from outbox where project_id = $1 and type = 'redemption.succeeded' order by xid desc, seq desc limit 1",
    [project.projectId],
  );
  return rows[0].payload as { signals: Record<string, string>; risk: { features: Record<string, number> } };
}

async function stateOf(project: TestProject, kind: string, subject: string) {
  const { rows } = await context.pool.query<{ state: string }>(
    "select state from signal_state where project_id = $1 and kind = $2 and subject = $3",
    [project.projectId, kind, subject],
  );
  return rows[0] === undefined ? undefined : decodeState(rows[0].state);
}

describe("the store of signals", () => {
  it("tells the next request what the one before it left, by hashes that Postgres makes too", async () => {
    const project = await openShop();
    const email = { email: "J.Doe12+sale@Example.com" };
    expect((await send(project, "PUT", "/v1/customers/jane", email)).status).toBe(201);
    const order = { device: { id: "tablet", ip: "192.0.2.9", asn: 64500 }, payment: { fingerprint: "visa" } };
    const first = await redeem(project, "jane", order);
    expect(first.risk.features.device_redeemed_day).toBe(0);
    const key = await signalKey(context.db, project.projectId);
    const shape = hashSubject(key, "email_shape", "jdoe@example.com");
    expect(first.signals).toMatchObject({ email_shape: shape, device: hashSubject(key, "device", "tablet") });
    expect(Number(first.signals.account_age_seconds)).toBeLessThan(600);
    await follow();
    const second = await redeem(project, "john", order);
    expect(second.risk.features).toMatchObject({
      ...{ device_redeemed_day: 1, device_shoppers_90d: 1, device_newcomers_day: 1 },
      ...{ card_shoppers_90d: 1, ip_redeemed_hour: 1, customer_redeemed_day: 0 },
    });
    await follow();
    expect((await stateOf(project, "device", second.signals.device ?? ""))?.counterparts.shopper).toHaveLength(2);
    // The same device of another project is another subject.
    const other = await openShop();
    const elsewhere = await redeem(other, "jane", order);
    expect(elsewhere.signals.device).not.toBe(first.signals.device);
    expect(elsewhere.risk.features.device_redeemed_day).toBe(0);
  });

  it("costs no sale and holds up nobody when a state cannot be read: it begins anew", async () => {
    const project = await openShop();
    const order = { device: { id: "tablet" } };
    const { signals } = await redeem(project, "first", order);
    await follow();
    await context.pool.query("update signal_state set state = '{' where project_id = $1", [project.projectId]);
    const second = await redeem(project, "second", order);
    expect(second.risk.features.device_shoppers_90d).toBe(0);
    await follow();
    expect((await stateOf(project, "device", signals.device ?? ""))?.counterparts.shopper).toHaveLength(1);
    expect((await redeem(project, "third", order)).risk.features.device_shoppers_90d).toBe(1);
    const aside = await context.pool.query("select from event_consumer_failure where project_id = $1", [
      project.projectId,
    ]);
    expect(aside.rowCount).toBe(0);
  });

  it("forgets an erased customer: their state, their place beside a device, and the signals of their events", async () => {
    const project = await openShop();
    const order = { device: { id: "shared" } };
    const { signals } = await redeem(project, "erased-customer", order);
    await redeem(project, "staying-customer", order);
    await follow();
    const relay = createRelay({ pool: context.pool, warehouse: context.warehouse, log });
    await relay.drain();
    const key = await signalKey(context.db, project.projectId);
    const gone = hashSubject(key, "customer", "erased-customer");
    expect(await stateOf(project, "customer", gone)).toBeDefined();
    const habits = async () =>
      (
        await context.pool.query(
          "select from signal_state where project_id = $1 and kind = 'habit' and subject ^@ $2",
          [project.projectId, gone],
        )
      ).rowCount;
    expect(await habits()).toBe(1);
    // An erasure comes to its end also where a state is broken.
    const broken = `{"p":["c${gone.slice(0, 10)}"`;
    await writeStates(context.db, [
      { projectId: project.projectId, kind: "card" as const, subject: "broken", state: broken },
    ]);
    const answer = await send(project, "DELETE", "/v1/customers/erased-customer");
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    for (let pass = 0; pass < 4; pass += 1) {
      const { rows } = await context.pool.query("select * from erasure where project_id = $1 and status = 'running'", [
        project.projectId,
      ]);
      if (rows[0] !== undefined) await erasePass(context, rows[0], 0);
      await follow();
      await relay.drain();
    }
    expect(await stateOf(project, "customer", gone)).toBeUndefined();
    expect(await habits()).toBe(0);
    expect((await stateOf(project, "card", "broken"))?.counterparts).toEqual({});
    const device = await stateOf(project, "device", signals.device ?? "");
    const stays = hashSubject(key, "customer", "staying-customer");
    expect(device?.counterparts.shopper?.map(([id]) => id)).toEqual([`c${stays.slice(0, 10)}`]);
    const told = await context.warehouse.query({
      query: `SELECT customer = 'staying-customer' AS stays, notEmpty(signals) AS has, position(payload, 'signals') > 0 AS says
        FROM events WHERE project_id = {project: String} AND type = 'redemption.succeeded' ORDER BY stays`,
      query_params: { project: project.projectId },
      format: "JSONEachRow",
    });
    expect(await told.json()).toEqual([
      { stays: 0, has: 0, says: 0 },
      { stays: 1, has: 1, says: 1 },
    ]);
  });

  it("forgets whom nothing was heard of for long, and nobody else", async () => {
    const { projectId } = await context.newProject();
    const entries = ["old", "new"].map((subject) => ({ projectId, kind: "device" as const, subject, state: "{}" }));
    await writeStates(context.db, entries);
    await context.pool.query(
      "update signal_state set seen_at = now() - interval '91 days' where project_id = $1 and subject = 'old'",
      [projectId],
    );
    expect(await pruneStates(context.db, 90)).toBe(1);
    const left = await context.pool.query("select subject from signal_state where project_id = $1", [projectId]);
    expect(left.rows).toEqual([{ subject: "new" }]);
  });
});
