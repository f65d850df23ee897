import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import type { DB } from "../../../api/db/tables.ts";
import { attempt, secretPlace } from "../../../api/event-subscriptions/attempt.ts";
import { claimDue, freeAbandoned } from "../../../api/event-subscriptions/claim.ts";
import { fanOut, runFanOut } from "../../../api/event-subscriptions/fan-out.ts";
import { readBodies, runEventSending } from "../../../api/event-subscriptions/send.ts";
import { settle } from "../../../api/event-subscriptions/settle.ts";
import { disableOverfull, sweepDeliveries } from "../../../api/event-subscriptions/sweep.ts";
import { runJobs } from "../../../api/jobs/run.ts";
import { allTasks } from "../../../api/jobs/tasks.ts";
import { createSealer } from "../../../api/secrets/seal.ts";
import { appendEvents } from "../../../ingest/outbox.ts";
import { send, withKey } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { workUntil } from "../../support/workers.ts";

const context = useApp();
const receivers: Receiver[] = [];
const base = "/v1/event-subscriptions";

afterEach(async () => {
  // A receiver that is gone must not be tried by the next test.
  await context.pool.query("update event_subscription set status = 'disabled', disabled_because = 'by_hand'");
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function receive(...how: Parameters<typeof startReceiver>): Promise<Receiver> {
  const receiver = await startReceiver(...how);
  receivers.push(receiver);
  return receiver;
}

async function subscribe(project: TestProject, url: string, more: object = {}) {
  const { status, body } = await send(project, "POST", base, { url, types: "all", ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as { id: string; secret: string };
}

/** Pool events need nothing around them. */
async function happen(project: TestProject, count: number, more: { from?: number; poolId?: string } = {}) {
  const numbers = Array.from({ length: count }, (_, at) => at + (more.from ?? 0));
  await appendEvents(
    context.db,
    numbers.map((at) => ({
      event_id: `evt_${project.projectId}_${at}`,
      project_id: project.projectId,
      type: "pool.low_stock" as const,
      version: 1 as const,
      occurred_at: "2026-01-01T00:00:00.000Z",
      payload: { pool_id: more.poolId ?? "plc_1", name: `Pool ${at}`, left: 1, low_stock: 5 },
    })),
  );
  return numbers.map((at) => `evt_${project.projectId}_${at}`);
}

/** Other tests of the same server hold the horizon back for a moment. */
async function fanAllOut(): Promise<void> {
  const isBehind = async () => {
    const { rows } = await sql<{ behind: boolean }>`
      select exists (
        select from outbox o
        where not exists (
          select from event_consumer c where c.name = 'event_subscriptions' and (c.xid, c.seq) >= (o.xid, o.seq))
      ) as behind`.execute(context.db);
    return rows[0]?.behind ?? true;
  };
  await expect
    .poll(
      async () => {
        await fanOut(context.db);
        return isBehind();
      },
      { timeout: 20_000 },
    )
    .toBe(false);
}

/** What is due at that time is sent, once each. */
async function sendDue(now: Date): Promise<number> {
  const claimed = await claimDue(context.db, 1_000, now);
  const bodies = await readBodies(context.db, claimed);
  const ended = await Promise.all(claimed.map((one) => attempt(context.deps, one, bodies.get(one), now)));
  await settle(context.db, ended, () => 0);
  return claimed.length;
}

async function deliveriesOf(project: TestProject, id: string, query = "") {
  const { body } = await send(project, "GET", `${base}/${id}/deliveries?limit=100${query}`);
  return body.data as { id: string; type: string; status: string; next_attempt_at: string; attempts: object[] }[];
}

const later = (ms: number) => new Date(Date.now() + ms);
const day = 86_400_000;

describe("a subscription", () => {
  it("is made, shown without its secret, changed, listed and deleted", async () => {
    const project = await context.newProject();
    const url = "https://93.184.216.34/hook";
    const made = await send(project, "POST", base, { url, types: ["redemption.*", "voucher.published"] });
    expect(made).toMatchObject({ status: 201, body: { url, with_risk: false, status: "active", filter: null } });
    expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const path = `${base}/${made.body.id}`;
    const { secret, ...shown } = made.body;
    expect((await send(project, "GET", path)).body).toEqual(shown);
    expect((await send(project, "GET", base)).body.data).toEqual([shown]);
    const changed = await send(project, "PATCH", path, { types: "all", filter: { campaign_ids: ["cam_1"] } });
    expect(changed.body).toMatchObject({ types: "all", filter: { campaign_ids: ["cam_1"] }, url });
    const { rows } = await context.pool.query("select * from event_subscription where id = $1", [made.body.id]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6, 20));
    const log = await send(project, "GET", "/v1/audit-log?limit=10");
    expect(log.body.data[0]).toMatchObject({ action: "updated" });
    expect(JSON.stringify(log.body)).not.toMatch(/secret_before|whsec_|"secret":/);
    expect((await project.request("DELETE", path)).status).toBe(204);
    expect((await send(project, "GET", path)).status).toBe(404);
  });

  it("says what is wrong with what it is asked for", async () => {
    const project = await context.newProject();
    const fine = { url: "https://93.184.216.34/", types: "all" };
    for (const [change, pointer, detail] of [
      [{ url: "https://10.0.0.1/" }, "/url", "The URL must lead to a public address."],
      [{ url: "http://93.184.216.34/" }, "/url", "The URL must begin with https://."],
      [{ types: ["redemption.unknown"] }, "/types/0", "There is no such event type."],
      [{ types: ["customer.*", "nothing.*"] }, "/types/1", "There is no such event type."],
      [{ types: ["review.opened"] }, "/types/0", "Events of reviews need with_risk, and a key with the scope review."],
      [{ types: ["*"] }, "/types/0", 'Say "all" instead.'],
    ] as const) {
      const { status, body } = await send(project, "POST", base, { ...fine, ...change });
      expect([status, body.errors]).toEqual([400, [{ pointer, detail }]]);
    }
  });

  it("tells of risk only where a key that may review asked for it, and is then changed by such keys alone", async () => {
    const project = await context.newProject();
    const manager = await withKey(context, project, { kind: "secret", scopes: ["manage"] });
    const receiver = await receive();
    const body = { url: receiver.url, types: ["redemption.*", "review.*"], with_risk: true };
    expect((await send(manager, "POST", base, body)).body.code).toBe("scope_missing");
    const open = await subscribe(project, receiver.url, { ...body, types: ["redemption.*"] });
    for (const [method, path, content] of [
      ["PATCH", open.id, { url: "https://93.184.216.34/" }],
      ["DELETE", open.id, undefined],
      ["POST", `${open.id}/rotate-secret`, {}],
    ] as const) {
      expect((await send(manager, method, `${base}/${path}`, content)).body.code).toBe("scope_missing");
    }
    const plain = await receive();
    await subscribe(project, plain.url);
    const { code } = await setUpPromotion(project, {});
    const device = { id: "device-1", ip: "203.0.113.9" };
    const order = redeemBody({ codes: [code], orderId: "o1", customer: "ada", order: { device } });
    expect((await send(project, "POST", "/v1/redemptions", order, { "idempotency-key": "r" })).status).toBe(201);
    await fanAllOut();
    while ((await sendDue(later(0))) > 0);
    const guessed = { subject_kind: "ip", customer: null, failures: 20, window_seconds: 60 };
    await appendEvents(context.db, [
      {
        event_id: `evt_guess_${project.projectId}`,
        project_id: project.projectId,
        type: "code_guessing.detected",
        version: 1,
        occurred_at: "2026-01-01T00:00:00.000Z",
        payload: guessed,
      },
    ]);
    const watchful = await receive();
    await context.pool.query("update event_subscription set url = $2, types = '{code_guessing.*}' where id = $1", [
      open.id,
      watchful.url,
    ]);
    await fanAllOut();
    while ((await sendDue(later(0))) > 0);
    expect(watchful.received.map((one) => JSON.parse(one.body).data)).toEqual([guessed]);
    expect(plain.ids()).not.toContain(`evt_guess_${project.projectId}`);
    const told = (r: Receiver) =>
      r.received.map((one) => JSON.parse(one.body)).find((e) => e.type.startsWith("redemption"));
    expect(told(receiver)?.data).toMatchObject({ customer: "ada", risk: { action: expect.any(String) } });
    expect(told(receiver)?.data.risk).not.toHaveProperty("features");
    expect(told(plain)?.data).toMatchObject({ customer: "ada", order: { id: "o1" } });
    for (const hidden of ["risk", "signals"]) expect(told(plain)?.data).not.toHaveProperty(hidden);
    expect(told(receiver)?.data).not.toHaveProperty("signals");
  });
});

describe("a message", () => {
  it("is verified by the reference library, with both secrets while one follows the other", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id, secret } = await subscribe(project, receiver.url);
    const [event] = await happen(project, 1);
    await fanAllOut();
    await sendDue(later(0));
    const [one] = receiver.received;
    if (one === undefined) throw new Error("nothing came");
    const headers = one.headers as Record<string, string>;
    expect(new Webhook(secret).verify(one.body, headers)).toEqual({
      id: event,
      type: "pool.low_stock",
      timestamp: "2026-01-01T00:00:00.000Z",
      data: { pool_id: "plc_1", name: "Pool 0", left: 1, low_stock: 5 },
    });
    expect(headers["webhook-id"]).toBe(event);
    const other = new Webhook(`whsec_${randomBytes(32).toString("base64")}`);
    expect(() => other.verify(one.body, headers)).toThrow(WebhookVerificationError);
    expect(() => new Webhook(secret).verify(one.body.replace("Pool 0", "Pool 1"), headers)).toThrow("No matching");
    expect(() => new Webhook(secret).verify(one.body, { ...headers, "webhook-id": "evt_2" })).toThrow("No matching");

    const rotated = await send(project, "POST", `${base}/${id}/rotate-secret`, { grace_seconds: 60 });
    expect(rotated.body.secret).not.toBe(secret);
    await happen(project, 2, { from: 1 });
    await fanAllOut();
    await sendDue(later(0));
    for (const text of [secret, rotated.body.secret]) {
      const { body, headers } = receiver.received[1] ?? one;
      expect(new Webhook(text).verify(body, headers as Record<string, string>)).toMatchObject({
        type: "pool.low_stock",
      });
    }
    await context.pool.query(
      "update event_subscription set secret_before_until = now() - interval '1 second' where id = $1",
      [id],
    );
    await happen(project, 1, { from: 3 });
    await fanAllOut();
    await sendDue(later(0));
    const last = receiver.received.at(-1) ?? one;
    expect(() => new Webhook(secret).verify(last.body, last.headers as Record<string, string>)).toThrow("No matching");
    new Webhook(rotated.body.secret).verify(last.body, last.headers as Record<string, string>);
  });

  it("that somebody sends again minutes later is refused for its time, and another time is not signed", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { secret } = await subscribe(project, receiver.url);
    await happen(project, 1);
    await fanAllOut();
    await sendDue(later(-6 * 60_000));
    expect(receiver.received).toHaveLength(0);
    await context.pool.query("update event_delivery set next_attempt_at = now() - interval '1 hour'");
    await sendDue(later(-6 * 60_000));
    const [old] = receiver.received;
    if (old === undefined) throw new Error("nothing came");
    const headers = old.headers as Record<string, string>;
    expect(() => new Webhook(secret).verify(old.body, headers)).toThrow("Message timestamp too old");
    const fresh = { ...headers, "webhook-timestamp": String(Math.floor(Date.now() / 1000)) };
    expect(() => new Webhook(secret).verify(old.body, fresh)).toThrow("No matching");
  });

  it("goes to those that ask for its type and for its campaign, of its project alone", async () => {
    const project = await context.newProject();
    const stranger = await context.newProject();
    const receiver = await receive();
    const { campaignId, mainId, code } = await setUpPromotion(project, {});
    const ids = {
      main: (await subscribe(project, receiver.url, { types: ["redemption.*"], filter: { campaign_ids: [mainId] } }))
        .id,
      sub: (await subscribe(project, receiver.url, { filter: { campaign_ids: [campaignId] } })).id,
      other: (await subscribe(project, receiver.url, { filter: { campaign_ids: ["cam_other"] } })).id,
      orders: (await subscribe(project, receiver.url, { types: ["order.*", "pool.low_stock"] })).id,
    };
    const foreign = await subscribe(stranger, receiver.url);
    const body = redeemBody({ codes: [code], orderId: "o1", customer: "ada" });
    await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": "r" });
    await happen(project, 1);
    await fanAllOut();
    const typesOf = async (id: string) => (await deliveriesOf(project, id)).map(({ type }) => type).sort();
    expect(await typesOf(ids.main)).toEqual(["redemption.succeeded"]);
    expect(await typesOf(ids.sub)).toContain("redemption.succeeded");
    expect(await typesOf(ids.other)).toEqual([]);
    expect(await typesOf(ids.orders)).toContain("pool.low_stock");
    expect(await deliveriesOf(stranger, foreign.id)).toEqual([]);
    expect((await send(stranger, "GET", `${base}/${ids.main}/deliveries`)).status).toBe(404);
  });
});

describe("a receiver that fails", () => {
  it("is tried again after the pauses of the schedule, and each attempt is shown", async () => {
    const project = await context.newProject();
    const receiver = await receive((response) => response.writeHead(500).end("out of \u0000 order"));
    const { id } = await subscribe(project, receiver.url);
    const [event] = await happen(project, 1);
    await fanAllOut();
    let at = later(0);
    const pauses: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await sendDue(at)).toBe(1);
      const [delivery] = await deliveriesOf(project, id);
      expect(delivery?.attempts).toHaveLength(turn + 1);
      if (delivery?.next_attempt_at == null) break;
      pauses.push((Date.parse(delivery.next_attempt_at) - at.getTime()) / 60_000);
      expect(await sendDue(new Date(Date.parse(delivery.next_attempt_at) - 1))).toBe(0);
      at = new Date(delivery.next_attempt_at);
    }
    expect(pauses).toEqual([5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]);
    const [failed] = await deliveriesOf(project, id, "&status=failed");
    expect(failed).toMatchObject({ id: event, next_attempt_at: null });
    expect(failed?.attempts[0]).toMatchObject({
      outcome: "failed",
      status: 500,
      reason: null,
      answer: "out of   order",
    });
    expect(await deliveriesOf(project, id, "&status=delivered")).toEqual([]);
    expect(new Set(receiver.ids())).toEqual(new Set([event]));

    const again = await send(project, "POST", `${base}/${id}/deliveries/${event}/redeliver`);
    expect(again).toMatchObject({ status: 202, body: { status: "waiting" } });
    expect(await sendDue(later(1_000))).toBe(1);
    expect(receiver.received).toHaveLength(11);
  });

  it("waits as long as it is asked to, follows no redirect, and hides nothing of it", async () => {
    const project = await context.newProject();
    const elsewhere = await receive();
    const busy = await receive((response) => response.writeHead(429, { "retry-after": "3600" }).end());
    const moved = await receive((response) => response.writeHead(308, { location: elsewhere.url }).end());
    const ids = [await subscribe(project, busy.url), await subscribe(project, moved.url)].map(({ id }) => id);
    await happen(project, 1);
    await fanAllOut();
    const at = later(0);
    await sendDue(at);
    const [waiting] = await deliveriesOf(project, ids[0] ?? "");
    expect(Date.parse(waiting?.next_attempt_at ?? "") - at.getTime()).toBe(3_600_000);
    const [refused] = await deliveriesOf(project, ids[1] ?? "");
    expect(refused?.attempts).toMatchObject([{ outcome: "failed", status: 308 }]);
    expect(elsewhere.received).toEqual([]);
  });

  it("is disabled after five days of nothing else, which is told once, and enabled by hand", async () => {
    const project = await context.newProject();
    const told = await receive();
    const failing = await receive((response) => response.writeHead(503).end());
    await subscribe(project, told.url, { types: ["event_subscription.disabled"] });
    const { id } = await subscribe(project, failing.url, { types: ["pool.*"], description: "old shop" });
    await happen(project, 1);
    await fanAllOut();
    await sendDue(later(0));
    await happen(project, 2, { from: 1 });
    await fanAllOut();
    await sendDue(later(5 * day - 3_600_000));
    expect((await send(project, "GET", `${base}/${id}`)).body.status).toBe("active");
    while ((await sendDue(later(6 * day))) > 0);
    expect((await send(project, "GET", `${base}/${id}`)).body).toMatchObject({
      status: "disabled",
      disabled_because: "failing",
    });
    await happen(project, 1, { from: 3 });
    await fanAllOut();
    while ((await sendDue(later(7 * day))) > 0);
    expect(told.received.map((one) => JSON.parse(one.body).data)).toMatchObject([
      { subscription_id: id, description: "old shop", because: "failing" },
    ]);
    expect(await deliveriesOf(project, id)).toHaveLength(3);
    const before = failing.received.length;
    const enabled = await send(project, "PATCH", `${base}/${id}`, { status: "active" });
    expect(enabled.body).toMatchObject({ status: "active", disabled_because: null, failing_since: null });
    await sendDue(later(8 * day));
    expect(failing.received.length).toBeGreaterThan(before);
  });

  it("is not failing because of a key of ours that is missing", async () => {
    const project = await context.newProject();
    const { id } = await subscribe(project, (await receive()).url);
    await happen(project, 1);
    await fanAllOut();
    const now = later(1_000);
    const claimed = await claimDue(context.db, 1_000, now);
    const deps = { ...context.deps, sealer: createSealer([randomBytes(32)]) };
    await settle(context.db, await Promise.all(claimed.map((one) => attempt(deps, one, "{}", now))), () => 0);
    expect((await deliveriesOf(project, id))[0]?.attempts).toMatchObject([{ reason: "secret_unreadable" }]);
    expect((await send(project, "GET", `${base}/${id}`)).body).toMatchObject({ failing_since: null });
  });

  it("can be given a new secret when the key of the old one is lost, and says so until then", async () => {
    const project = await context.newProject();
    const { id } = await subscribe(project, (await receive()).url);
    const lost = createSealer([randomBytes(32)]).seal("whsec_lost", secretPlace(project.projectId, id));
    await context.pool.query("update event_subscription set secret = $2 where id = $1", [id, lost]);
    const refused = await send(project, "POST", `${base}/${id}/test`);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining("Rotate the secret")]);
    expect((await send(project, "POST", `${base}/${id}/rotate-secret`, { grace_seconds: 60 })).status).toBe(200);
    expect((await send(project, "POST", `${base}/${id}/test`)).body).toMatchObject({ delivered: true });
  });

  it("has its five days again after one success, and is disabled at once when it says that it is gone", async () => {
    const project = await context.newProject();
    let status = 500;
    const receiver = await receive((response) => response.writeHead(status).end());
    const { id } = await subscribe(project, receiver.url);
    const read = async () => (await send(project, "GET", `${base}/${id}`)).body;
    await happen(project, 1);
    await fanAllOut();
    await sendDue(later(0));
    expect((await read()).failing_since).not.toBeNull();
    status = 204;
    await sendDue(later(60_000));
    expect((await read()).failing_since).toBeNull();
    status = 410;
    await happen(project, 1, { from: 1 });
    await fanAllOut();
    await sendDue(later(60_000));
    expect(await read()).toMatchObject({ status: "disabled", disabled_because: "gone" });
  });

  it("that hangs, or is somebody's metadata service, fails for a reason that is shown", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id } = await subscribe(project, receiver.url);
    await context.pool.query("update event_subscription set url = 'https://169.254.169.254/latest' where id = $1", [
      id,
    ]);
    await happen(project, 1);
    await fanAllOut();
    await sendDue(later(0));
    expect((await deliveriesOf(project, id))[0]?.attempts).toMatchObject([{ reason: "url_refused", status: null }]);
  });
});

describe("sending", () => {
  it("brings 1,000 events to three receivers, each once", async () => {
    const project = await context.newProject();
    const all = await Promise.all([receive(), receive(), receive()]);
    for (const { url } of all) await subscribe(project, url, { types: ["pool.*"] });
    const events = await happen(project, 1_000);
    const states = async () => {
      const { rows } = await context.pool.query(
        "select status, count(*)::int as n from event_delivery where project_id = $1 group by 1",
        [project.projectId],
      );
      return rows;
    };
    // Until it is written down: what has come and is not would be sent once more, by whoever begins next.
    await workUntil(
      [(signal) => runFanOut(context.deps, signal), (signal) => runEventSending(context.deps, signal)],
      async () => (await states()).some(({ status, n }) => status === "delivered" && n === 3_000),
    );
    for (const receiver of all) expect(receiver.ids().sort()).toEqual([...events].sort());
    expect(await states()).toEqual([{ status: "delivered", n: 3_000 }]);
  });

  it("is held up for nobody by a receiver that takes everything and answers nothing", async () => {
    const [slow, other] = [await context.newProject(), await context.newProject()];
    const hanging = await receive(() => undefined);
    const fine = await receive();
    const { id } = await subscribe(slow, hanging.url, { types: ["pool.*"] });
    await happen(slow, 100);
    await fanAllOut();
    await subscribe(slow, fine.url, { types: ["pool.*"] });
    await subscribe(other, fine.url, { types: ["pool.*"] });
    await happen(slow, 50, { from: 100 });
    await happen(other, 50);
    await workUntil(
      [(signal) => runFanOut(context.deps, signal), (signal) => runEventSending(context.deps, signal)],
      async () => fine.received.length >= 100,
    );
    expect(hanging.received).toHaveLength(16);
    // What was on its way when the process ended is nobody's failure, and waits.
    expect(new Set((await deliveriesOf(slow, id)).map(({ status }) => status))).toEqual(new Set(["waiting"]));
    expect((await send(slow, "GET", `${base}/${id}`)).body.failing_since).toBeNull();
  });

  it("that died after sending and before writing it down sends again under the same id", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id } = await subscribe(project, receiver.url);
    const [event] = await happen(project, 1);
    await fanAllOut();
    const claimed = await claimDue(context.db, 10, later(0));
    const bodies = await readBodies(context.db, claimed);
    const lost = await Promise.all(claimed.map((one) => attempt(context.deps, one, bodies.get(one), later(0))));
    await freeAbandoned(context.db, later(30_000));
    expect(await sendDue(later(30_000))).toBe(0);
    await freeAbandoned(context.db, later(61_000));
    expect(await sendDue(later(62_000))).toBe(1);
    expect(receiver.ids()).toEqual([event, event]);
    // Who was thought dead and settles now changes nothing.
    await settle(context.db, [{ ...(lost[0] as (typeof lost)[number]), result: "again" }]);
    const [delivery] = await deliveriesOf(project, id);
    expect(delivery).toMatchObject({ status: "delivered" });
    expect(delivery?.attempts).toMatchObject([{ outcome: "unknown", reason: "abandoned" }, { outcome: "delivered" }]);
  });

  it("of an event that is kept no more ends, and says so", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id } = await subscribe(project, receiver.url);
    await happen(project, 1);
    await fanAllOut();
    await context.pool.query("delete from outbox where project_id = $1", [project.projectId]);
    await sendDue(later(0));
    const [delivery] = await deliveriesOf(project, id);
    expect(delivery).toMatchObject({ status: "failed", attempts: [{ reason: "event_gone" }] });
    expect((await send(project, "GET", `${base}/${id}`)).body.failing_since).toBeNull();
  });

  it("of a test message happens at once, and counts neither way", async () => {
    const project = await context.newProject();
    const receiver = await receive((response) => response.writeHead(400).end("who are you?"));
    const { id, secret } = await subscribe(project, receiver.url);
    const { body } = await send(project, "POST", `${base}/${id}/test`);
    expect(body).toMatchObject({ delivered: false, status: 400, reason: null, answer: "who are you?" });
    const [one] = receiver.received;
    expect(new Webhook(secret).verify(one?.body ?? "", one?.headers as Record<string, string>)).toMatchObject({
      type: "subscription.test",
      data: { subscription_id: id },
    });
    expect(await deliveriesOf(project, id)).toEqual([]);
  });
});

describe("a replay", () => {
  it("sends a range of time again, of the types asked for, also from before the subscription was made", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const events = await happen(project, 3);
    await context.pool.query("update outbox set recorded_at = now() - interval '1 day' where event_id = any($1)", [
      events.slice(0, 2),
    ]);
    const { id } = await subscribe(project, receiver.url);
    await context.pool.query("update event_subscription set created_at = now() - interval '1 hour' where id = $1", [
      id,
    ]);
    await fanAllOut();
    while ((await sendDue(later(0))) > 0);
    const before = receiver.ids();
    expect(before).toContain(events[2]);
    expect(before).not.toContain(events[0]);
    const range = { from: new Date(Date.now() - 2 * day).toISOString(), to: later(day).toISOString() };
    const bad = await send(project, "POST", `${base}/${id}/replay`, { from: range.to, to: range.from });
    expect(bad.body.errors[0].pointer).toBe("/to");
    const { status, body } = await send(project, "POST", `${base}/${id}/replay`, { ...range, types: ["pool.*"] });
    expect([status, body.status]).toEqual([202, "running"]);
    expect((await send(project, "POST", `${base}/${id}/replay`, range)).status).toBe(409);
    const read = async () => (await send(project, "GET", `${base}/${id}/replays/${body.id}`)).body;
    const tasks = allTasks(context.deps);
    await workUntil([(signal) => runJobs(context.deps, tasks, signal)], async () => (await read()).status === "done");
    expect((await read()).found).toBe(3);
    while ((await sendDue(later(1_000))) > 0);
    expect(receiver.ids().slice(before.length).sort()).toEqual([...events].sort());
  });
});

describe("what became of events", () => {
  it("is forgotten, failures later, and a receiver for whom too much waits is disabled", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id } = await subscribe(project, receiver.url, { types: ["pool.*"] });
    await happen(project, 3);
    await fanAllOut();
    expect(await disableOverfull(context.db, later(0), 3)).toBe(0);
    await sendDue(later(0));
    await context.pool.query(
      `update event_delivery set status = case event_id when $2 then 'delivered' when $3 then 'failed' else 'waiting' end,
         updated_at = now() where project_id = $1`,
      [project.projectId, `evt_${project.projectId}_0`, `evt_${project.projectId}_1`],
    );
    await sweepDeliveries(context.db, later(6 * day), 30);
    expect(await deliveriesOf(project, id)).toHaveLength(3);
    await sweepDeliveries(context.db, later(8 * day), 30);
    expect((await deliveriesOf(project, id)).map(({ status }) => status).sort()).toEqual(["failed", "waiting"]);
    expect(await disableOverfull(context.db, later(0), 0)).toBe(1);
    expect((await send(project, "GET", `${base}/${id}`)).body.disabled_because).toBe("backlog");
    await context.pool.query("update event_delivery set next_attempt_at = $2 where project_id = $1", [
      project.projectId,
      later(2 * day),
    ]);
    await sweepDeliveries(context.db, later(31 * day), 30);
    expect((await deliveriesOf(project, id)).map(({ status }) => status)).toEqual(["waiting"]);
    await sweepDeliveries(context.db, later(33 * day), 30);
    expect(await deliveriesOf(project, id)).toEqual([]);
  });

  it("is written down in one order, whatever was sent first: who sends the same again never waits in a circle", async () => {
    const project = await context.newProject();
    const { id } = await subscribe(project, (await receive()).url, { types: ["pool.*"] });
    const [first, second] = await happen(project, 2);
    await fanAllOut();
    const now = later(1_000);
    const claimed = await claimDue(context.db, 1_000, now);
    const ended = await Promise.all(claimed.map((one) => attempt(context.deps, one, "{}", now)));
    ended.sort((a, b) => (a.claimed.event_id < b.claimed.event_id ? 1 : -1));
    const lock = (tx: Kysely<DB>, event: string | undefined) =>
      sql`select from event_delivery where event_id = ${event} for update nowait`.execute(tx);
    /** Holds the first row, waits until `other` wants it, and then needs what `other` must not have. */
    const holding = async (other: () => Promise<unknown>, need: (tx: Kysely<DB>) => Promise<unknown>) => {
      const { begun } = await context.db.transaction().execute(async (tx) => {
        await lock(tx, first);
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
        const begun = other();
        const waiting = "select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
        await expect.poll(async () => (await context.pool.query(waiting, [rows[0]?.pid])).rowCount).toBe(1);
        await need(tx);
        return { begun };
      });
      return begun;
    };
    await holding(
      () => settle(context.db, ended, () => 0),
      (tx) => lock(tx, second),
    );
    const again = await holding(
      () => send(project, "POST", `${base}/${id}/deliveries/${first}/redeliver`),
      (tx) => sql`select from event_subscription where id = ${id} for update nowait`.execute(tx),
    );
    expect(again).toMatchObject({ status: 202 });
  });

  it("comes in pages that neither skip nor repeat", async () => {
    const project = await context.newProject();
    const receiver = await receive();
    const { id } = await subscribe(project, receiver.url, { types: ["pool.*"] });
    const events = await happen(project, 7);
    await fanAllOut();
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await send(project, "GET", `${base}/${id}/deliveries?limit=3${cursor}`);
      seen.push(...body.data.map((one: { id: string }) => one.id));
      cursor = body.next_cursor === null ? "" : `&cursor=${encodeURIComponent(body.next_cursor)}`;
    } while (cursor !== "");
    expect(seen.sort()).toEqual([...events].sort());
    expect((await send(project, "GET", `${base}/${id}/deliveries/${events[0]}`)).body.id).toBe(events[0]);
    const forged = Buffer.from(JSON.stringify(["2026-99-99", "x"])).toString("base64url");
    expect((await send(project, "GET", `${base}/${id}/deliveries?cursor=${forged}`)).status).toBe(400);
  });
});
