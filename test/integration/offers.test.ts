import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { trainPersonalisation } from "../../models/personalisation/train.ts";
import { writeChampions, writeModel } from "../../models/registry/store.ts";
import { loadRuntime } from "../../models/runtime.ts";
import { loadModels } from "../../models/serving.ts";
import { type Body, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";
import { offerExamples } from "../unit/models/synthetic.ts";

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
      offers: [
        {
          rank: 1,
          campaign_id: campaignId,
          code,
          discount_amount: 500,
          probability: 1 / 20,
          // 30 % of 50.00, minus 5.00, once in twenty.
          expected_value_amount: 50,
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
        offers: first.body.offers.map(({ reasons: _, ...offer }: Body) => ({ ...offer, features: null })),
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

describe("with a trained model", () => {
  let directory: string;
  let project: TestProject;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tessera-offers-"));
    const quiet = { say: () => undefined, onEpoch: () => undefined };
    const trained = await trainPersonalisation(await loadRuntime(), offerExamples(1500), 7, quiet);
    await writeModel(directory, trained.manifest, trained.files);
    await writeChampions(directory, { personalisation: trained.manifest.version });
    project = await context.newProject();
  }, 120_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("ranks by expected value, and logs the vector and the propensity", async () => {
    const models = await loadModels({ log: pino({ level: "silent" }), directory });
    const app = createApp({ ...context.deps, models, metrics: new Registry() });
    const asked = {
      request: async (method: string, path: string, body?: unknown) =>
        app.request(path, {
          method,
          headers: { authorization: `Bearer ${project.key}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
    };
    const cheap = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 100 }] } });
    const dear = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 1400 }] } });
    const answer = await ask(asked);
    expect(answer.body.model).toEqual({ name: "personalisation", version: expect.any(String) });
    // Both are as likely; one leaves 14.00 of the margin, the other 1.00.
    expect(campaignsOf(answer)).toEqual([cheap.campaignId, dear.campaignId]);
    const [first, second] = answer.body.offers;
    expect(first.probability).toBeCloseTo(second.probability, 6);
    expect(first.expected_value_amount).toBe(Math.round(first.probability * 1400));
    const [served] = await events(project.projectId, "offer.served");
    expect(served?.payload.model).toBe(`personalisation@${answer.body.model.version}`);
    expect(served?.payload.offers[0]).toMatchObject({
      propensity: 1,
      features: { orders_count: 0, redemption_rate: 0.05 },
    });
  });
});
