/** Points through the whole service, many callers at once: redemptions that cost and earn them, exchanges, rollbacks. */
import { describe, expect, it } from "vitest";
import { type Answer, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { expectExactPoints } from "../support/points.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

let orders = 0;
function redeem(project: TestProject, code: string, customer: string): Promise<Answer> {
  orders += 1;
  const id = `order-${orders}`;
  const body = redeemBody({ codes: [code], orderId: id, customer });
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": id });
}

async function balanceOf(project: TestProject, customer: string): Promise<number> {
  return (await send(project, "GET", `/v1/customers/${customer}/points`)).body.balance;
}

async function give(project: TestProject, customer: string, points: number): Promise<void> {
  await send(project, "PUT", `/v1/customers/${customer}`, {});
  expect((await send(project, "POST", `/v1/customers/${customer}/points`, { points })).status).toBe(201);
}

describe("one account", () => {
  it("pays for exactly as many of 120 simultaneous redemptions as it holds points for", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { points_price: 30 } });
    await give(project, "ada", 1_000);
    const answers = await Promise.all(Array.from({ length: 120 }, () => redeem(project, code, "ada")));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(33);
    const refused = answers.filter((answer) => answer.status !== 201);
    expect(new Set(refused.map((answer) => `${answer.status} ${answer.body.reasons?.[0]?.key}`))).toEqual(
      new Set(["422 points_not_enough"]),
    );
    expect(await balanceOf(project, "ada")).toBe(10);
    await expectExactPoints(app.pool, project.projectId);
  });

  it("adds up under redemptions, exchanges, reservations, rollbacks and moves by hand all at once", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {
      sub: {
        points_price: 7,
        rewards: [
          { type: "order_discount", amount: 500 },
          { type: "points", points: 3 },
        ],
      },
    });
    await give(project, "ada", 1_000);
    const accepted = (answer: Answer) => answer.status < 300;
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, async (_, n): Promise<number> => {
        switch (n % 5) {
          case 0:
            return accepted(await redeem(project, code, "ada")) ? -7 + 3 : 0;
          case 1: {
            const path = "/v1/customers/ada/points/exchange";
            return accepted(await send(project, "POST", path, { campaign_id: campaignId })) ? -7 : 0;
          }
          case 2: {
            const made = await redeem(project, code, "ada");
            if (!accepted(made)) return 0;
            const undone = await send(project, "POST", `/v1/redemptions/${made.body.id}/rollback`, {});
            expect(undone.status, JSON.stringify(undone.body)).toBe(201);
            return 0;
          }
          case 3: {
            const body = { ...redeemBody({ codes: [code], orderId: `held-${n}`, customer: "ada" }), ttl_seconds: 600 };
            const held = await send(project, "POST", "/v1/reservations", body, { "idempotency-key": `held-${n}` });
            if (!accepted(held)) return 0;
            if (n % 2 === 0) {
              expect((await project.request("DELETE", `/v1/reservations/${held.body.id}`)).status).toBe(204);
              return 0;
            }
            const key = { "idempotency-key": `confirm-${n}` };
            const confirmed = await send(project, "POST", `/v1/reservations/${held.body.id}/confirm`, undefined, key);
            expect(confirmed.status, JSON.stringify(confirmed.body)).toBe(201);
            return -7 + 3;
          }
          default: {
            const points = n % 2 === 0 ? 5 : -5;
            return accepted(await send(project, "POST", "/v1/customers/ada/points", { points })) ? points : 0;
          }
        }
      }),
    );
    expect(await balanceOf(project, "ada")).toBe(outcomes.reduce((sum, moved) => sum + moved, 1_000));
    await expectExactPoints(app.pool, project.projectId);
  });
});

describe("two accounts", () => {
  it("that refer each other all at once get exactly what they earned, and nobody waits in a circle", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: {
        rewards: [
          { type: "order_discount", amount: 500 },
          { type: "points", points: 2 },
        ],
        referrer_rewards: [{ type: "points", points: 11 }],
      },
    });
    const codeOf = async (identifier: string) => {
      const body = { customer: { identifier } };
      return (await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, body)).body.code;
    };
    const codes = [await codeOf("ada"), await codeOf("bob")];
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, n) => redeem(project, codes[n % 2], n % 2 === 0 ? "bob" : "ada")),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(80).fill(201));
    expect([await balanceOf(project, "ada"), await balanceOf(project, "bob")]).toEqual([40 * 13, 40 * 13]);
    await expectExactPoints(app.pool, project.projectId);
  });
});
