/** The global holdout, and what a campaign's own does to publications. */
import { describe, expect, it } from "vitest";
import { announceBudgets } from "../../api/campaigns/watch-budgets.ts";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();
let keys = 0;

async function send(project: TestProject, method: string, path: string, body?: object) {
  keys += 1;
  const headers: Record<string, string> = method === "POST" ? { "idempotency-key": `holdout-${keys}` } : {};
  const response = await project.request(method, path, body, headers);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** Of the shoppers, those whom the project holds out at so many percent, and the others. */
function lots(projectId: string, percent: number) {
  const shoppers = Array.from({ length: 24 }, (_, index) => `shopper-${index}`);
  const isHeld = (shopper: string) => holdoutBucket(projectId, shopper) < percent;
  const [held] = shoppers.filter(isHeld);
  const [other] = shoppers.filter((shopper) => !isHeld(shopper));
  if (held === undefined || other === undefined) throw new Error("24 shoppers fell into one lot");
  return { held, other };
}

async function events(project: TestProject, type: string) {
  const rows = await context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", project.projectId)
    .where("type", "=", type)
    .orderBy("seq")
    .execute();
  return rows.map((row) => row.payload);
}

describe("the global holdout", () => {
  it("is a setting of the project: bounded, announced when it changes, in the audit log", async () => {
    const project = await context.newProject();
    expect((await send(project, "GET", "/v1/project")).body).toMatchObject({
      id: project.projectId,
      holdout_percent: 0,
    });
    for (const holdout_percent of [5, 5]) {
      const { status, body } = await send(project, "PATCH", "/v1/project", { holdout_percent });
      expect([status, body.holdout_percent]).toEqual([200, 5]);
    }
    expect(await events(project, "project.updated")).toMatchObject([
      { project: { id: project.projectId, holdout_percent: 5 } },
    ]);
    const log = (await send(project, "GET", "/v1/audit-log?subject_type=project")).body.data;
    expect(log[0]).toMatchObject({
      action: "updated",
      before: { holdout_percent: 0 },
      after: { holdout_percent: 5 },
    });
    for (const holdout_percent of [51, -1, 2.5, null]) {
      const { status, body } = await send(project, "PATCH", "/v1/project", { holdout_percent });
      expect([status, body.errors[0].pointer]).toEqual([400, "/holdout_percent"]);
    }
  });

  it("withholds every campaign from offers, qualifications, automatic application and publications", async () => {
    const project = await context.newProject();
    const { campaignId, code } = await setUpPromotion(project, {});
    await setUpPromotion(project, { sub: { automatic: true } });
    const { held, other } = lots(project.projectId, 50);
    const see = async (identifier: string, orderId: string) => {
      const { order } = redeemBody({ codes: [], orderId }) as { order: object };
      const customer = { identifier };
      const offers = await send(project, "POST", "/v1/offers", { customer, order });
      const qualified = await send(project, "POST", "/v1/qualifications", { customer, order });
      const redeemed = await send(project, "POST", "/v1/redemptions", { codes: [], customer, order });
      const published = await send(project, "POST", `/v1/vouchers/${code}/publish`, { customer });
      return {
        // In which order they come is for a part of the answers left to chance.
        offers: offers.body.offers.map((offer: { campaign_id: string }) => offer.campaign_id).sort(),
        qualified: qualified.body.data?.length ?? qualified.body.redeemables?.length,
        redeemed: redeemed.status,
        published: [published.status, published.body.code],
      };
    };
    const before = await see(held, "before");
    expect(before).toMatchObject({ redeemed: 201, published: [201, code] });
    expect(before.offers).toContain(campaignId);
    expect(before.qualified).toBeGreaterThan(0);

    await send(project, "PATCH", "/v1/project", { holdout_percent: 50 });
    expect(await see(held, "held")).toEqual({
      offers: [],
      qualified: 0,
      redeemed: 422,
      published: [409, "in_holdout"],
    });
    expect(await see(other, "other")).toMatchObject({ offers: before.offers, redeemed: 201, published: [201, code] });
  });

  it("honours codes, unless the campaign withholds them too", async () => {
    const project = await context.newProject();
    const open = await setUpPromotion(project, {});
    const closed = await setUpPromotion(project, { sub: { holdout_codes: true } });
    const { held, other } = lots(project.projectId, 50);
    await send(project, "PATCH", "/v1/project", { holdout_percent: 50 });
    const redeem = (code: string, customer: string) =>
      send(project, "POST", "/v1/redemptions", redeemBody({ codes: [code], orderId: `${code} ${customer}`, customer }));
    expect((await redeem(open.code, held)).status).toBe(201);
    expect((await redeem(closed.code, other)).status).toBe(201);
    const refused = await redeem(closed.code, held);
    expect([refused.status, refused.body.reasons[0].key]).toEqual([422, "in_holdout"]);
  });
});

describe("a campaign's own holdout", () => {
  it("gets no publications, and of gift cards all", async () => {
    const project = await context.newProject();
    const { campaignId, code } = await setUpPromotion(project, { sub: { holdout_percent: 50 } });
    const { held, other } = lots(campaignId, 50);
    const publish = (to: string, identifier: string) =>
      send(project, "POST", `/v1/vouchers/${to}/publish`, { customer: { identifier } });
    expect(await publish(code, held)).toMatchObject({ status: 409, body: { code: "in_holdout" } });
    expect((await publish(code, other)).status).toBe(201);

    const cards = await setUpPromotion(project, {
      main: { template: "gift_card" },
      sub: { holdout_percent: 50, rewards: undefined },
      voucher: { kind: "gift_card", balance_amount: 1_000 },
    });
    for (const identifier of ["ann", "bob", "cid", "dan", "eve", "flo"]) {
      const card = { kind: "gift_card", balance_amount: 1_000, code: `CARD${identifier}` };
      const made = await send(project, "POST", `/v1/campaigns/${cards.campaignId}/vouchers`, card);
      expect((await publish(made.body.code, identifier)).status).toBe(201);
    }
  });

  it("leaves everybody the money on their gift cards: told at the checkout, and taken", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {
      main: { template: "gift_card" },
      sub: { holdout_percent: 100, holdout_codes: true, rewards: undefined },
      voucher: { kind: "gift_card", balance_amount: 1_000 },
    });
    await send(project, "PATCH", "/v1/project", { holdout_percent: 50 });
    const { held } = lots(project.projectId, 50);
    expect(
      (await send(project, "POST", `/v1/vouchers/${code}/publish`, { customer: { identifier: held } })).status,
    ).toBe(201);
    const body = redeemBody({ codes: [code], orderId: "card", customer: held }) as { order: object; customer: object };
    const qualified = await send(project, "POST", "/v1/qualifications", { customer: body.customer, order: body.order });
    expect(JSON.stringify(qualified.body)).toContain(code);
    expect((await send(project, "POST", "/v1/redemptions", body)).status).toBe(201);
  });
});

describe("a budget", () => {
  it("is announced once at 80 % and once when it is used up, and anew when it has changed", async () => {
    const project = await context.newProject();
    const { campaignId, code } = await setUpPromotion(project, { sub: { budget_amount: 1_000 } });
    const redeem = (orderId: string) =>
      send(project, "POST", "/v1/redemptions", redeemBody({ codes: [code], orderId, customer: "ann" }));
    const told = async () => {
      // Two workers at once.
      await Promise.all([announceBudgets(context.db), announceBudgets(context.db)]);
      const all = (await events(project, "campaign.budget_reached")) as unknown as Record<string, unknown>[];
      return all.map((one) => [one.campaign_id, one.threshold_percent, one.used_amount, one.budget_amount]);
    };
    expect((await redeem("o1")).status).toBe(201);
    expect(await told()).toEqual([]);
    const patched = await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { budget_amount: 625 });
    expect(patched.status).toBe(200);
    expect(await told()).toEqual([[campaignId, 80, 500, 625]]);
    expect(await told()).toHaveLength(1);
    await send(project, "PATCH", `/v1/campaigns/${campaignId}`, { budget_amount: 1_000 });
    expect((await redeem("o2")).status).toBe(201);
    expect(await told()).toEqual([
      [campaignId, 80, 500, 625],
      [campaignId, 80, 1_000, 1_000],
      [campaignId, 100, 1_000, 1_000],
    ]);
  });
});
