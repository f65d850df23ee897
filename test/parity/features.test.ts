/**
 * A shop's past, played through the HTTP API. Whenever something would have been scored, the features are computed in
 * TypeScript from what Postgres holds at that moment; afterwards ClickHouse computes the same from the events alone.
 */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { countPublications } from "../../api/offers/counts.ts";
import { readOfferInputs } from "../../api/offers/history.ts";
import { measureProject } from "../../api/offers/measure.ts";
import type { Payload } from "../../ingest/events/events.ts";
import { createRelay } from "../../ingest/relay.ts";
import { type FeatureSet, named, orDefault, rawVector } from "../../models/features/feature.ts";
import { type OfferInput, personalisationFeatures } from "../../models/features/personalisation.ts";
import { offerSituations, situationParameters } from "../../models/personalisation/dataset.ts";
import type { Models } from "../../models/serving.ts";
import { examplesSql } from "../../models/training/examples.ts";
import { seeded } from "../../models/training/random.ts";
import { type Answer, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();
const minute = 60_000;
const day = 1440 * minute;

/** What TypeScript saw, by the key under which ClickHouse shows the same situation. */
const seenOffers = new Map<string, number[]>();

/** Tells what it is asked to score; risk.test.ts looks at the vectors of risk. */
class Witness implements Models {
  scoreRisk() {
    return { score: null, reasons: [], model: null, features: null };
  }

  /** The vectors go into the announcement of the decision. */
  scoreOffers(_: string, inputs: readonly OfferInput[]) {
    const features = inputs.map((input) => named(personalisationFeatures, rawVector(personalisationFeatures, input)));
    return {
      model: { name: "witness", version: "1" },
      offers: features.map((each) => ({ probability: 0.5, features: each, contributions: {} })),
    };
  }

  serving() {
    return null;
  }
}

class Shop {
  readonly project: TestProject;
  readonly api: Pick<TestProject, "request">;
  readonly campaigns: { id: string; mainId: string; code: string; endsAt: number | null }[] = [];
  #orders = 0;

  constructor(project: TestProject, app: ReturnType<typeof createApp>) {
    this.project = project;
    this.api = {
      request: async (method, path, body, headers = {}) =>
        app.request(path, {
          method,
          headers: { authorization: `Bearer ${project.key}`, "content-type": "application/json", ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
    };
  }

  async must(status: number, method: string, path: string, body?: object, headers?: Record<string, string>) {
    const answer: Answer = await send(this.api, method, path, body, headers);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer.body;
  }

  async openCampaigns(): Promise<void> {
    for (const main of ["coffee", "tea"]) {
      const top = await this.must(201, "POST", "/v1/campaigns", { type: "main", name: main, currency: "EUR" });
      await this.must(200, "POST", `/v1/campaigns/${top.id}/activate`, {});
      for (const amount of [300, 700]) {
        const endsAt = main === "tea" ? Date.UTC(2031, 0, 1) : null;
        const sub = await this.must(201, "POST", "/v1/campaigns", {
          type: "sub",
          parent_id: top.id,
          name: `${main} ${amount}`,
          triggers_on: "redemption",
          currency: "EUR",
          rewards: [{ type: "order_discount", amount }],
          ...(endsAt === null ? {} : { ends_at: new Date(endsAt).toISOString() }),
        });
        await this.must(200, "POST", `/v1/campaigns/${sub.id}/activate`, {});
        const code = `${main}${amount}`.toUpperCase();
        await this.must(201, "POST", `/v1/campaigns/${sub.id}/vouchers`, { kind: "generic", code });
        this.campaigns.push({ id: sub.id, mainId: top.id, code, endsAt });
      }
      // Applies by itself, to some orders: a use of the main campaign that took no code.
      const automatic = await this.must(201, "POST", "/v1/campaigns", {
        type: "sub",
        parent_id: top.id,
        name: `${main} by itself`,
        triggers_on: "redemption",
        currency: "EUR",
        automatic: true,
        rewards: [{ type: "item_discount", which: "cheapest", percent_bp: 500 }],
        rules: { on: "order.amount", op: "greater_than", value: 9000 },
      });
      await this.must(200, "POST", `/v1/campaigns/${automatic.id}/activate`, {});
    }
  }

  async publish(customer: string, campaign: Shop["campaigns"][number], at: number): Promise<void> {
    const key = `${customer} ${campaign.id} `;
    if (!seenOffers.has(key)) {
      const { projectId } = this.project;
      const counts = await countPublications(context.db, projectId, [campaign.mainId]);
      const { id: campaignId, mainId, endsAt } = campaign;
      const campaigns = [{ campaignId, mainId, template: "discount", endsAt, discountAmount: null }];
      const scope = { projectId, customer, campaigns, basket: null, isVisit: false, now: at };
      const [input] = (await readOfferInputs(context.db, scope, counts)).inputs;
      if (input === undefined) throw new Error("one input was asked for");
      seenOffers.set(key, rawVector(personalisationFeatures, input));
    }
    const body = { customer: { identifier: customer }, occurred_at: new Date(at).toISOString() };
    await this.must(201, "POST", `/v1/vouchers/${campaign.code}/publish`, body);
  }

  /** @returns the order's id when the codes were accepted. */
  async redeem(customer: string | null, codes: readonly string[], at: number, order: object): Promise<string | null> {
    this.#orders += 1;
    const id = `order-${this.#orders}`;
    const answer = await send(
      this.api,
      "POST",
      "/v1/redemptions",
      {
        codes,
        ...(customer === null ? {} : { customer: { identifier: customer } }),
        order: { id, ...order },
        at: new Date(at).toISOString(),
      },
      { "Idempotency-Key": randomUUID() },
    );
    if (answer.status === 422) return null;
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return id;
  }

  async report(customer: string, id: string, status: "paid" | "refunded", at: number, order: object): Promise<void> {
    const body = { id, customer: { identifier: customer }, status, ...order, occurred_at: new Date(at).toISOString() };
    const answer = await send(this.api, "POST", "/v1/orders", body);
    expect([200, 201], JSON.stringify(answer.body)).toContain(answer.status);
  }
}

/** What happened lately, by today's clock, with categories and a part of the offers handed out. */
async function playLately(shop: Shop): Promise<void> {
  const ago = (days: number) => Date.now() - days * day;
  const basket = (category: string) => ({
    currency: "EUR",
    items: [{ sku: category, quantity: 2, unit_amount: 2400, categories: [category, "all"] }],
  });
  const [coffee, tea] = [shop.campaigns[0], shop.campaigns[2]];
  if (coffee === undefined || tea === undefined) throw new Error("there are four campaigns");
  await shop.publish("ann", coffee, ago(100));
  await shop.publish("ann", coffee, ago(40));
  await shop.publish("bob", tea, ago(9));
  for (const [customer, days, category] of [
    ["ann", 95, "coffee"],
    ["ann", 70, "tea"],
    ["ann", 20, "coffee"],
    ["bob", 200, "cups"],
    ["bob", 12, "tea"],
  ] as const) {
    const id = await shop.redeem(customer, [coffee.code], ago(days), basket(category));
    expect(id).not.toBeNull();
    await shop.report(customer, id ?? "", "paid", ago(days) + 1, basket(category));
  }
}

/** Asks for offers now; the decision says what TypeScript saw. */
async function askForOffers(shop: Shop): Promise<void> {
  const items = ["coffee", "cups"].map((sku) => ({ sku, quantity: 1, unit_amount: 3100, categories: [sku] }));
  for (const [customer, order] of [
    ["ann", { currency: "EUR", items }],
    ["bob", { currency: "EUR", items }],
    ["cid", undefined],
    ["nobody-yet", { currency: "EUR", items }],
  ] as const) {
    await shop.must(200, "POST", "/v1/offers", { customer: { identifier: customer }, order, limit: 3 });
  }
  const served = await context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", shop.project.projectId)
    .where("type", "=", "offer.served")
    .execute();
  for (const { payload } of served as { payload: Payload<"offer.served"> }[]) {
    for (const { campaign_id, features } of payload.offers) {
      const values = personalisationFeatures.features.map(({ name }) => features?.[name] ?? Number.NaN);
      seenOffers.set(`${payload.customer} ${campaign_id} ${payload.decision_id}`, values);
    }
  }
}

async function play(shop: Shop, steps: number): Promise<void> {
  const random = seeded(20);
  const among = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const customers = ["ann", "bob", "cid", "dan", "eve", "flo", "gus", "hal"];
  const begin = Date.UTC(2025, 2, 1, 5);
  await shop.must(201, "PUT", "/v1/customers/ann", { created_at: new Date(begin - 40 * day).toISOString() });
  const paid: { customer: string; id: string; order: object }[] = [];
  let at = begin;
  for (let step = 0; step < steps; step += 1) {
    at += among([1, 7 * minute, 35 * minute, 60 * minute, 9 * 60 * minute, day, 3 * day]);
    const customer = among(customers);
    const campaign = among(shop.campaigns);
    const lines = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, line) => ({
      sku: `sku-${line}`,
      quantity: 1 + Math.floor(random() * 4),
      unit_amount: 500 + Math.floor(random() * 3000),
    }));
    const order = { currency: "EUR", items: lines };
    const dice = random();
    if (dice < 0.3) await shop.publish(customer, campaign, at);
    else if (dice < 0.4) await shop.redeem(customer, ["NOSUCHCODE"], at, order);
    else if (dice < 0.5) await shop.redeem(null, [campaign.code], at, order);
    else if (dice < 0.6 && paid.length > 0) {
      const back = paid.splice(Math.floor(random() * paid.length), 1)[0];
      if (back !== undefined) await shop.report(back.customer, back.id, "refunded", at, back.order);
    } else {
      const codes = dice < 0.7 ? shop.campaigns.slice(0, 2).map(({ code }) => code) : [campaign.code];
      const id = (await shop.redeem(customer, codes, at, order)) ?? `plain-${step}`;
      at += 1;
      await shop.report(customer, id, "paid", at, order);
      paid.push({ customer, id, order });
    }
  }
}

async function inClickHouse<Input>(set: FeatureSet<Input>, situations: string, parameters: Record<string, unknown>) {
  const result = await context.warehouse.query({
    query: examplesSql(set, situations),
    query_params: parameters,
    format: "JSONEachRow",
  });
  const rows = await result.json<{ tie: string | string[]; features: (number | null)[] }>();
  return new Map(
    rows.map(({ tie, features }) => [
      [tie].flat().join(" "),
      set.features.map((feature, index) => orDefault(feature, features[index] ?? null)),
    ]),
  );
}

function expectEqual<Input>(set: FeatureSet<Input>, actual: Map<string, number[]>, expected: Map<string, number[]>) {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  const differences = [...expected].flatMap(([key, values]) =>
    set.features.flatMap((feature, index) => {
      const typescript = values[index] ?? Number.NaN;
      const clickhouse = actual.get(key)?.[index] ?? Number.NaN;
      const same = Math.abs(typescript - clickhouse) <= 1e-9 * Math.max(1, Math.abs(typescript));
      return same ? [] : [{ key, feature: feature.name, typescript, clickhouse }];
    }),
  );
  expect(differences).toEqual([]);
}

const byTheClock = ["hour_sin", "hour_cos", "is_weekend"];

function onlyOf(features: typeof personalisationFeatures.features, rows: Map<string, number[]>) {
  const places = features.map((feature) => personalisationFeatures.features.indexOf(feature));
  return new Map([...rows].map(([key, row]) => [key, places.map((place) => row[place] ?? Number.NaN)]));
}

/** A feature that is the same in every row would be equal for no reason. */
function expectVaried<Input>(set: FeatureSet<Input>, rows: Map<string, number[]>, constant: readonly string[]) {
  const still = set.features.filter((_, at) => new Set([...rows.values()].map((row) => row[at])).size === 1);
  expect(still.map((feature) => feature.name)).toEqual(constant);
}

describe("a shop's past", () => {
  let shop: Shop;

  beforeAll(async () => {
    const deps = { ...context.deps, models: new Witness(), metrics: new Registry() };
    shop = new Shop(await context.newProject(), createApp(deps));
    await shop.openCampaigns();
    await play(shop, 320);
    await playLately(shop);
    const relay = createRelay({ pool: context.pool, warehouse: context.warehouse, log: pino({ level: "silent" }) });
    await relay.drain();
    await measureProject({ db: context.db, warehouse: context.warehouse }, shop.project.projectId);
    await askForOffers(shop);
    await relay.drain();
  }, 180_000);

  it("gives each offer the same features from Postgres in TypeScript and from events in ClickHouse", async () => {
    const parameters = situationParameters(shop.project.projectId, true);
    const actual = await inClickHouse(personalisationFeatures, offerSituations, parameters);
    expect(seenOffers.size).toBeGreaterThan(36);
    expectEqual(personalisationFeatures, actual, seenOffers);
    // All campaigns here are discounts, and a customer has one example a day; as-of-offers.test.ts has others. Of the hour
    // it depends by whose clock this runs.
    const others = personalisationFeatures.features.filter(({ name }) => !byTheClock.includes(name));
    expectVaried({ ...personalisationFeatures, features: others }, onlyOf(others, actual), [
      "is_loyalty",
      "served_30d",
    ]);
  });
});
