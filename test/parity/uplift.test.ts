/** Effects of a campaign, customer by customer: from the lottery of its holdout over a training to the offers that are ranked. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { readArms } from "../../api/lift/read.ts";
import { cardOf } from "../../models/card.ts";
import { upliftFeatures } from "../../models/features/uplift.ts";
import { projectTarget } from "../../models/registry/target.ts";
import { loadRuntime } from "../../models/runtime.ts";
import { loadModels } from "../../models/serving.ts";
import { type TrainResult, train } from "../../models/train.ts";
import { seeded } from "../../models/training/random.ts";
import { type Assignment, readAssignments } from "../../models/uplift/dataset.ts";
import { loadEffects } from "../../models/uplift/score.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const context = useApp();
const day = 86_400_000;
const begin = Date.UTC(2026, 0, 1);
const noModels = join(tmpdir(), "tessera-test-no-models");
const customers = 3000;
const percent = 30;

let project: TestProject;
let campaignId: string;
let code: string;
let examples: Assignment[];
let results: TrainResult[];

/** Who buys often and stayed away, or seldom and just now, orders for the campaign's sake; the others order as they do anyway. */
function kindOf(index: number) {
  const isFrequent = index % 2 === 0;
  const isRecent = index % 4 < 2;
  return { isFrequent, isRecent, isPersuadable: isFrequent !== isRecent };
}

const nameOf = (index: number) => `customer-${index}`;

function shopOfPersuadables(): History {
  const random = seeded(11);
  const history = new History(project.projectId);
  history.campaign(campaignId, "main", begin + 20 * day, "discount", { at: begin, holdoutPercent: percent });
  for (let index = 0; index < customers; index += 1) {
    const name = nameOf(index);
    const { isFrequent, isRecent, isPersuadable } = kindOf(index);
    history.customer(name, begin - random() * 250 * day);
    const lastAt = begin - (isRecent ? random() * 10 : 35 + random() * 20) * day;
    const orders = isFrequent ? 6 + Math.floor(random() * 3) : 1 + Math.floor(random() * 2);
    for (let order = 0; order < orders; order += 1) {
      history.paid(name, lastAt - order * 3 * day, 4000 + Math.floor(random() * 2000), [], `${name}-${order}`);
    }
    const isHeldOut = holdoutBucket(campaignId, name) < percent;
    const chance = !isPersuadable ? 0.3 : isHeldOut ? 0.03 : 0.6;
    if (random() > chance) continue;
    const at = begin + (1 + random() * 18) * day;
    history.paid(name, at, 5000, [], `${name}-then`);
    if (!isHeldOut) history.redeemed(name, campaignId, "main", at);
  }
  // Comes once the arms differ: nobody knows whether for the campaign's sake.
  history.paid("latecomer", begin + 2 * day, 5000, [], "late");
  return history;
}

beforeAll(async () => {
  project = await context.newProject();
  ({ campaignId, code } = await setUpPromotion(project, { sub: { holdout_percent: percent } }));
  await insertEvents(context.warehouse, shopOfPersuadables().events);
  examples = await readAssignments(context.warehouse, project.projectId);
  const { warehouse, pool } = context;
  results = await train({
    ...{ runtime: await loadRuntime(), warehouse, projectId: project.projectId, names: ["uplift"], seed: 7 },
    ...{ registry: projectTarget(pool, project.projectId, noModels), promote: "better", say: () => undefined },
  });
}, 300_000);

describe("examples of effects", () => {
  it("are the customers of the report of incrementality, in its arms, with its orders", async () => {
    const arms = await readArms(context.warehouse, project.projectId, campaignId);
    expect(arms.map(({ arm }) => arm).sort()).toEqual(["held_out", "treated"]);
    for (const { arm, customers_count, converted_count } of arms) {
      const own = examples.filter(({ treated }) => treated === (arm === "treated" ? 1 : 0));
      expect(converted_count).toBeGreaterThan(100);
      expect([arm, own.length]).toEqual([arm, customers_count]);
      expect([arm, own.filter(({ label }) => label === 1).length]).toEqual([arm, converted_count]);
    }
  });

  it("are in the arm that the service draws, every time, and it withholds the campaign from them", async () => {
    expect(examples).toHaveLength(customers);
    expect(
      examples.filter(({ customer, treated }) => holdoutBucket(campaignId, customer) < percent === (treated === 1)),
    ).toEqual([]);
    const order = { currency: "EUR", items: [{ sku: "coffee", quantity: 1, unit_amount: 5000 }] };
    for (const { customer, treated } of [...examples.slice(0, 12), ...examples.slice(0, 12)]) {
      const answer = await send(project, "POST", "/v1/offers", { customer: { identifier: customer }, order });
      expect([customer, answer.body.offers.length]).toEqual([customer, treated]);
    }
  });

  it("know of a customer what was known when the arms could first differ, and nothing later", () => {
    const at = upliftFeatures.features.findIndex(({ name }) => name === "orders_count");
    const used = upliftFeatures.features.findIndex(({ name }) => name === "redemptions_count");
    for (const { customer, features } of examples) {
      const { isFrequent } = kindOf(Number(customer.split("-")[1]));
      const orders = features[at] ?? 0;
      expect(isFrequent ? orders >= 6 && orders <= 8 : orders >= 1 && orders <= 2, `${customer}: ${orders}`).toBe(true);
      expect(features[used]).toBe(0);
    }
    expect(examples.filter(({ redeemed }) => redeemed === 1).length).toBeGreaterThan(500);
  });

  it("hold the same customers back every time, one in five", () => {
    const share = examples.filter(({ isHeldBack }) => isHeldBack).length / examples.length;
    expect(Math.abs(share - 0.2)).toBeLessThan(0.03);
  });
});

describe("a model of effects", () => {
  it("is promoted when it orders held-back customers better than its rivals beyond chance, and finds who is persuadable", async () => {
    const [result] = results;
    if (result === undefined || result.outcome === "too_little_data") throw new Error(JSON.stringify(result));
    const { model, baselines } = result.manifest.metrics;
    expect(result.verdict.reason).toMatch(
      /beats no model .* campaign average .* two logistic regressions .* beyond chance/,
    );
    expect(result.outcome).toBe("promoted");
    expect(Object.keys(baselines)).toEqual(["no_model", "campaign_average", "two_logistic_regressions"]);
    expect(model.qini_low).toBeGreaterThan(0);
    expect(cardOf(result.manifest)).toMatch(/held back is one customer in five[\s\S]*two logistic regressions/);
    // Whom it puts into the better half are those whose order is caused, 0.57 of them; of all it is half as much.
    const { rows } = await context.pool.query<{ path: string; bytes: Buffer }>(
      "select path, bytes from model_file where project_id = $1 and name = 'uplift'",
      [project.projectId],
    );
    const scorer = loadEffects(Object.fromEntries(rows.map(({ path, bytes }) => [path, new Uint8Array(bytes)])));
    const judged = examples.filter(({ isHeldBack }) => isHeldBack);
    const best = judged
      .toSorted((a, b) => scorer.effect(b.features) - scorer.effect(a.features))
      .slice(0, judged.length / 2);
    const truth = (rows: readonly Assignment[]) =>
      rows.filter(({ customer }) => kindOf(Number(customer.split("-")[1])).isPersuadable).length * (0.57 / rows.length);
    expect(truth(judged)).toBeLessThan(0.33);
    expect(truth(best)).toBeGreaterThan(0.45);
  });

  it("tells each customer's uplift with an offer, and values it by that", async () => {
    const { log } = context.deps;
    const models = await loadModels({ log, directory: noModels, pool: context.pool });
    const app = createApp({ ...context.deps, models, metrics: new Registry() });
    const treated = (wanted: ReturnType<typeof kindOf>) => {
      const found = Array.from({ length: customers }, (_, index) => index).find(
        (index) =>
          kindOf(index).isFrequent === wanted.isFrequent && holdoutBucket(campaignId, nameOf(index)) >= percent,
      );
      if (found === undefined) throw new Error("everybody is held out");
      return nameOf(found);
    };
    const order = {
      currency: "EUR",
      items: [{ sku: "coffee", quantity: 1, unit_amount: 5000, unit_cost_amount: 2000 }],
    };
    const ask = async (isFrequent: boolean) => {
      const customer = treated({ isFrequent, isRecent: true, isPersuadable: !isFrequent });
      for (let at = 0; at < (isFrequent ? 7 : 1); at += 1) {
        const paid = { id: `${customer}-${at}`, customer: { identifier: customer }, status: "paid", ...order };
        const answer = await send(project, "POST", "/v1/orders", paid);
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
      }
      const answer = await app.request("/v1/offers", {
        method: "POST",
        headers: { authorization: `Bearer ${project.key}`, "content-type": "application/json" },
        body: JSON.stringify({ customer: { identifier: customer }, order }),
      });
      const [offer] = ((await answer.json()) as { offers: Record<string, number | string | null>[] }).offers;
      if (offer === undefined) throw new Error("nothing was offered");
      return offer;
    };
    const [caused, anyway] = [await ask(false), await ask(true)];
    const uplift = (offer: typeof caused) => Number(offer.uplift);
    const probability = Number(caused.probability);
    expect(caused.code).toBe(code);
    // Nineteen redemptions in twenty of theirs are orders more, of the others' none; estimates are drawn to what is so of all.
    const share = uplift(caused) / probability;
    expect(share).toBeGreaterThan(0.4);
    expect(uplift(anyway) / Number(anyway.probability)).toBeLessThan(share - 0.1);
    expect(caused.expected_value_amount).toBe(Math.round(3000 * uplift(caused) - 500 * probability));
    expect(Number(caused.expected_value_amount)).toBeGreaterThan(Number(anyway.expected_value_amount));
    // Without it, and before it, there is nothing to tell of the customer.
    const before = await send(project, "POST", "/v1/offers", {
      customer: { identifier: treated({ isFrequent: true, isRecent: true, isPersuadable: false }) },
      order,
    });
    expect(before.body.offers[0].uplift).toBeNull();
  });

  it("is not learnt from a project whose holdout is empty", async () => {
    const other = await context.newProject();
    const { warehouse, pool } = context;
    const [result] = await train({
      ...{ runtime: await loadRuntime(), warehouse, projectId: other.projectId, names: ["uplift"], seed: 7 },
      ...{ registry: projectTarget(pool, other.projectId, noModels), promote: "better", say: () => undefined },
    });
    expect(result).toMatchObject({
      name: "uplift",
      outcome: "too_little_data",
      reason: expect.stringMatching(/^0 customers .* it takes 200/),
    });
  });
});
