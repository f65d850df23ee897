/** What orders cost the shop. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { type Stores, useStores } from "../support/stores.ts";
import { shop } from "./shop.ts";

const log = pino({ level: "silent" });
type Row = Record<string, unknown>;

async function read(stores: Stores, query: string, project: string): Promise<Row[]> {
  const result = await stores.warehouse.query({ query, query_params: { project }, format: "JSONEachRow" });
  return result.json<Row>();
}

/**
 * Anna's order has the cost of each line, Bela's of one line only, Cleo's costs more than it brings in. Dora's order of the
 * day after is undone. Anna's order takes two codes of campaign A.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const coffee = ["coffee", "food", 2, 1000, 400] as const;
  const cup = ["cup", "home", 1, 3000, 1000] as const;
  const unknown = ["gift", "home", 1, 500] as const;
  const on = (id: string, customer: string, day: string, lines: Parameters<typeof s.redeemed>[0]["lines"]) => ({
    ...{ id, customer, lines, orderId: `order of ${id}` },
    at: `2026-03-0${day}T10:00:00Z`,
    codes: [["A1", "A", 500]] as const,
  });
  const dora = on("red_4", "dora", "2", [coffee]);
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    s.campaign("A", "2026-02-01T00:00:00Z"),
    s.redeemed({
      ...on("red_1", "anna", "1", [coffee, cup]),
      codes: [
        ["A1", "A", 500],
        ["A2", "A", 100],
      ],
      lineDiscounts: [400, 200],
    }),
    s.redeemed(on("red_2", "bela", "1", [coffee, unknown])),
    s.redeemed(on("red_3", "cleo", "1", [["loss", "home", 1, 900, 1000]])),
    s.redeemed(dora),
    s.rolledBack(dora, "2026-03-03T10:00:00Z", true),
    s.redeemed(on("red_5", "emil", "3", [unknown])),
  ];
}

describe("what orders cost the shop", () => {
  const stores = useStores();
  const project = "prj_margins";

  beforeAll(async () => {
    await appendEvents(stores.db, tell(project));
    await createRelay({ ...stores, log }).drain();
  });

  it("is known of a redemption when it is known of every line of its order", async () => {
    const found = await read(
      stores,
      `SELECT redemption_id, code, cost_amount, margin_amount FROM redemptions
       WHERE project_id = {project: String} ORDER BY redemption_id, code_position`,
      project,
    );
    expect(found.map(Object.values)).toEqual([
      ["red_1", "A1", 1800, 2600],
      ["red_1", "A2", 1800, 2600],
      ["red_2", "A1", null, null],
      ["red_3", "A1", 1000, -600],
      ["red_4", "A1", 800, 700],
      ["red_5", "A1", null, null],
    ]);
  });

  it("stands on its lines", async () => {
    const found = await read(
      stores,
      `SELECT redemption_id, sku, cost_amount, margin_amount FROM redemption_lines
       WHERE project_id = {project: String} AND redemption_id IN ('red_1', 'red_2') ORDER BY redemption_id, line`,
      project,
    );
    expect(found.map(Object.values)).toEqual([
      ["red_1", "coffee", 800, 800],
      ["red_1", "cup", 1000, 1800],
      ["red_2", "coffee", 800, 700],
      ["red_2", "gift", null, null],
    ]);
  });

  it("makes a campaign's margin of the orders it is known of, each once, none of them undone", async () => {
    const found = await read(
      stores,
      `SELECT campaign_id, toString(day) AS day, orders_count, margin_orders_count, margin_amount FROM campaigns_daily
       WHERE project_id = {project: String} AND campaign_id = 'A' ORDER BY day`,
      project,
    );
    expect(found.map(Object.values)).toEqual([
      ["A", "2026-03-01", 3, 2, 2000],
      ["A", "2026-03-02", 0, 0, null],
      ["A", "2026-03-03", 1, 0, null],
    ]);
  });
});

describe("a cost told with an order", () => {
  const app = useApp();

  it("reaches the warehouse from redemptions and reports of orders, without shipping, and no answer", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500, unit_cost_amount: 900 }];
    const order = { items, shipping_amount: 490 };
    const body = redeemBody({ codes: [code], orderId: "o1", customer: "anna", order });
    const redeemed = await project.request("POST", "/v1/redemptions", body, { "idempotency-key": "o1" });
    expect([redeemed.status, (await redeemed.text()).includes("cost")]).toEqual([201, false]);
    const report = { id: "o1", customer: { identifier: "anna" }, status: "paid", currency: "EUR", ...order };
    expect((await project.request("POST", "/v1/orders", report)).status).toBe(201);
    await createRelay({ ...app, log }).drain();

    const events = await read(
      app,
      `SELECT type, items.unit_cost_amount AS costs FROM events
       WHERE project_id = {project: String} AND type IN ('order.paid', 'redemption.succeeded') ORDER BY type`,
      project.projectId,
    );
    expect(events.map(Object.values)).toEqual([
      ["order.paid", [900]],
      ["redemption.succeeded", [900]],
    ]);
    const margins = await read(
      app,
      "SELECT margin_amount FROM redemptions WHERE project_id = {project: String}",
      project.projectId,
    );
    expect(margins).toEqual([{ margin_amount: 5000 - 500 - 1800 }]);
  });
});
