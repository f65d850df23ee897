import { type Kysely, sql, type Transaction } from "kysely";
import { expect, it } from "vitest";
import type { DB } from "../../../api/db/tables.ts";
import { newId } from "../../../api/ids.ts";
import { deliveryFollower } from "../../../api/publications/follow-deliveries.ts";
import { publishFromCampaign } from "../../../api/publications/publish-from-campaign.ts";
import { publishFromPool } from "../../../api/publications/publish-from-pool.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { appendEvents } from "../../../ingest/outbox.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { setUpStock } from "../../support/campaign-stock.ts";
import { newEmailChannel, newTemplate, order } from "../../support/messages.ts";
import { stockPool } from "../../support/pool-stock.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";

const context = useApp();
const customer = { identifier: "c1" };

function publish(project: TestProject, body: object) {
  return send(project, "POST", "/v1/publications", body);
}

async function read(project: TestProject, id: string) {
  return (await send(project, "GET", `/v1/publications/${id}`)).body;
}

async function voucherOf(project: TestProject, code: string) {
  return (await send(project, "GET", `/v1/vouchers/${code}`)).body;
}

async function wallet(project: TestProject): Promise<string[]> {
  const { body } = await send(project, "GET", "/v1/customers/c1/wallet");
  return body.data.map((each: { code: string }) => each.code);
}

/** Says what a delivery would, and lets publications hear of it. */
async function tell(
  { projectId }: TestProject,
  publicationId: string,
  type: "delivery.sent" | "delivery.failed" | "delivery.bounced" | "delivery.skipped",
  {
    reason = null,
    deliveryId = "dlv_1",
    runId = null,
  }: { reason?: string | null; deliveryId?: string; runId?: string | null } = {},
) {
  const payload = {
    delivery_id: deliveryId,
    channel_id: "chn_1",
    channel_kind: "email",
    template_id: "tpl_1",
    customer: "c1",
    publication_id: publicationId,
    workflow_run_id: runId,
    campaign_id: null,
    reason,
  };
  const occurred_at = "2026-11-20T10:00:00.000Z";
  const event = { event_id: newId("evt"), project_id: projectId, type, version: 1 as const, occurred_at, payload };
  await context.db.transaction().execute((tx) => appendEvents(tx, [event]));
  await drainConsumer(deliveryFollower({ db: context.db, log: context.deps.log }));
}

async function told({ projectId }: TestProject, publicationId: string): Promise<string[]> {
  const { rows } = await context.pool.query(
    `select type from outbox where project_id = $1 and payload ->> 'publication_id' = $2 and type not like 'delivery.%'
     order by seq`,
    [projectId, publicationId],
  );
  return rows.map((row) => row.type);
}

it("publishes from a campaign, by code and from a pool, the same source id once", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 2 });
  const body = { campaign_id: campaignId, customer, source_id: "s1", channel: "shop" };
  const first = await publish(project, body);
  expect(first).toMatchObject({ status: 201, body: { campaign_id: campaignId, status: "published", channel: "shop" } });
  expect(await publish(project, body)).toMatchObject({ status: 201, body: { id: first.body.id } });
  expect(await publish(project, { ...body, customer: { identifier: "c2" } })).toMatchObject({
    status: 409,
    body: { errors: [{ pointer: "/source_id" }] },
  });
  const { code } = await setUpPromotion(project, {});
  expect(await publish(project, { code, customer })).toMatchObject({ status: 201, body: { code, channel: "api" } });

  const poolId = await stockPool(context.pool, project.projectId, 1);
  const fromPool = { pool_id: poolId, customer, source_id: "p1" };
  const twins = await Promise.all([publish(project, fromPool), publish(project, fromPool)]);
  expect(twins[0]).toMatchObject({ status: 201, body: { pool_id: poolId, voucher_id: null, code: "THIRD-PARTY-1" } });
  expect(twins[1]).toMatchObject({ status: 201, body: { id: twins[0]?.body.id } });
  expect(await publish(project, { pool_id: poolId, customer })).toMatchObject({ body: { code: "out_of_stock" } });

  expect(await wallet(project)).toHaveLength(2);
  expect(await told(project, first.body.id)).toEqual(["voucher.published"]);
});

it("gives the last one to whoever asks again with the same source id while the first call is under way", async () => {
  const project = await context.newProject();
  const given = { customer, channel: "api" };
  const poolId = await stockPool(context.pool, project.projectId, 1);
  const campaignId = await setUpStock(context.pool, project, { count: 1 });
  const at = new Date();
  const calls = [
    {
      from: { pool_id: poolId, source_id: "of the pool" },
      first: (tx: Transaction<DB>, sourceId: string) =>
        publishFromPool(tx, project.projectId, { ...given, sourceId, poolId }, at),
    },
    {
      from: { campaign_id: campaignId, source_id: "of the campaign" },
      first: (tx: Transaction<DB>, sourceId: string) =>
        publishFromCampaign(tx, project.projectId, { ...given, sourceId, campaignId }, at),
    },
  ];
  for (const { from, first } of calls) {
    const { answer, id } = await context.db.transaction().execute(async (tx) => {
      const outcome = await first(tx, from.source_id);
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      let isOver = false;
      const answer = publish(project, { ...from, customer }).finally(() => {
        isOver = true;
      });
      const waiting = "select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
      await expect
        .poll(async () => isOver || (await context.pool.query(waiting, [rows[0]?.pid])).rowCount === 1)
        .toBe(true);
      return { answer, id: outcome.outcome === "published" ? outcome.publication.id : undefined };
    });
    expect(await answer).toMatchObject({ status: 201, body: { id } });
  }
});

it("refuses what names no source or two, a campaign that is not there, and an empty stock, each in its own words", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 0 });
  for (const body of [{ customer }, { customer, campaign_id: campaignId, code: "X" }]) {
    expect(await publish(project, body)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/campaign_id" }] },
    });
  }
  expect(await publish(project, { customer, campaign_id: "cam_none" })).toMatchObject({ status: 404 });
  expect(await publish(project, { customer, campaign_id: campaignId })).toMatchObject({
    status: 409,
    body: { code: "out_of_stock" },
  });
  const deliver = { channel_id: "chn_none", template_id: "tpl_none" };
  expect(await publish(project, { customer, campaign_id: campaignId, deliver })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/deliver/channel_id" }] },
  });
});

it("lists by campaign, customer, status and time, page by page, each once", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 5 });
  for (const identifier of ["c1", "c2", "c1", "c3", "c1"]) {
    await publish(project, { campaign_id: campaignId, customer: { identifier } });
  }
  const list = async (query: string) => (await send(project, "GET", `/v1/publications?${query}`)).body;
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await list(`limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
    seen.push(...page.data.map((each: { id: string }) => each.id));
    cursor = page.next_cursor;
  }
  expect(new Set(seen).size).toBe(5);
  expect((await list("customer=c1")).data).toHaveLength(3);
  expect((await list(`customer=c1&campaign_id=${campaignId}&status=published`)).data).toHaveLength(3);
  expect((await list("status=failed")).data).toEqual([]);
  expect((await list("to=2020-01-01T00:00:00Z")).data).toEqual([]);
  expect((await list("from=2020-01-01T00:00:00Z")).data).toHaveLength(5);
});

it("takes a code back that did not arrive, as it was before, and gives it to the next", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1, sub: { voucher_lifetime_days: 3 } });
  const { body } = await publish(project, { campaign_id: campaignId, customer });
  await tell(project, body.id, "delivery.failed", { reason: "refused" });
  await tell(project, body.id, "delivery.bounced", { reason: "unknown_address" });
  expect(await read(project, body.id)).toMatchObject({
    status: "failed",
    reason: "refused",
    returned_at: "2026-11-20T10:00:00.000Z",
  });
  expect(await voucherOf(project, body.code)).toMatchObject({ status: "created", customer: null, expires_at: null });
  expect(await wallet(project)).toEqual([]);
  expect(await told(project, body.id)).toEqual(["voucher.published", "publication.returned"]);
  expect(await publish(project, { campaign_id: campaignId, customer: { identifier: "c2" } })).toMatchObject({
    status: 201,
    body: { code: body.code },
  });
});

it("leaves a code that was used meanwhile, or that may have arrived, with the customer", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 2 });
  const used = (await publish(project, { campaign_id: campaignId, customer })).body;
  const use = redeemBody({ codes: [used.code], orderId: "o1", customer: "c1" });
  await send(project, "POST", "/v1/redemptions", use, { "idempotency-key": "r" });
  await tell(project, used.id, "delivery.failed", { reason: "refused" });
  expect(await read(project, used.id)).toMatchObject({ status: "failed", returned_at: null });
  expect(await voucherOf(project, used.code)).toMatchObject({ status: "redeemed", customer });

  const unsure = (await publish(project, { campaign_id: campaignId, customer })).body;
  await tell(project, unsure.id, "delivery.failed", { reason: "may_have_arrived" });
  expect(await voucherOf(project, unsure.code)).toMatchObject({ status: "distributed", customer });
  expect(await told(project, unsure.id)).toEqual(["voucher.published", "publication.failed"]);
});

it("knows what arrived, and takes it back when it bounces later", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1 });
  const { body } = await publish(project, { campaign_id: campaignId, customer });
  await tell(project, body.id, "delivery.sent");
  // Another message about the same code says nothing of it.
  await tell(project, body.id, "delivery.failed", { deliveryId: "dlv_2", reason: "refused" });
  expect(await read(project, body.id)).toMatchObject({ status: "delivered", delivery_id: "dlv_1" });
  await tell(project, body.id, "delivery.bounced", { reason: "unknown_address" });
  expect(await read(project, body.id)).toMatchObject({ status: "failed", reason: "unknown_address" });
  expect(await told(project, body.id)).toEqual(["voucher.published", "publication.delivered", "publication.returned"]);
});

it("takes nothing from a customer whom a workflow could not remind of it, at once or later", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 2 });
  const { body } = await publish(project, { campaign_id: campaignId, customer });
  const reminder = { runId: "wfr_1", deliveryId: "dlv_r" };
  await tell(project, body.id, "delivery.skipped", { ...reminder, reason: "no_consent" });
  expect(await read(project, body.id)).toMatchObject({ status: "published", returned_at: null });
  await tell(project, body.id, "delivery.sent", reminder);
  await tell(project, body.id, "delivery.bounced", { ...reminder, reason: "bounced_later" });
  expect(await read(project, body.id)).toMatchObject({ status: "delivered", returned_at: null });
  expect(await voucherOf(project, body.code)).toMatchObject({ status: "distributed", customer });

  const own = (await publish(project, { campaign_id: campaignId, customer, source_id: "workflow:wfr_2:1" })).body;
  await tell(project, own.id, "delivery.skipped", { runId: "wfr_2", reason: "no_consent" });
  expect(await voucherOf(project, own.code)).toMatchObject({ status: "created", customer: null });
});

it("returns a third party's code to its pool", async () => {
  const project = await context.newProject();
  const poolId = await stockPool(context.pool, project.projectId, 1);
  const { body } = await publish(project, { pool_id: poolId, customer });
  await tell(project, body.id, "delivery.skipped", { reason: "no_consent" });
  expect(await read(project, body.id)).toMatchObject({ status: "failed", reason: "no_consent" });
  expect((await send(project, "GET", `/v1/pools/${poolId}`)).body).toMatchObject({ left: 1 });
  expect(await told(project, body.id)).toEqual(["pool_code.published", "publication.returned"]);
});

it("sends what it publishes, once, and takes it back from who cannot be written to", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 3 });
  const deliver = { channel_id: await newEmailChannel(project, 25), template_id: await newTemplate(project) };
  await send(project, "PUT", "/v1/customers/c1", { email: "c1@people.example", consent: { email: true } });
  const body = { campaign_id: campaignId, customer, source_id: "s", deliver };
  const queued = await publish(project, body);
  expect(queued).toMatchObject({
    status: 201,
    body: { status: "queued", delivery_id: expect.stringMatching(/^dlv_/) },
  });
  expect(await publish(project, body)).toMatchObject({ body: { id: queued.body.id, status: "queued" } });
  expect(await told(project, queued.body.id)).toEqual(["voucher.published", "publication.queued"]);
  const deliveries = await context.pool.query("select count(*)::int as n from delivery where project_id = $1", [
    project.projectId,
  ]);
  expect(deliveries.rows).toEqual([{ n: 1 }]);

  const unreachable = await publish(project, { ...body, source_id: "t", customer: { identifier: "c2" } });
  expect(unreachable.body).toMatchObject({ status: "published" });
  await drainConsumer(deliveryFollower({ db: context.db, log: context.deps.log }));
  expect(await read(project, unreachable.body.id)).toMatchObject({
    status: "failed",
    returned_at: expect.any(String),
    reason: expect.stringMatching(/^\w+$/),
  });
});

it("leaves a code with who is told of it another way, until that fails too", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1 });
  const deliver = { channel_id: await newEmailChannel(project, 25), template_id: await newTemplate(project) };
  await send(project, "PUT", "/v1/customers/c1", { email: "c1@people.example", consent: { email: true } });
  const { id, delivery_id, code } = (await publish(project, { campaign_id: campaignId, customer, deliver })).body;
  const customerId = (await send(project, "GET", "/v1/customers/c1")).body.id;
  const again = { channelId: deliver.channel_id, templateId: deliver.template_id, customerId, publicationId: id };
  const other = await order(context, project, again, new Date());
  const end = (deliveryId: string) =>
    context.pool.query("update delivery set status = 'failed' where project_id = $1 and id = $2", [
      project.projectId,
      deliveryId,
    ]);
  await end(delivery_id);
  await tell(project, id, "delivery.failed", { deliveryId: delivery_id, reason: "refused" });
  expect(await read(project, id)).toMatchObject({ status: "queued", returned_at: null, delivery_id: other.id });
  expect(await voucherOf(project, code)).toMatchObject({ status: "distributed", customer });
  await end(other.id);
  await tell(project, id, "delivery.failed", { deliveryId: other.id, reason: "refused" });
  expect(await read(project, id)).toMatchObject({ status: "failed", returned_at: expect.any(String) });
  expect(await voucherOf(project, code)).toMatchObject({ status: "created", customer: null });
});

it("locks the vouchers that go back by their codes, as redemptions do, whatever failed first", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 2 });
  const published = [
    (await publish(project, { campaign_id: campaignId, customer })).body,
    (await publish(project, { campaign_id: campaignId, customer })).body,
  ].sort((a, b) => (a.code < b.code ? -1 : 1));
  const failed = (publication_id: string) => ({
    ...{ event_id: newId("evt"), project_id: project.projectId, type: "delivery.failed" as const, version: 1 as const },
    occurred_at: "2026-11-20T10:00:00.000Z",
    payload: {
      ...{ delivery_id: "dlv_1", channel_id: "chn_1", channel_kind: "email", template_id: "tpl_1", customer: "c1" },
      ...{ publication_id, workflow_run_id: null, campaign_id: null, reason: "refused" },
    },
  });
  const [first, second] = published;
  await context.db.transaction().execute((tx) => appendEvents(tx, [failed(second.id), failed(first.id)]));
  const lock = (tx: Kysely<DB>, code: string) =>
    sql`select from voucher where project_id = ${project.projectId} and code = ${code} for update nowait`.execute(tx);
  const drained = await context.db.transaction().execute(async (tx) => {
    await lock(tx, first.code);
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
    const draining = drainConsumer(deliveryFollower({ db: context.db, log: context.deps.log }));
    await expect
      .poll(async () => {
        const waiting = await context.pool.query("select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", [
          rows[0]?.pid,
        ]);
        return waiting.rowCount;
      })
      .toBe(1);
    await lock(tx, second.code);
    return { draining };
  });
  await drained.draining;
  expect((await read(project, first.id)).status).toBe("failed");
  expect((await read(project, second.id)).status).toBe("failed");
});
