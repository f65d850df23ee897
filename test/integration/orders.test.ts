import { describe, expect, it } from "vitest";
import { type Body, send, withKey } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

const report = (id: string, status: string, change: object = {}) => ({
  id,
  status,
  customer: { identifier: "ada" },
  currency: "EUR",
  items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }],
  ...change,
});

async function outbox(projectId: string): Promise<{ type: string; payload: Body; occurred_at: Date }[]> {
  const { rows } = await app.pool.query(
    "select type, payload, occurred_at from outbox where project_id = $1 order by seq",
    [projectId],
  );
  return rows;
}

describe("orders", () => {
  it("create the customer, sum the lines and are announced once per status", async () => {
    const project = await app.newProject();
    const created = await send(project, "POST", "/v1/orders", report("o1", "created", { shipping_amount: 490 }));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ amount: 5000, shipping_amount: 490, status: "created", paid_at: null });
    const paid = await send(project, "POST", "/v1/orders", report("o1", "paid", { shipping_amount: 490 }));
    expect(paid.status).toBe(200);
    expect(paid.body.paid_at).not.toBeNull();
    const again = await send(project, "POST", "/v1/orders", report("o1", "paid", { items: report("x", "x").items }));
    expect([again.status, again.body]).toEqual([200, paid.body]);
    const late = await send(project, "POST", "/v1/orders", report("o1", "created"));
    expect([late.status, late.body.status]).toEqual([200, "paid"]);
    expect((await outbox(project.projectId)).map((event) => event.type)).toEqual([
      "customer.created",
      "order.created",
      "order.paid",
    ]);
    expect((await send(project, "GET", "/v1/orders/o1")).body).toEqual(paid.body);
  });

  it("refuse another customer, another currency and a status that cannot follow, and change nothing", async () => {
    const project = await app.newProject();
    await project.request("POST", "/v1/orders", report("o1", "refunded"));
    const before = await outbox(project.projectId);
    for (const [body, code] of [
      [report("o1", "paid", { customer: { identifier: "eve" } }), "order_mismatch"],
      [report("o1", "paid", { currency: "USD" }), "order_mismatch"],
      [report("o1", "paid"), "order_status_conflict"],
    ] as const) {
      const answer = await send(project, "POST", "/v1/orders", body);
      expect([answer.status, answer.body.code]).toEqual([409, code]);
    }
    expect(await outbox(project.projectId)).toEqual(before);
    expect((await project.request("GET", "/v1/customers/eve")).status).toBe(404);
  });

  it("are stored and announced once when many report the same at once", async () => {
    const project = await app.newProject();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => send(project, "POST", "/v1/orders", report("o1", "paid"))),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(59);
    expect((await outbox(project.projectId)).map((event) => event.type)).toEqual(["customer.created", "order.paid"]);
  });

  it("roll their redemptions back when they are refunded, and say what was discounted until then", async () => {
    const project = await app.newProject();
    const { campaignId, code } = await setUpPromotion(project, {});
    const redeemed = await send(
      project,
      "POST",
      "/v1/redemptions",
      redeemBody({ codes: [code], orderId: "o1", customer: "ada" }),
      { "idempotency-key": "r1" },
    );
    expect(redeemed.status).toBe(201);
    await project.request("POST", "/v1/orders", report("o1", "paid"));
    const paid = (await outbox(project.projectId)).find((event) => event.type === "order.paid");
    expect(paid?.payload.order).toMatchObject({ amount: 5000, discount_amount: 500, total_amount: 4500 });
    expect(paid?.payload.order.items[0].discount_amount).toBe(500);
    expect((await project.request("POST", "/v1/orders", report("o1", "refunded"))).status).toBe(200);
    const { body } = await send(project, "GET", `/v1/redemptions/${redeemed.body.id}`);
    expect(body.status).toBe("rolled_back");
    const types = (await outbox(project.projectId)).map((event) => event.type);
    expect(types.slice(-2).sort()).toEqual(["order.refunded", "redemption.rolled_back"]);
    const usage = await app.pool.query(
      "select redemptions_count, discount_amount from campaign_usage where project_id = $1 and campaign_id = $2",
      [project.projectId, campaignId],
    );
    expect(usage.rows).toEqual([{ redemptions_count: 0, discount_amount: 0 }]);
  });

  it("keep a past instant only for keys that may import, and no future one", async () => {
    const project = await app.newProject();
    const till = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
    const past = report("o1", "paid", { occurred_at: "2020-05-01T12:00:00+02:00" });
    const refused = await send(till, "POST", "/v1/orders", past);
    expect([refused.status, refused.body.code]).toEqual([403, "scope_missing"]);
    expect(refused.body.errors[0].pointer).toBe("/occurred_at");
    const kept = await send(project, "POST", "/v1/orders", past);
    expect(kept.body).toMatchObject({ occurred_at: "2020-05-01T10:00:00.000Z", paid_at: "2020-05-01T10:00:00.000Z" });
    const future = await send(
      project,
      "POST",
      "/v1/orders",
      report("o2", "paid", { occurred_at: "2199-01-01T00:00:00Z" }),
    );
    expect([future.status, future.body.errors[0].pointer]).toEqual([400, "/occurred_at"]);
  });

  it("name a line, a sum or a stated amount that is wrong", async () => {
    const project = await app.newProject();
    const line = { sku: "a", quantity: 1_000_000, unit_amount: 1_000_000_000_000 };
    const cases: [object, string][] = [
      [{ items: [line] }, "/items/0/unit_amount"],
      [{ items: Array.from({ length: 3 }, () => ({ ...line, quantity: 1, unit_amount: 500_000_000_000 })) }, "/items"],
      [{ items: [{ ...line, unit_amount: 1, unit_cost_amount: 1_000_001 }] }, "/items/0/unit_cost_amount"],
      [{ amount: 4999 }, "/amount"],
      [{ items: [{ sku: "a", quantity: 1.5, unit_amount: 1 }] }, "/items/0/quantity"],
      [{ items: [] }, "/items"],
      [{ currency: "eur" }, "/currency"],
    ];
    for (const [change, pointer] of cases) {
      const { status, body } = await send(project, "POST", "/v1/orders", report("o1", "paid", change));
      expect([pointer, status, body.errors[0].pointer]).toEqual([pointer, 400, pointer]);
    }
  });

  it("are listed for one customer or all, page by page", async () => {
    const project = await app.newProject();
    for (const [id, identifier] of [
      ["o1", "ada"],
      ["o2", "bob"],
      ["o3", "ada"],
    ] as const) {
      await project.request("POST", "/v1/orders", report(id, "paid", { customer: { identifier } }));
    }
    const ids = async (query: string) =>
      (await send(project, "GET", `/v1/orders${query}`)).body.data.map((order: { id: string }) => order.id);
    expect(await ids("")).toEqual(["o3", "o2", "o1"]);
    expect(await ids("?customer=ada")).toEqual(["o3", "o1"]);
    expect(await ids("?customer=nobody")).toEqual([]);
    const page = await send(project, "GET", "/v1/orders?customer=ada&limit=1");
    expect(await ids(`?customer=ada&limit=1&cursor=${page.body.next_cursor}`)).toEqual(["o1"]);
  });
});

describe("custom events", () => {
  const event = (change: object = {}) => ({ name: "cart.abandoned", customer: { identifier: "ada" }, ...change });

  it("are recorded once per id, with their customer", async () => {
    const project = await app.newProject();
    const body = event({ id: "e1", properties: { items: 3, last: { sku: "a" } } });
    const first = await send(project, "POST", "/v1/events", body);
    expect([first.status, first.body.properties]).toEqual([201, { items: 3, last: { sku: "a" } }]);
    const again = await send(project, "POST", "/v1/events", { ...body, properties: {} });
    expect([again.status, again.body]).toEqual([200, first.body]);
    const other = await send(project, "POST", "/v1/events", { ...body, customer: { identifier: "eve" } });
    expect([other.status, other.body.code]).toEqual([409, "already_exists"]);
    expect((await outbox(project.projectId)).map(({ type }) => type)).toEqual(["customer.created", "custom.recorded"]);
    expect((await send(project, "POST", "/v1/events", event())).status).toBe(201);
    expect((await send(project, "POST", "/v1/events", event())).status).toBe(201);
  });

  it("carry only small properties", async () => {
    const project = await app.newProject();
    for (const properties of [
      { a: { b: { c: { d: { e: 1 } } } } },
      { long: "x".repeat(1_001) },
      { many: Array.from({ length: 101 }, (_, n) => n) },
      "text",
    ]) {
      const { status, body } = await send(project, "POST", "/v1/events", event({ properties }));
      expect([status, body.errors[0].pointer]).toEqual([400, "/properties"]);
    }
  });
});
