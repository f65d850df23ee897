/** A small shop's weeks: two promotions, gift cards, points, offers, a few customers, all sent through the API. */
import { expect } from "vitest";
import type { TestProject } from "../../support/app.ts";

const dayMs = 86_400_000;
const weeks = 5;
const customers = ["anna@example.com", "ben", "carla/berlin", "dmitri", "eva ünal"] as const;

export interface Shop {
  readonly coffeeId: string;
  readonly welcomeId: string;
  readonly mainId: string;
  readonly segmentId: string;
}

async function post(project: TestProject, path: string, body: object, status: number): Promise<{ id: string }> {
  const response = await project.request("POST", path, body, { "idempotency-key": crypto.randomUUID() });
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return JSON.parse(text);
}

/** `now` is when the newest of it happens; the rest lies in the weeks before. */
export async function openShop(project: TestProject, now: Date): Promise<Shop> {
  const main = await post(project, "/v1/campaigns", { type: "main", name: "Autumn", currency: "EUR" }, 201);
  const coffee = await addPromotion(project, main.id, {
    name: "Coffee week",
    budget_amount: 60_000,
    rewards: [{ type: "order_discount", percent_bp: 1_500 }],
    rules: { on: "order.amount", op: "greater_or_equal", value: 3_000 },
  });
  const welcome = await addPromotion(project, main.id, {
    name: "Welcome <b>back</b>",
    rewards: [{ type: "order_discount", amount: 500 }],
  });
  await post(project, `/v1/campaigns/${main.id}/activate`, {}, 200);
  for (const id of [coffee, welcome]) await post(project, `/v1/campaigns/${id}/activate`, {}, 200);
  await post(project, `/v1/campaigns/${coffee}/vouchers`, { kind: "generic", code: "COFFEE15" }, 201);
  await post(project, `/v1/campaigns/${welcome}/vouchers`, { kind: "generic", code: "WELCOME" }, 201);
  await trade(project, now);
  await issueCredit(project, now);
  await offer(project);
  await suspect(project);
  const { id: segmentId } = await post(project, "/v1/segments", { name: "Regulars" }, 201);
  await post(project, `/v1/segments/${segmentId}/members`, { customers: ["anna@example.com", "ben"] }, 200);
  return { coffeeId: coffee, welcomeId: welcome, mainId: main.id, segmentId };
}

/** Three gift cards, one of them half spent, and points of one customer. */
async function issueCredit(project: TestProject, now: Date): Promise<void> {
  const main = { type: "main", template: "gift_card", name: "Gift cards", currency: "EUR" };
  const { id: mainId } = await post(project, "/v1/campaigns", main, 201);
  const cards = { type: "sub", parent_id: mainId, name: "Cards of the shop", currency: "EUR" };
  const { id } = await post(project, "/v1/campaigns", cards, 201);
  for (const campaign of [mainId, id]) await post(project, `/v1/campaigns/${campaign}/activate`, {}, 200);
  for (const code of ["CARD-1", "CARD-2", "CARD-3"]) {
    await post(project, `/v1/campaigns/${id}/vouchers`, { kind: "gift_card", code, balance_amount: 5_000 }, 201);
  }
  const items = [{ sku: "beans", quantity: 1, unit_amount: 1_900, unit_cost_amount: 1_000, categories: ["coffee"] }];
  const order = { id: "paid-by-card", currency: "EUR", items };
  const customer = { identifier: "ben" };
  await post(project, "/v1/redemptions", { codes: ["CARD-1"], customer, order, at: now.toISOString() }, 201);
  await post(project, "/v1/customers/ben/points", { points: 120, reason: "welcome" }, 201);
}

async function offer(project: TestProject): Promise<void> {
  const items = [{ sku: "beans", quantity: 3, unit_amount: 1_900, categories: ["coffee"] }];
  const asked = { customer: { identifier: "anna@example.com" }, order: { currency: "EUR", items } };
  const response = await project.request("POST", "/v1/offers", asked);
  const decision = (await response.json()) as { decision_id: string; offers: { campaign_id: string }[] };
  expect(decision.offers.length, JSON.stringify(decision)).toBeGreaterThan(0);
  const outcome = { campaign_id: decision.offers[0]?.campaign_id, outcome: "shown" };
  await post(project, `/v1/offers/${decision.decision_id}/outcome`, outcome, 201);
}

/** Two customers with one card and baskets that a rule finds too large; another rule only watches. */
async function suspect(project: TestProject): Promise<void> {
  const rule = { weight: 0.8, action: "flag", status: "enabled" };
  const large = { on: "order.amount", op: "greater_or_equal", value: 50_000 };
  await post(project, "/v1/risk/rules", { ...rule, name: "Large <b>basket</b>", when: large }, 201);
  const watching = { ...rule, name: "Any basket of some size", status: "shadow" };
  await post(project, "/v1/risk/rules", { ...watching, when: { ...large, value: 40_000 } }, 201);
  for (const identifier of ["ben", "dmitri"]) {
    const order = {
      id: `large-${identifier}`,
      currency: "EUR",
      items: [{ sku: "machine", quantity: 1, unit_amount: 59_000, categories: ["machines"] }],
      payment: { method: "card", fingerprint: "one-card" },
    };
    await post(project, "/v1/redemptions", { codes: ["WELCOME"], customer: { identifier }, order }, 201);
  }
}

/** One of the two reviews that await a reviewer is decided; the other stays open. */
export async function dismissOne(project: TestProject): Promise<void> {
  const response = await project.request("GET", "/v1/reviews");
  const { data } = (await response.json()) as { data: { id: string }[] };
  expect(data.length).toBe(2);
  const decision = { decision: "dismiss", note: "Known to the shop." };
  await post(project, `/v1/reviews/${data[0]?.id}/decision`, decision, 200);
}

async function addPromotion(project: TestProject, mainId: string, more: object): Promise<string> {
  const body = { type: "sub", parent_id: mainId, triggers_on: "redemption", currency: "EUR", ...more };
  return (await post(project, "/v1/campaigns", body, 201)).id;
}

async function trade(project: TestProject, now: Date): Promise<void> {
  let undone: string | undefined;
  for (let day = weeks * 7 - 1; day >= 0; day -= 1) {
    const at = new Date(now.getTime() - day * dayMs).toISOString();
    const customer = { identifier: customers[day % customers.length] ?? "ben" };
    const id = `order-${day}`;
    const items = [
      { sku: "beans", quantity: 1 + (day % 4), unit_amount: 1_900, unit_cost_amount: 1_000, categories: ["coffee"] },
    ];
    const order = { id, currency: "EUR", items };
    const code = day % 3 === 0 ? "WELCOME" : "COFFEE15";
    await post(project, "/v1/validations", { codes: [code], customer, order, at }, 200);
    // One bag is too little for COFFEE15: a rejection, and the bag is bought all the same.
    const rejected = code === "COFFEE15" && day % 4 === 0;
    const taken = await post(project, "/v1/redemptions", { codes: [code], customer, order, at }, rejected ? 422 : 201);
    if (day === 3) undone = taken.id;
    await post(project, "/v1/orders", { ...order, customer, status: "paid", occurred_at: at }, 201);
  }
  const guess = {
    codes: ["GUESS"],
    order: { id: "guess", currency: "EUR", items: [{ sku: "x", quantity: 1, unit_amount: 100 }] },
  };
  await post(project, "/v1/redemptions", guess, 422);
  if (undone) await post(project, `/v1/redemptions/${undone}/rollback`, { reason: "returned" }, 201);
}

interface Redemption {
  readonly status: string;
  readonly discount_amount: number;
  readonly occurred_at: string;
  readonly customer: { readonly identifier: string } | null;
  readonly codes: readonly { readonly campaign_id: string; readonly discount_amount: number }[];
}

/** Every redemption that the API lists as still standing. */
export async function standingRedemptions(project: TestProject) {
  const all: Redemption[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await project.request("GET", `/v1/redemptions?limit=20${query}`);
    const page = (await response.json()) as { data: Redemption[]; next_cursor: string | null };
    all.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all.filter((redemption) => redemption.status === "redeemed");
}
