/** A campaign on trial: judged as if it ran, without taking, counting or announcing anything. */
import { beforeAll, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const app = useApp();
let project: TestProject;
let main: string;

beforeAll(async () => {
  project = await app.newProject();
  main = (await send(project, "POST", "/v1/campaigns", { type: "main", name: "Spring", currency: "EUR" })).body.id;
});

async function draft(more: object): Promise<{ id: string; version: number }> {
  const rewards = [{ type: "order_discount", percent_bp: 1_000 }];
  const body = { type: "sub", parent_id: main, name: "Ten off", currency: "EUR", rewards, ...more };
  const { status, body: campaign } = await send(project, "POST", "/v1/campaigns", body);
  expect(status).toBe(201);
  return campaign;
}

const basket = (unitAmount: number) => ({
  currency: "EUR",
  items: [{ sku: "beans", quantity: 2, unit_amount: unitAmount }],
});

it("tells of a draft what it would give, line by line, and announces nothing", async () => {
  const { id } = await draft({ rules: { on: "order.amount", op: "greater_or_equal", value: 5_000 } });
  const before = await app.pool.query("select count(*)::int as events from outbox");
  const { status, body } = await send(project, "POST", `/v1/campaigns/${id}/trial`, { order: basket(2_500) });
  expect(status).toBe(200);
  expect(body).toMatchObject({ applicable: true, discount_amount: 500, reasons: [] });
  expect(body.order).toMatchObject({ amount: 5_000, total_amount: 4_500, items: [{ discount_amount: 500 }] });
  expect(body.trace.campaign).toMatchObject({ met: true, actual: 5_000 });
  expect(body.explanation.join("\n")).toContain("The order amount is 50.00 EUR, at least 50.00 EUR was asked: met");
  const after = await app.pool.query("select count(*)::int as events from outbox");
  expect(after.rows).toEqual(before.rows);
});

it("says every reason against it, of the schedule too, at the time it is asked about", async () => {
  const rules = { all: [{ on: "customer.is_new", op: "equals", value: true }] };
  const { id } = await draft({ rules, starts_at: "2030-01-01T00:00:00Z", limits: { per_customer: 1 } });
  const order = basket(100);
  const guest = await send(project, "POST", `/v1/campaigns/${id}/trial`, { order });
  expect(guest.body.applicable).toBe(false);
  expect(guest.body.reasons.map(({ key }: { key: string }) => key).sort()).toEqual([
    "campaign_not_started",
    "customer_required",
    "customer_required",
  ]);
  const later = { order, customer: { identifier: "somebody" }, at: "2030-01-02T00:00:00Z" };
  const known = await send(project, "POST", `/v1/campaigns/${id}/trial`, later);
  expect(known.body).toMatchObject({ applicable: true, discount_amount: 20 });
});

it("is of sub-campaigns of the own project only", async () => {
  const { id } = await draft({});
  expect((await send(project, "POST", `/v1/campaigns/${main}/trial`, { order: basket(1) })).status).toBe(409);
  const stranger = await app.newProject();
  expect((await send(stranger, "POST", `/v1/campaigns/${id}/trial`, { order: basket(1) })).status).toBe(404);
});

it("refuses a change that was made for an older version, and says so at the version", async () => {
  const { id, version } = await draft({});
  const path = `/v1/campaigns/${id}`;
  expect((await send(project, "PATCH", path, { version, name: "First" })).status).toBe(200);
  const late = await send(project, "PATCH", path, { version, name: "Second" });
  expect(late.status).toBe(409);
  expect(late.body.errors[0].pointer).toBe("/version");
  expect((await send(project, "GET", path)).body.name).toBe("First");
});

it("is found by a part of its name, whose signs are no pattern", async () => {
  await draft({ name: "100 % Wool_Week" });
  const found = async (search: string) => {
    const { body } = await send(project, "GET", `/v1/campaigns?search=${encodeURIComponent(search)}`);
    return body.data.map(({ name }: { name: string }) => name);
  };
  expect(await found("wool_w")).toEqual(["100 % Wool_Week"]);
  expect(await found("% W")).toEqual(["100 % Wool_Week"]);
  expect(await found("wool%week")).toEqual([]);
  expect(await found("woolxweek")).toEqual([]);
});
