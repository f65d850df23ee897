import { randomUUID } from "node:crypto";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { armBucket } from "../../api/offers/policy.ts";
import type { OfferInput } from "../../models/features/personalisation.ts";
import { type Body, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";

const context = useApp();

const order = {
  currency: "EUR",
  items: [{ sku: "coffee", quantity: 2, unit_amount: 2500, categories: ["coffee"] }],
};

function ask(project: Pick<TestProject, "request">, body: object = {}, headers?: Record<string, string>) {
  return send(project, "POST", "/v1/offers", { customer: { identifier: "ann" }, order, ...body }, headers);
}

function events(projectId: string, type: string): Promise<{ payload: Body }[]> {
  return context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", projectId)
    .where("type", "=", type)
    .orderBy("seq")
    .execute();
}

/** The order of a test must not be drawn at random. */
async function rankAsTold(project: Pick<TestProject, "request">, settings: object = {}) {
  const answer = await send(project, "PUT", "/v1/offers/policy", { exploration_percent: 0, ...settings });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer;
}

async function redeem(project: TestProject, code: string, customer: string, orderId: string) {
  const answer = await send(
    project,
    "POST",
    "/v1/redemptions",
    { codes: [code], customer: { identifier: customer }, order: { id: orderId, ...order } },
    { "Idempotency-Key": randomUUID() },
  );
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

function campaignsOf(answer: { body: Body }): string[] {
  return answer.body.offers.map((offer: { campaign_id: string }) => offer.campaign_id);
}

describe("POST /v1/offers", () => {
  it("offers to a customer never seen before what applies to the basket, and creates nobody", async () => {
    const project = await context.newProject();
    const { campaignId, code } = await setUpPromotion(project, {});
    const answer = await ask(project);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      decision_id: expect.stringMatching(/^dec_/),
      model: "fallback",
      policy: "champion",
      offers: [
        {
          rank: 1,
          campaign_id: campaignId,
          code,
          discount_amount: 500,
          probability: 1 / 20,
          // 30 % of 50.00, minus 5.00, once in twenty.
          expected_value_amount: 50,
          expected_margin_amount: 1500,
          uplift: null,
          propensity: 1,
          reasons: ["saves 5.00 EUR on this basket"],
        },
      ],
    });
    expect(
      await context.db.selectFrom("customer").select("id").where("project_id", "=", project.projectId).execute(),
    ).toEqual([]);
  });

  it("leaves out what does not apply: rules, limits, windows, paused campaigns, codes of others, other currencies", async () => {
    const project = await context.newProject();
    const good = await setUpPromotion(project, {});
    await setUpPromotion(project, { sub: { rules: { on: "order.amount", op: "greater_or_equal", value: 9000 } } });
    await setUpPromotion(project, { sub: { ends_at: "2020-01-01T00:00:00Z", starts_at: "2019-01-01T00:00:00Z" } });
    await setUpPromotion(project, { sub: { budget_amount: 499 } });
    await setUpPromotion(project, { main: { currency: "USD" }, sub: { currency: "USD" } });
    await setUpPromotion(project, { voucher: { kind: "unique", customer: { identifier: "bob" } } });
    await setUpPromotion(project, { voucher: { kind: "unique" } });
    const paused = await setUpPromotion(project, {});
    await send(project, "POST", `/v1/campaigns/${paused.campaignId}/pause`, {});
    const pausedMain = await setUpPromotion(project, {});
    await send(project, "POST", `/v1/campaigns/${pausedMain.mainId}/pause`, {});
    const spent = await setUpPromotion(project, { sub: { limits: { per_customer: 1 } } });
    const redeemed = await send(
      project,
      "POST",
      "/v1/redemptions",
      { codes: [spent.code], customer: { identifier: "ann" }, order: { id: "o1", ...order } },
      { "Idempotency-Key": randomUUID() },
    );
    expect(redeemed.status).toBe(201);
    expect(campaignsOf(await ask(project))).toEqual([good.campaignId]);
  });

  it("offers the customer's own code before one for everybody, one code a campaign, the one that gives most", async () => {
    const project = await context.newProject();
    const { campaignId, code } = await setUpPromotion(project, {});
    await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, { kind: "generic", code: "OTHERCODE" });
    const own = { kind: "unique", code: "ANNSOWN", customer: { identifier: "ann" } };
    expect((await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, own)).status).toBe(201);
    const answer = await ask(project);
    expect(answer.body.offers).toMatchObject([{ campaign_id: campaignId, code: "ANNSOWN" }]);
    expect(answer.body.offers[0].reasons).toContain("in the customer's wallet");
    expect((await ask(project, { customer: { identifier: "bob" } })).body.offers[0].code).not.toBe("ANNSOWN");
    expect(code).toBeDefined();
  });

  it("withholds a campaign from its holdout, and the same customers every time", async () => {
    const project = await context.newProject();
    const { campaignId } = await setUpPromotion(project, { sub: { holdout_percent: 50 } });
    for (const identifier of ["ann", "bob", "cid", "dan", "eve", "flo"]) {
      const held = holdoutBucket(campaignId, identifier) < 50;
      for (let time = 0; time < 2; time += 1) {
        expect(campaignsOf(await ask(project, { customer: { identifier } }))).toEqual(held ? [] : [campaignId]);
      }
    }
  });

  it("offers nothing to a blocked customer", async () => {
    const project = await context.newProject();
    await setUpPromotion(project, {});
    await send(project, "PUT", "/v1/customers/ann", {});
    await context.db
      .updateTable("customer")
      .set({ blocked: true })
      .where("project_id", "=", project.projectId)
      .execute();
    expect((await ask(project)).body.offers).toEqual([]);
  });

  it("without an order offers what is open, with the average discount so far and no value while no basket is known", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { rules: { on: "order.amount", op: "greater_or_equal", value: 4000 } },
    });
    const first = await ask(project, { order: undefined });
    expect(first.body.offers).toMatchObject([{ code, discount_amount: 0, expected_value_amount: null }]);
    await send(
      project,
      "POST",
      "/v1/redemptions",
      { codes: [code], customer: { identifier: "ann" }, order: { id: "o1", ...order } },
      { "Idempotency-Key": randomUUID() },
    );
    await send(project, "POST", "/v1/orders", { id: "o1", customer: { identifier: "ann" }, status: "paid", ...order });
    const second = await ask(project, { order: undefined });
    expect(second.body.offers).toMatchObject([
      { code, discount_amount: 500, expected_value_amount: Math.round((2 / 20) * (1500 - 500)) },
    ]);
    expect(second.body.offers[0].reasons).toContain("redeemed 1 similar offer");
  });

  it("without a model ranks by the campaign's redemption rate so far, then by discount", async () => {
    const project = await context.newProject();
    await rankAsTold(project);
    const modest = await setUpPromotion(project, {});
    const generous = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 900 }] } });
    const popular = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 100 }] } });
    await send(
      project,
      "POST",
      "/v1/redemptions",
      { codes: [popular.code], customer: { identifier: "bob" }, order: { id: "o1", ...order } },
      { "Idempotency-Key": randomUUID() },
    );
    const answer = await ask(project);
    expect(campaignsOf(answer)).toEqual([popular.campaignId, generous.campaignId, modest.campaignId]);
    expect(answer.body.offers.map((offer: { rank: number }) => offer.rank)).toEqual([1, 2, 3]);
    expect(campaignsOf(await ask(project, { limit: 1 }))).toEqual([popular.campaignId]);
  });

  it("announces and stores the decision exactly once, also under a repeated Idempotency-Key", async () => {
    const project = await context.newProject();
    await setUpPromotion(project, {});
    const headers = { "Idempotency-Key": "offers-1" };
    const first = await ask(project, {}, headers);
    const second = await ask(project, {}, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    const served = await events(project.projectId, "offer.served");
    expect(served.map((event) => event.payload)).toEqual([
      {
        decision_id: first.body.decision_id,
        customer: "ann",
        model: "fallback",
        offers: first.body.offers.map(({ reasons: _, ...offer }: Body) => ({
          ...offer,
          features: null,
          policies: ["champion", "popularity", "random"].map((policy) => ({
            policy,
            propensity: 1,
            probability: 1 / 20,
            value_amount: 50,
          })),
        })),
        policy: "champion",
        policy_version: 0,
        arms: { champion: 100, challenger: 0, popularity: 0, random: 0 },
        exploration: 0.05,
        candidates_count: 1,
        situation: { amount: 5000, channel: null, categories: ["coffee"] },
      },
    ]);
    const rows = await context.db
      .selectFrom("offer_decision")
      .selectAll()
      .where("project_id", "=", project.projectId)
      .execute();
    expect(rows).toMatchObject([{ id: first.body.decision_id, customer_identifier: "ann", model: "fallback" }]);
    expect(rows[0]?.offers).toEqual(first.body.offers);
  });

  it("needs the scope checkout, and names the field of a bad body", async () => {
    const project = await context.newProject();
    const other = await withKey(context, project, { kind: "secret", scopes: ["manage"] });
    expect((await ask(other)).status).toBe(403);
    for (const [body, pointer] of [
      [{ customer: undefined }, "/customer"],
      [{ limit: 51 }, "/limit"],
      [{ surprise: 1 }, "/surprise"],
      [{ order: { currency: "EUR", items: [] } }, "/order/items"],
      [{ context: { metadata: { a: [] } } }, "/context/metadata/a"],
    ] as const) {
      const answer = await ask(project, body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].pointer).toBe(pointer);
    }
  });
});

describe("POST /v1/offers/{decision_id}/outcome", () => {
  it("announces what became of an offer", async () => {
    const project = await context.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    const { body } = await ask(project);
    const path = `/v1/offers/${body.decision_id}/outcome`;
    const answer = await send(project, "POST", path, { campaign_id: campaignId, outcome: "taken" });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ decision_id: body.decision_id, campaign_id: campaignId, outcome: "taken" });
    expect((await events(project.projectId, "offer.outcome")).map((event) => event.payload)).toEqual([
      { decision_id: body.decision_id, customer: "ann", campaign_id: campaignId, outcome: "taken" },
    ]);
  });

  it("gives the same 404 for a decision of another project and one that is not there; 400 for a campaign not offered", async () => {
    const project = await context.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    const { body } = await ask(project);
    const stranger = await context.newProject();
    const report = { campaign_id: campaignId, outcome: "shown" };
    const foreign = await send(stranger, "POST", `/v1/offers/${body.decision_id}/outcome`, report);
    const missing = await send(project, "POST", "/v1/offers/dec_nothing/outcome", report);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body.detail).toBe(missing.body.detail);
    const wrong = await send(project, "POST", `/v1/offers/${body.decision_id}/outcome`, {
      ...report,
      campaign_id: "cam_other",
    });
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors[0].pointer).toBe("/campaign_id");
    const unknown = await send(project, "POST", `/v1/offers/${body.decision_id}/outcome`, {
      ...report,
      outcome: "sold",
    });
    expect(unknown.status).toBe(400);
    expect(await events(project.projectId, "offer.outcome")).toEqual([]);
  });
});

/** A model that is known: by how often each campaign was redeemed, for every feature the same word. */
function withModel(project: TestProject, probability: (input: OfferInput) => number, challenger?: typeof probability) {
  const scored = (version: string, of: typeof probability, inputs: readonly OfferInput[]) => ({
    model: { name: "personalisation", version },
    offers: inputs.map((input) => ({
      probability: of(input),
      features: { orders_count: input.ordersCount },
      contributions: { discount_depth: -0.5, category_fit: 0.7, days_until_end: 0.1 },
    })),
  });
  const models = {
    ...context.deps.models,
    scoreOffers: (_: string, inputs: readonly OfferInput[]) => scored("one", probability, inputs),
    ...(challenger && {
      scoreChallengerOffers: (_: string, inputs: readonly OfferInput[]) => scored("two", challenger, inputs),
    }),
  };
  const app = createApp({ ...context.deps, models, metrics: new Registry() });
  return {
    request: async (method: string, path: string, body?: unknown) =>
      app.request(path, {
        method,
        headers: { authorization: `Bearer ${project.key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

describe("with a model", () => {
  it("ranks by expected value, and logs the vector and what each policy would do", async () => {
    const project = await context.newProject();
    await rankAsTold(project, { diversity: 0 });
    const asked = withModel(project, () => 0.4);
    const cheap = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 100 }] } });
    const dear = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 1400 }] } });
    const answer = await ask(asked);
    expect(answer.body).toMatchObject({ model: { name: "personalisation", version: "one" }, policy: "champion" });
    // Both are as likely; one leaves 14.00 of the margin, the other 1.00.
    expect(campaignsOf(answer)).toEqual([cheap.campaignId, dear.campaignId]);
    expect(answer.body.offers).toMatchObject([
      { probability: 0.4, expected_value_amount: 560, propensity: 1 },
      { probability: 0.4, expected_value_amount: 40, propensity: 1 },
    ]);
    const [served] = await events(project.projectId, "offer.served");
    expect(served?.payload.model).toBe("personalisation@one");
    const [first] = served?.payload.offers ?? [];
    expect(first).toMatchObject({ features: { orders_count: 0 } });
    expect(first.policies).toEqual([
      { policy: "champion", propensity: 1, probability: 0.4, value_amount: 560 },
      // Popularity does not know margins: equal rates go by discount.
      { policy: "popularity", propensity: 0, probability: 0.4, value_amount: 40 },
      { policy: "random", propensity: 0.5, probability: 0.4, value_amount: 300 },
    ]);
  });

  it("takes the margin from the costs of the basket, and from what orders usually earn", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const asked = withModel(project, () => 0.5);
    const costed = { ...order, items: [{ ...order.items[0], unit_cost_amount: 2000 }] };
    const exact = await ask(asked, { order: costed });
    expect(exact.body.offers).toMatchObject([{ expected_margin_amount: 1000, expected_value_amount: 250 }]);
    await redeem(project, code, "bob", "o1");
    await send(project, "POST", "/v1/orders", { id: "o1", customer: { identifier: "bob" }, status: "paid", ...costed });
    // Of one order a fifth was earned; ten imagined ones earned three tenths.
    const learnt = await ask(asked, { customer: { identifier: "bob" } });
    expect(learnt.body.offers[0].expected_margin_amount).toBe(Math.round(5000 * ((0.2 + 10 * 0.3) / 11)));
    const assumed = await ask(asked);
    expect(assumed.body.offers[0].expected_margin_amount).toBe(1500);
    await rankAsTold(project, { assumed_margin_percent: 50 });
    expect((await ask(asked)).body.offers[0].expected_margin_amount).toBe(2500);
  });

  it("says why in words, strongest first, without a figure of the model", async () => {
    const project = await context.newProject();
    const ends = new Date(Date.now() + 3 * 86_400_000).toISOString();
    await setUpPromotion(project, { sub: { ends_at: ends } });
    await send(project, "POST", "/v1/orders", { id: "o1", customer: { identifier: "ann" }, status: "paid", ...order });
    const answer = await ask(withModel(project, () => 0.5));
    expect(answer.body.offers[0].reasons).toEqual([
      "fits what this customer has bought before",
      expect.stringMatching(/^ends in [34] days$/),
      "saves 5.00 EUR on this basket",
    ]);
  });

  it("gives the challenger its customers, and the champion the others, the same ones every time", async () => {
    const project = await context.newProject();
    await rankAsTold(project, { arms: { champion: 50, challenger: 50 }, diversity: 0 });
    const one = await setUpPromotion(project, {});
    const two = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 400 }] } });
    const likes = (discount: number) => (input: OfferInput) => (input.basketDiscountAmount === discount ? 0.9 : 0.1);
    const asked = withModel(project, likes(500), likes(400));
    for (const identifier of ["ann", "bob", "cid", "dan", "eve", "flo"]) {
      const isChampion = armBucket(project.projectId, identifier) < 50;
      for (let time = 0; time < 2; time += 1) {
        const answer = await ask(asked, { customer: { identifier } });
        expect(answer.body.policy).toBe(isChampion ? "champion" : "challenger");
        expect(answer.body.model.version).toBe(isChampion ? "one" : "two");
        expect(campaignsOf(answer)[0]).toBe(isChampion ? one.campaignId : two.campaignId);
      }
    }
  });
});

describe("the policy of offers", () => {
  it("has defaults, changes as a whole, and counts its versions only when something changes", async () => {
    const project = await context.newProject();
    const before = await send(project, "GET", "/v1/offers/policy");
    expect(before.body).toEqual({
      version: 0,
      arms: { champion: 100, challenger: 0, popularity: 0, random: 0 },
      exploration_percent: 5,
      diversity: 0.1,
      frequency_cap: null,
      budget_pacing: true,
      assumed_margin_percent: 30,
    });
    const settings = { arms: { champion: 60, popularity: 40 }, frequency_cap: { max: 3, days: 7 } };
    const first = await send(project, "PUT", "/v1/offers/policy", settings);
    expect(first.body).toMatchObject({ version: 1, arms: { champion: 60, popularity: 40, random: 0 } });
    expect((await send(project, "PUT", "/v1/offers/policy", settings)).body.version).toBe(1);
    expect((await send(project, "PUT", "/v1/offers/policy", {})).body).toMatchObject({
      version: 2,
      frequency_cap: null,
    });
    const log = await send(project, "GET", "/v1/audit-log?subject_type=offer_policy");
    expect(log.body.data.map((entry: Body) => entry.action)).toEqual(["updated", "created"]);
  });

  it("refuses shares that are not all customers and settings that are not there, and names them", async () => {
    const project = await context.newProject();
    for (const [body, pointer] of [
      [{ arms: { champion: 60 } }, "/arms"],
      [{ exploration_percent: 51 }, "/exploration_percent"],
      [{ frequency_cap: { max: 0, days: 7 } }, "/frequency_cap/max"],
      [{ surprise: 1 }, "/surprise"],
    ] as const) {
      const answer = await send(project, "PUT", "/v1/offers/policy", body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].pointer).toBe(pointer);
    }
    const shop = await withKey(context, project, { kind: "secret", scopes: ["checkout"] });
    expect((await send(shop, "GET", "/v1/offers/policy")).status).toBe(403);
    expect((await send(shop, "PUT", "/v1/offers/policy", {})).status).toBe(403);
  });

  it("explores as often as it says, with propensities that say so, and the same under a repeated key", async () => {
    const project = await context.newProject();
    await rankAsTold(project, { exploration_percent: 50 });
    const best = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 900 }] } });
    await setUpPromotion(project, {});
    let explored = 0;
    for (let time = 0; time < 30; time += 1) {
      const answer = await ask(project, { limit: 1 }, { "Idempotency-Key": `explore-${time}` });
      const [offer] = answer.body.offers;
      const isOwn = offer.campaign_id === best.campaignId;
      explored += Number(!isOwn);
      expect(offer.propensity).toBeCloseTo(isOwn ? 0.75 : 0.25, 12);
      expect(offer.reasons.includes("shown now and then, to see how it is received")).toBe(!isOwn);
      const again = await ask(project, { limit: 1 }, { "Idempotency-Key": `explore-${time}` });
      expect(again.body).toEqual(answer.body);
    }
    // A quarter of thirty; outside of this once in two hundred thousand times.
    expect(explored).toBeGreaterThan(0);
    expect(explored).toBeLessThan(20);
  });

  it("leaves out what a customer was offered as often as is allowed, and nobody else", async () => {
    const project = await context.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    await rankAsTold(project, { frequency_cap: { max: 2, days: 7 } });
    for (let time = 0; time < 2; time += 1) expect(campaignsOf(await ask(project))).toEqual([campaignId]);
    expect(campaignsOf(await ask(project))).toEqual([]);
    expect(campaignsOf(await ask(project, { customer: { identifier: "bob" } }))).toEqual([campaignId]);
    await context.db
      .updateTable("offer_decision")
      .set({ created_at: new Date(Date.now() - 8 * 86_400_000) })
      .where("project_id", "=", project.projectId)
      .execute();
    expect(campaignsOf(await ask(project))).toEqual([campaignId]);
  });

  it("offers less of what runs out of its budget before its time, and nothing of what has none left", async () => {
    const project = await context.newProject();
    await rankAsTold(project, { diversity: 0 });
    const year = 365 * 86_400_000;
    const window = {
      starts_at: new Date(Date.now() - year / 10).toISOString(),
      ends_at: new Date(Date.now() + year).toISOString(),
    };
    const ahead = await setUpPromotion(project, { sub: { ...window, budget_amount: 1100 } });
    const steady = await setUpPromotion(project, {
      sub: { ...window, rewards: [{ type: "order_discount", amount: 600 }] },
    });
    const asked = withModel(project, () => 0.5);
    expect(campaignsOf(await ask(asked))).toEqual([ahead.campaignId, steady.campaignId]);
    await redeem(project, ahead.code, "bob", "o1");
    // Nearly half of the budget is gone with a tenth of the time: a unit of discount costs more than one.
    expect(campaignsOf(await ask(asked))).toEqual([steady.campaignId, ahead.campaignId]);
    await rankAsTold(project, { diversity: 0, budget_pacing: false });
    expect(campaignsOf(await ask(asked))).toEqual([ahead.campaignId, steady.campaignId]);
    await redeem(project, ahead.code, "bob", "o2");
    await rankAsTold(project, { diversity: 0 });
    // Without a basket nothing is decided, and 1.00 is left: of that nothing is offered but what the basket allows.
    expect(campaignsOf(await ask(asked))).toEqual([steady.campaignId]);
  });

  it("is a project's own", async () => {
    const [project, other] = [await context.newProject(), await context.newProject()];
    await rankAsTold(project, { arms: { random: 100 } });
    expect((await send(other, "GET", "/v1/offers/policy")).body.version).toBe(0);
    await setUpPromotion(other, {});
    expect((await ask(other)).body.policy).toBe("champion");
  });
});
