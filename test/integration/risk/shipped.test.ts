/** Each shipped rule meets what it is for, in the request, from what was really seen before; and nothing ordinary. */
import { describe, expect, it } from "vitest";
import { signalsFollower } from "../../../api/signals/follow.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { type Body, send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { redeemed, useScoredApp } from "./scored-app.ts";

const app = useScoredApp();

const seen = () => drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));

let orders = 0;
function redeem(project: TestProject, code: string, customer: string, order: object = {}): Promise<{ body: Body }> {
  orders += 1;
  return redeemed(project, redeemBody({ codes: [code], orderId: `o-${orders}`, customer, order }));
}

/** An order without a code. */
async function pay(project: TestProject, customer: string, order: object = {}): Promise<void> {
  orders += 1;
  const items = [{ sku: "coffee", quantity: 1, unit_amount: 2500, categories: ["coffee"] }];
  const body = {
    id: `o-${orders}`,
    currency: "EUR",
    items,
    ...order,
    customer: { identifier: customer },
    status: "paid",
  };
  const answer = await send(project, "POST", "/v1/orders", body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
}

/** Ids of the rules that fired on a redemption. */
async function firedOn(project: TestProject, id: string): Promise<string[]> {
  const { rows } = await app.pool.query("select risk from redemption where project_id = $1 and id = $2", [
    project.projectId,
    id,
  ]);
  return rows[0]?.risk.rules;
}

async function expectFired(project: TestProject, { body }: { body: Body }, rule: string): Promise<void> {
  expect(await firedOn(project, body.id)).toContain(rule);
  expect(body.risk.action).toBe("flag");
}

/** Customers of long ago, so that nobody is a newcomer. */
async function known(project: TestProject, ...identifiers: string[]): Promise<void> {
  for (const identifier of identifiers) await send(project, "PUT", `/v1/customers/${identifier}`, {});
  await app.pool.query("update customer set created_at = now() - interval '1 year' where project_id = $1", [
    project.projectId,
  ]);
}

describe("a shipped rule", () => {
  it("does not fire on ordinary customers with devices, cards and addresses of their own", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const people = ["ada", "ben", "cem", "dia", "eve"];
    await known(project, ...people);
    for (let round = 0; round < 2; round += 1) {
      for (const person of people) {
        const order = {
          device: { id: `phone of ${person}`, ip: `203.0.113.${person.charCodeAt(0)}` },
          payment: { method: "card", fingerprint: `card of ${person}` },
          shipping_address: `${person} street 1`,
        };
        const { body } = await redeem(project, code, person, order);
        expect([person, await firedOn(project, body.id), body.risk.action]).toEqual([person, [], "allow"]);
      }
      await seen();
    }
  });

  it("meets the code that works after many that do not, from one address", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const order = { device: { ip: "192.0.2.77" } };
    for (let nth = 0; nth < 8; nth += 1) await redeem(project, `GUESS${nth}`, `guesser-${nth}`, order);
    await seen();
    await expectFired(project, await redeem(project, code, "guesser-9", order), "rul_code_guessing");
  });

  it.each([
    ["rul_shared_device", 4, { device: { id: "tablet" } }],
    ["rul_shared_card", 4, { payment: { method: "card", fingerprint: "4711" } }],
    ["rul_shared_address", 4, { shipping_address: "Mill Lane 3, Ghent" }],
  ])("meets many accounts: %s", async (rule, others, order) => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const people = Array.from({ length: others + 1 }, (_, nth) => `account-${nth}`);
    await known(project, ...people);
    for (const person of people.slice(0, others)) {
      const { body } = await redeem(project, code, person, order);
      expect(await firedOn(project, body.id)).not.toContain(rule);
    }
    await seen();
    await expectFired(project, await redeem(project, code, people[others] ?? "", order), rule);
  });

  it("meets an account that is minutes old on a device that others have", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await known(project, "ada", "ben");
    const order = { device: { id: "tablet" } };
    for (const person of ["ada", "ben"]) await redeem(project, code, person, order);
    await seen();
    await expectFired(project, await redeem(project, code, "brand-new", order), "rul_instant_use");
  });

  it("meets whoever gives back again and again, and buys again", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await known(project, "cycler");
    for (let nth = 0; nth < 3; nth += 1) {
      const { body } = await redeem(project, code, "cycler");
      await send(project, "POST", `/v1/redemptions/${body.id}/rollback`, {});
    }
    await seen();
    await expectFired(project, await redeem(project, code, "cycler"), "rul_refund_cycling");
  });

  it("meets a customer who redeems far more often than people shop", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await known(project, "busy");
    for (let nth = 0; nth < 5; nth += 1) await redeem(project, code, "busy");
    await seen();
    await expectFired(project, await redeem(project, code, "busy"), "rul_velocity");
  });

  it("meets accounts whose e-mail addresses differ by digits only", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (let nth = 0; nth < 5; nth += 1) {
      await send(project, "PUT", `/v1/customers/mail-${nth}`, { email: `sunny.day${nth}+x@shop.example` });
    }
    for (let nth = 0; nth < 4; nth += 1) await redeem(project, code, `mail-${nth}`);
    await seen();
    await expectFired(project, await redeem(project, code, "mail-4"), "rul_similar_accounts");
  });

  it("meets a friend who shares the referrer's card", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: { referrer_rewards: [{ type: "points", points: 10 }] },
    });
    await known(project, "referrer", "friend");
    const order = { payment: { method: "card", fingerprint: "4711" } };
    await redeem(project, code, "referrer", order);
    await seen();
    const referral = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, {
      customer: { identifier: "referrer" },
    });
    await expectFired(project, await redeem(project, referral.body.code, "friend", order), "rul_self_referral");
  });

  it("meets a friend who holds the phone that the referrer only ever ordered with", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      main: { template: "referral" },
      sub: { referrer_rewards: [{ type: "points", points: 10 }] },
    });
    await known(project, "referrer", "friend", "stranger");
    const order = { device: { id: "phone" } };
    await pay(project, "referrer", order);
    await seen();
    const referral = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, {
      customer: { identifier: "referrer" },
    });
    const { body } = await redeem(project, referral.body.code, "stranger", { device: { id: "another" } });
    expect(await firedOn(project, body.id)).toEqual([]);
    await expectFired(project, await redeem(project, referral.body.code, "friend", order), "rul_self_referral");
  });

  it("meets whoever comes back to a code that others use once, but not with orders beside it", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const once = Array.from({ length: 12 }, (_, nth) => `once-${nth}`);
    await known(project, ...once, "again", "regular");
    for (const person of once) await redeem(project, code, person);
    for (let nth = 0; nth < 3; nth += 1) {
      for (const person of ["again", "regular"]) await redeem(project, code, person);
      for (const person of ["again", "regular", "regular"]) await pay(project, person);
      await seen();
    }
    const { body } = await redeem(project, code, "regular");
    expect(await firedOn(project, body.id)).toEqual([]);
    await expectFired(project, await redeem(project, code, "again"), "rul_repeated_use");
  });
});
