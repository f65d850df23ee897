import { expect, it } from "vitest";
import { publishFromCampaign } from "../../../api/publications/publish-from-campaign.ts";
import { lookAtStocks } from "../../../api/publications/stock/watch.ts";
import { runVoucherBatches } from "../../../api/vouchers/batch-worker.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { addStock, setUpStock } from "../../support/campaign-stock.ts";
import { workUntil } from "../../support/workers.ts";

const context = useApp();
const at = new Date("2026-11-20T10:00:00Z");
const pattern = { prefix: "g-", charset: "mixed", length: 13 };

function look() {
  return lookAtStocks({ db: context.db, log: context.deps.log }, at);
}

function publish({ projectId }: TestProject, campaignId: string, identifier: string) {
  const input = { campaignId, customer: { identifier }, sourceId: null, channel: "test" };
  return context.db.transaction().execute((tx) => publishFromCampaign(tx, projectId, input, at));
}

async function stock(project: TestProject, campaignId: string) {
  return (await send(project, "GET", `/v1/campaigns/${campaignId}/stock`)).body;
}

async function lowTold({ projectId }: TestProject) {
  const { rows } = await context.pool.query(
    "select payload from outbox where project_id = $1 and type = 'campaign.low_stock' order by seq",
    [projectId],
  );
  return rows.map((row) => row.payload);
}

async function batches({ projectId }: TestProject): Promise<{ size: number; status: string }[]> {
  const { rows } = await context.pool.query(
    "select size, status from voucher_batch where project_id = $1 order by created_at, id",
    [projectId],
  );
  return rows;
}

it("tells once that few vouchers are left, and again only after there were more", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 3, sub: { low_stock: 2 } });
  await look();
  expect(await lowTold(project)).toEqual([]);
  await publish(project, campaignId, "c1");
  // It took long to count.
  await lookAtStocks({ db: context.db, log: context.deps.log }, at, new Map([[campaignId, at.getTime() + 1]]));
  expect(await lowTold(project)).toEqual([]);
  await Promise.all([look(), look(), look()]);
  await look();
  expect(await lowTold(project)).toMatchObject([{ campaign_id: campaignId, left: 2, low_stock: 2 }]);
  expect(await stock(project, campaignId)).toMatchObject({ left: 2, low_stock_since: at.toISOString() });
  await addStock(context.pool, project, campaignId, 2);
  await look();
  expect(await stock(project, campaignId)).toMatchObject({ left: 4, low_stock_since: null });
  await publish(project, campaignId, "c2");
  await publish(project, campaignId, "c3");
  await look();
  expect(await lowTold(project)).toHaveLength(2);
});

it("orders one batch when the stock falls below the mark, and never makes more than the maximum", async () => {
  const project = await context.newProject();
  const auto_grow = { below: 2, size: 3, pattern, max: 5 };
  const campaignId = await setUpStock(context.pool, project, { count: 2, sub: { auto_grow } });
  await look();
  expect(await batches(project)).toEqual([]);
  await publish(project, campaignId, "c1");
  await Promise.all([look(), look(), look()]);
  await look();
  expect(await batches(project)).toEqual([{ size: 3, status: "running" }]);
  const made = async () => (await batches(project)).every(({ status }) => status === "done");
  await workUntil([(signal) => runVoucherBatches(context.deps, signal)], made);
  await look();
  expect(await stock(project, campaignId)).toMatchObject({ left: 4, grown_count: 3 });
  for (const customer of ["c2", "c3", "c4", "c5"]) await publish(project, campaignId, customer);
  // Nobody has looked yet: who finds nothing gets one that is made for them, of the two that are left to make.
  const [first, second, third] = await Promise.all(
    ["c6", "c7", "c8"].map((each) => publish(project, campaignId, each)),
  );
  const outcomes = [first, second, third].map((each) =>
    each?.outcome === "published" ? each.publication.code.slice(0, 2) : each?.reason,
  );
  expect(outcomes.sort()).toEqual(["G-", "G-", "out_of_stock"]);
  await look();
  expect(await batches(project)).toHaveLength(1);
  expect(await stock(project, campaignId)).toMatchObject({ left: 0, grown_count: 5 });
});

it("refuses to grow by codes that could be guessed, naming the field, and where vouchers are made one by one", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1 });
  const weak = { below: 1, size: 10, pattern: { charset: "digits", length: 8 } };
  expect(await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { auto_grow: weak })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/auto_grow/pattern/length" }] },
  });
  const strong = { ...weak, pattern };
  const changed = await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { auto_grow: strong, low_stock: 5 });
  expect(changed).toMatchObject({ status: 200, body: { auto_grow: strong, low_stock: 5 } });
  const back = await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { auto_grow: null });
  expect(back.body).toMatchObject({ auto_grow: null, low_stock: 5 });
});

it("keeps out of every index of vouchers what a redemption changes, so that it writes to none", async () => {
  const { rows } = await context.pool.query("select indexdef from pg_indexes where tablename = 'voucher'");
  const definitions = rows.map((row) => row.indexdef);
  expect(definitions.some((each) => each.includes("voucher_free"))).toBe(true);
  const changed = /\b(status|redemptions_count|discount_amount|balance_amount|holds_count|version|updated_at)\b/;
  expect(definitions.filter((each) => changed.test(each))).toEqual([]);
});
