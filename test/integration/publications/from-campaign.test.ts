import { expect, it } from "vitest";
import { isHeldOut } from "../../../api/domain/holdout.ts";
import { publishFromCampaign } from "../../../api/publications/publish-from-campaign.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { setUpStock } from "../../support/campaign-stock.ts";
import { setUpPromotion } from "../../support/promotions.ts";

const context = useApp();
const at = new Date("2026-11-20T10:00:00Z");

interface Call {
  readonly campaignId: string;
  readonly customer: string;
  readonly sourceId?: string;
}

function publish({ projectId }: TestProject, { campaignId, customer, sourceId }: Call) {
  const input = { campaignId, customer: { identifier: customer }, sourceId: sourceId ?? null, channel: "test" };
  return context.db.transaction().execute((tx) => publishFromCampaign(tx, projectId, input, at));
}

async function codesOf(answers: readonly Awaited<ReturnType<typeof publish>>[]): Promise<string[]> {
  return answers.flatMap((each) => (each.outcome === "published" ? [each.publication.code] : []));
}

it("gives each of 200 simultaneous callers a code of their own, and none when there are no more", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 200 });
  const callers = Array.from({ length: 200 }, (_, place) => ({ campaignId, customer: `c${place}` }));
  const answers = await Promise.all(callers.map((each) => publish(project, each)));
  const codes = await codesOf(answers);
  expect(new Set(codes).size).toBe(codes.length);
  // One whose row was being taken by another may have been skipped; whoever asks again gets it.
  for (let place = codes.length; place < 200; place += 1) {
    codes.push(...(await codesOf([await publish(project, { campaignId, customer: `late${place}` })])));
  }
  expect(new Set(codes).size).toBe(200);
  expect(await publish(project, { campaignId, customer: "one too many" })).toEqual({
    outcome: "refused",
    reason: "out_of_stock",
  });
  const { rows } = await context.pool.query(
    `select count(*)::int as n, count(distinct v.customer_id)::int as customers from voucher v
     join publication p on p.project_id = v.project_id and p.voucher_id = v.id and p.customer_id = v.customer_id
     where v.project_id = $1 and v.status = 'distributed'`,
    [project.projectId],
  );
  expect(rows).toEqual([{ n: 200, customers: 200 }]);
});

it("waits for nobody: while one has not committed, others are served", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 4 });
  const codes: string[] = [];
  const nested = async (depth: number): Promise<void> => {
    await context.db.transaction().execute(async (tx) => {
      const input = { campaignId, customer: { identifier: `c${depth}` }, sourceId: null, channel: "test" };
      codes.push(...(await codesOf([await publishFromCampaign(tx, project.projectId, input, at)])));
      if (depth < 4) await nested(depth + 1);
    });
  };
  await nested(1);
  expect(new Set(codes).size).toBe(4);
});

it("publishes a source id once, also to twins, and refuses it for anybody else", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 10 });
  const call = { campaignId, customer: "c1", sourceId: "order-1" };
  const twins = await Promise.all([1, 2, 3, 4, 5].map(() => publish(project, call)));
  expect(new Set(await codesOf(twins)).size).toBe(1);
  expect(await codesOf(twins)).toHaveLength(5);
  expect(await publish(project, { ...call, customer: "c2" })).toEqual({
    outcome: "refused",
    reason: "source_id_reused",
  });
  const { rows } = await context.pool.query(
    "select count(*)::int as n from voucher where project_id = $1 and customer_id is not null",
    [project.projectId],
  );
  expect(rows).toEqual([{ n: 1 }]);
});

it("gives nothing to who is held out or blocked, nor of a campaign that has ended or is a container", async () => {
  const project = await context.newProject();
  const sub = { holdout_percent: 50 };
  const campaignId = await setUpStock(context.pool, project, { count: 10, sub });
  const customers = Array.from({ length: 40 }, (_, place) => `c${place}`);
  const heldOut = customers.find((each) => isHeldOut(campaignId, each, 50)) ?? "";
  const treated = customers.find((each) => !isHeldOut(campaignId, each, 50)) ?? "";
  expect(await publish(project, { campaignId, customer: heldOut })).toMatchObject({ reason: "in_holdout" });
  await send(project, "PUT", `/v1/customers/${treated}`, {});
  await context.pool.query("update customer set blocked = true where project_id = $1 and identifier = $2", [
    project.projectId,
    treated,
  ]);
  expect(await publish(project, { campaignId, customer: treated })).toMatchObject({ reason: "customer_blocked" });

  const ended = await setUpPromotion(project, { sub: { ends_at: at.toISOString() }, voucher: { kind: "unique" } });
  expect(await publish(project, { campaignId: ended.campaignId, customer: "c" })).toMatchObject({
    reason: "campaign_ended",
  });
  expect(await publish(project, { campaignId: ended.mainId, customer: "c" })).toMatchObject({
    reason: "campaign_is_main",
  });
  expect(await publish(project, { campaignId: "cam_none", customer: "c" })).toMatchObject({
    reason: "campaign_unknown",
  });
});

it("publishes the code for everybody of a campaign that has no other, and leaves it to everybody", async () => {
  const project = await context.newProject();
  const { campaignId, code } = await setUpPromotion(project, {});
  const answers = await Promise.all(["c1", "c2"].map((customer) => publish(project, { campaignId, customer })));
  expect(await codesOf(answers)).toEqual([code, code]);
  expect((await send(project, "GET", `/v1/vouchers/${code}`)).body).toMatchObject({
    status: "created",
    customer: null,
  });
  for (const customer of ["c1", "c2"]) {
    expect((await send(project, "GET", `/v1/customers/${customer}/wallet`)).body.data).toMatchObject([{ code }]);
  }
});

it("lets a voucher live as long as the campaign says, from when it is handed out", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1, sub: { voucher_lifetime_days: 2 } });
  const [code] = await codesOf([await publish(project, { campaignId, customer: "c1" })]);
  expect((await send(project, "GET", `/v1/vouchers/${code}`)).body).toMatchObject({
    customer: { identifier: "c1" },
    expires_at: "2026-11-22T10:00:00.000Z",
  });
});
