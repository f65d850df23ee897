import { describe, expect, it } from "vitest";
import { type Answer, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { expectExactPoints } from "../support/points.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

/** An active referral campaign: 5.00 off for the friend, 50 points for the referrer. */
async function referralCampaign(project: TestProject): Promise<string> {
  const { campaignId } = await setUpPromotion(project, {
    main: { template: "referral" },
    sub: { referrer_rewards: [{ type: "points", points: 50 }] },
  });
  return campaignId;
}

const ask = (project: TestProject, campaignId: string, customer: string, more = {}) =>
  send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, { customer: { identifier: customer }, ...more });

let orders = 0;
function redeem(project: TestProject, code: string, customer?: string): Promise<Answer> {
  orders += 1;
  const body = redeemBody({ codes: [code], orderId: `o${orders}`, ...(customer === undefined ? {} : { customer }) });
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `o${orders}` });
}

describe("referral codes", () => {
  it("are made once a customer and campaign, at random, and are in the customer's wallet", async () => {
    const project = await app.newProject();
    const campaignId = await referralCampaign(project);
    const made = await ask(project, campaignId, "ada");
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    expect(made.body).toMatchObject({ campaign_id: campaignId, kind: "generic", referrer: { identifier: "ada" } });
    expect(made.body.code).toMatch(/^[0-9A-Z]{10,}$/);
    const again = await ask(project, campaignId, "ada", { code: "SOMETHING-ELSE" });
    expect([again.status, again.body]).toEqual([200, made.body]);
    const other = await ask(project, await referralCampaign(project), "ada");
    expect([other.status, other.body.code === made.body.code]).toEqual([201, false]);
    const wallet = await send(project, "GET", "/v1/customers/ada/wallet");
    expect(wallet.body.data).toMatchObject([
      { code: made.body.code, referral: true, assigned: false },
      { code: other.body.code, referral: true },
    ]);
  });

  it("may be wished for, unless the code is taken or the campaign is of another kind", async () => {
    const project = await app.newProject();
    const campaignId = await referralCampaign(project);
    expect((await ask(project, campaignId, "ada", { code: "ada-loves-coffee" })).body.code).toBe("ADA-LOVES-COFFEE");
    const taken = await ask(project, campaignId, "bob", { code: "Ada-Loves-Coffee" });
    expect([taken.status, taken.body.code, taken.body.errors[0].pointer]).toEqual([409, "code_taken", "/code"]);
    expect((await send(project, "GET", "/v1/customers/bob/referrals")).status).toBe(404);
    const { campaignId: discount } = await setUpPromotion(project, {});
    expect((await ask(project, discount, "ada")).body.code).toBe("conflict");
    const wrong = await ask(project, campaignId, "bob", { code: "no blanks" });
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([400, "/code"]);
  });

  it("are one code for 50 simultaneous askers", async () => {
    const project = await app.newProject();
    const campaignId = await referralCampaign(project);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(project, campaignId, "ada")));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(49);
    expect(new Set(answers.map((answer) => answer.body.code)).size).toBe(1);
    const { rows } = await app.pool.query(
      `select count(*) as codes, (select count(*) from outbox o where o.project_id = $1 and o.type = 'voucher.published') as published
       from voucher where project_id = $1 and referrer_id is not null`,
      [project.projectId],
    );
    expect(rows).toEqual([{ codes: 1, published: 1 }]);
  });

  it("give the friend the discount and the referrer the reward, and tell how many friends came", async () => {
    const project = await app.newProject();
    const campaignId = await referralCampaign(project);
    const { code } = (await ask(project, campaignId, "ada")).body;
    const first = await redeem(project, code, "bob");
    expect(first.status, JSON.stringify(first.body)).toBe(201);
    expect(first.body.discount_amount).toBe(500);
    expect((await redeem(project, code, "cleo")).status).toBe(201);
    expect((await redeem(project, code, "cleo")).status).toBe(201);
    const keys = async (customer?: string) => {
      const answer = await redeem(project, code, customer);
      return [answer.status, answer.body.reasons.map((reason: { key: string }) => reason.key)];
    };
    expect(await keys("ada")).toEqual([422, ["self_referral"]]);
    expect(await keys()).toEqual([422, ["customer_required"]]);
    const referrals = () => send(project, "GET", "/v1/customers/ada/referrals");
    expect((await referrals()).body.data).toMatchObject([
      { code, friends_count: 2, redemptions_count: 3, rewards: { count: 3, points: 150, credit_amount: 0 } },
    ]);
    expect((await send(project, "GET", "/v1/customers/ada/points")).body.balance).toBe(150);
    const undone = await send(project, "POST", `/v1/redemptions/${first.body.id}/rollback`, {});
    expect(undone.status, JSON.stringify(undone.body)).toBe(201);
    expect((await referrals()).body.data).toMatchObject([
      { friends_count: 1, redemptions_count: 2, rewards: { count: 2, points: 100 } },
    ]);
    expect((await send(project, "GET", "/v1/customers/ada/points")).body.balance).toBe(100);
    await expectExactPoints(app.pool, project.projectId);
  });
});
