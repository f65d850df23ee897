import { expect, it } from "vitest";
import { runVoucherJobs } from "../../api/vouchers/jobs/worker.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

interface Shop {
  readonly project: TestProject;
  readonly campaignId: string;
}

async function newShop(): Promise<Shop> {
  const project = await context.newProject();
  return { project, campaignId: (await setUpPromotion(project, {})).campaignId };
}

const worker = (signal: AbortSignal) => runVoucherJobs(context.deps, signal);

async function progress({ project }: Shop, id: string) {
  return (await send(project, "GET", `/v1/voucher-jobs/${id}`)).body;
}

async function order({ project }: Shop, body: object): Promise<string> {
  const answer = await send(project, "POST", "/v1/voucher-jobs", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.body).toMatchObject({ status: "running", done: 0 });
  return answer.body.id;
}

async function finished(shop: Shop, body: object) {
  const id = await order(shop, body);
  await workUntil([worker], async () => (await progress(shop, id)).status !== "running");
  return progress(shop, id);
}

/** So many vouchers of the campaign, straight into the table. */
async function fill({ project, campaignId }: Shop, count: number, batchId: string | null = null) {
  await context.pool.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, batch_id, created_at, updated_at)
     select $1, 'vou_0' || lpad(n::text, 8, '0'), 'V-' || n, $2, 'unique', 'created', 1, $4, now(), now()
     from generate_series(1, $3::int) n`,
    [project.projectId, campaignId, count, batchId],
  );
}

async function statuses({ project }: Shop) {
  const { rows } = await context.pool.query(
    `select status, version, count(*) as n from voucher where project_id = $1 and code like 'V-%'
     group by 1, 2 order by 1, 2`,
    [project.projectId],
  );
  return rows;
}

async function events({ project }: Shop, type: string): Promise<number> {
  const { rows } = await context.pool.query("select count(*) as n from outbox where project_id = $1 and type = $2", [
    project.projectId,
    type,
  ]);
  return rows[0].n;
}

async function errorsOf({ project }: Shop, id: string) {
  const response = await project.request("GET", `/v1/voucher-jobs/${id}/errors`, undefined, {
    accept: "application/x-ndjson",
  });
  const text = (await response.text()).trimEnd();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
}

it("disables all vouchers of a campaign once each, though workers are stopped and cut midway", async () => {
  const shop = await newShop();
  await fill(shop, 8_000);
  const id = await order(shop, { action: "disable", campaign_id: shop.campaignId });
  await workUntil([worker], async () => (await progress(shop, id)).done > 0);
  const halfway = await progress(shop, id);
  expect(halfway.done).toBeLessThan(8_001);
  let cuts = 0;
  await workUntil([worker, worker], async () => {
    if (cuts < 2) {
      const cut = await context.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
           and (query like 'with changed%' or query like '%insert into outbox%')`,
      );
      cuts += cut.rowCount ?? 0;
    }
    return (await progress(shop, id)).status !== "running";
  });
  expect(await progress(shop, id)).toMatchObject({
    status: "done",
    total: null,
    done: 8_001,
    changed: 8_001,
    failed: 0,
  });
  expect(await statuses(shop)).toEqual([{ status: "disabled", version: 2, n: 8_000 }]);
  expect(await events(shop, "voucher.disabled")).toBe(8_001);
});

it("enables vouchers again as they were: new, handed out or used up", async () => {
  const shop = await newShop();
  await fill(shop, 3);
  await send(shop.project, "POST", "/v1/vouchers/V-1/publish", { customer: { identifier: "ann" } });
  const body = redeemBody({ codes: ["V-2"], orderId: "o-1" });
  expect((await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": "o-1" })).status).toBe(201);
  const codes = ["V-1", "v-2", " V-3 "];
  expect(await finished(shop, { action: "disable", codes })).toMatchObject({ total: 3, done: 3, changed: 3 });
  const refused = redeemBody({ codes: ["V-3"], orderId: "o-2" });
  const answer = await send(shop.project, "POST", "/v1/redemptions", refused, { "idempotency-key": "o-2" });
  expect(answer.body.reasons).toMatchObject([{ key: "voucher_not_active" }]);
  expect(await finished(shop, { action: "enable", codes })).toMatchObject({ done: 3, changed: 3, failed: 0 });
  expect(await finished(shop, { action: "enable", codes })).toMatchObject({ done: 3, changed: 0, failed: 0 });
  const shown = await Promise.all(
    ["V-1", "V-2", "V-3"].map(async (code) => (await send(shop.project, "GET", `/v1/vouchers/${code}`)).body.status),
  );
  expect(shown).toEqual(["distributed", "redeemed", "created"]);
  expect(await events(shop, "voucher.enabled")).toBe(3);
});

it("expires the vouchers of a batch, and only those", async () => {
  const shop = await newShop();
  const pattern = { charset: "mixed", length: 12 };
  const batch = await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/voucher-batches`, {
    size: 1,
    pattern,
  });
  await fill(shop, 5, batch.body.id);
  const expires_at = "2026-02-01T00:00:00Z";
  const job = await finished(shop, { action: "expire", batch_id: batch.body.id, expires_at });
  expect(job).toMatchObject({ status: "done", done: 5, changed: 5, expires_at: "2026-02-01T00:00:00.000Z" });
  expect((await send(shop.project, "GET", "/v1/vouchers/V-4")).body).toMatchObject({ status: "expired", version: 2 });
  const others = await send(shop.project, "GET", `/v1/campaigns/${shop.campaignId}/vouchers?limit=100`);
  const open = others.body.data.filter((voucher: { status: string }) => voucher.status !== "expired");
  expect(open).toHaveLength(1);
});

it("reports each code it could not change, and changes the others", async () => {
  const shop = await newShop();
  await fill(shop, 2);
  await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/vouchers`, {
    code: "LATER",
    starts_at: "2100-01-01T00:00:00Z",
  });
  const codes = ["V-1", "NOPE", "two words", "v-1", "LATER", "V-2"];
  const job = await finished(shop, { action: "expire", codes });
  expect(job).toMatchObject({ total: 6, done: 6, changed: 2, failed: 4 });
  expect((await errorsOf(shop, job.id)).map(({ code }) => code).sort()).toEqual(["LATER", "NOPE", "two words", "v-1"]);
});

it("assigns vouchers, making customers that are new, and leaves what is used or in other hands", async () => {
  const shop = await newShop();
  await fill(shop, 4);
  await send(shop.project, "POST", "/v1/vouchers/V-2/publish", { customer: { identifier: "ann" } });
  const body = redeemBody({ codes: ["V-3"], orderId: "o-1" });
  await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": "o-1" });
  const assignments = ["V-1", "V-2", "V-3", "V-4", "NOPE"].map((code, n) => ({
    code,
    customer: { identifier: n === 4 ? "nobody" : `bea-${n % 2}` },
  }));
  const job = await finished(shop, { action: "assign", assignments });
  expect(job).toMatchObject({ done: 5, changed: 2, failed: 3 });
  const reasons = Object.fromEntries((await errorsOf(shop, job.id)).map(({ code, reason }) => [code, reason]));
  expect(reasons).toEqual({
    "V-2": "The voucher is distributed and belongs to another customer.",
    "V-3": "The voucher has been used.",
    NOPE: "There is no such voucher.",
  });
  expect((await send(shop.project, "GET", "/v1/vouchers/V-4")).body).toMatchObject({
    customer: { identifier: "bea-1" },
    status: "created",
    version: 2,
  });
  expect((await shop.project.request("GET", "/v1/customers/nobody")).status).toBe(404);
  expect(await events(shop, "voucher.assigned")).toBe(2);
  expect(await finished(shop, { action: "assign", assignments: assignments.slice(0, 1) })).toMatchObject({
    changed: 0,
  });
});

it("never lets a code be redeemed after it was seen disabled, with shoppers and the job at once", async () => {
  const shop = await newShop();
  await fill(shop, 60);
  const codes = Array.from({ length: 60 }, (_, n) => `V-${n + 1}`);
  const id = await order(shop, { action: "disable", codes });
  const redeem = async (code: string) => {
    const body = redeemBody({ codes: [code], orderId: `o-${code}` });
    return (await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": code })).status;
  };
  const [answers] = await Promise.all([
    Promise.all(codes.map(redeem)),
    workUntil([worker], async () => (await progress(shop, id)).status === "done"),
  ]);
  expect(answers.every((status) => status === 201 || status === 422)).toBe(true);
  const { rows } = await context.pool.query(
    `select count(*) filter (where redemptions_count = 1) as used, count(*) filter (where status = 'disabled') as disabled
     from voucher where project_id = $1 and code like 'V-%'`,
    [shop.project.projectId],
  );
  expect(rows).toEqual([{ used: answers.filter((status) => status === 201).length, disabled: 60 }]);
});

const refused: [string, object, string][] = [
  ["no scope", { action: "disable" }, "/codes"],
  ["two scopes", { action: "disable", codes: ["A"], batch_id: "x" }, "/codes"],
  [
    "assignments to disable",
    { action: "disable", assignments: [{ code: "A", customer: { identifier: "x" } }] },
    "/assignments",
  ],
  ["codes to assign", { action: "assign", codes: ["A"] }, "/assignments"],
  ["an end to disable", { action: "disable", codes: ["A"], expires_at: "2026-01-01T00:00:00Z" }, "/expires_at"],
  ["more than 10,000 codes", { action: "disable", codes: Array(10_001).fill("A") }, "/codes"],
  ["an unknown action", { action: "burn", codes: ["A"] }, "/action"],
];

it.each(refused)("refuses %s", async (_what, body, pointer) => {
  const project = await context.newProject();
  const answer = await send(project, "POST", "/v1/voucher-jobs", body);
  expect([answer.status, answer.body.errors?.[0].pointer]).toEqual([400, pointer]);
});

it("does not find another project's campaign or batch", async () => {
  const shop = await newShop();
  const stranger = await context.newProject();
  for (const scope of [{ campaign_id: shop.campaignId }, { batch_id: "bat_none" }]) {
    expect((await send(stranger, "POST", "/v1/voucher-jobs", { action: "disable", ...scope })).status).toBe(404);
  }
});
