/** Every figure here was worked out by hand from the story in `tell`. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { type Stores, useStores } from "../support/stores.ts";
import { shop } from "./shop.ts";

const log = pino({ level: "silent" });
const marts = [
  "campaigns",
  "campaigns_daily",
  "customers",
  "data_health",
  "gift_cards_daily",
  "offers",
  "orders",
  "overview_daily",
  "points_daily",
  "redemption_lines",
  "redemptions",
  "rejections",
  "rejections_by_reason_daily",
  "reservations",
  "rewards",
];

type Row = Record<string, unknown>;

async function read(stores: Stores, mart: string, order: string, project: string): Promise<Row[]> {
  const result = await stores.warehouse.query({
    query: `SELECT * FROM {mart: Identifier} WHERE project_id = {project: String} ORDER BY ${order}`,
    query_params: { mart, project },
    format: "JSONEachRow",
  });
  return result.json<Row>();
}

/**
 * Campaigns A and B under M. Anna redeems on the 1st with both codes and on the 2nd with A's, which is rolled back on
 * the 3rd. Bela, who had bought before, redeems B on the 1st, and his order is refunded. Cleo is refused twice on the 2nd: the
 * first basket is lost, the second is bought after all. A guest redeems A on the 2nd.
 */
function tell(project: string) {
  const { event, campaign, customer, order, redeemed, rolledBack, rejected, validated, published } = shop(project, "M");
  const coffee = ["coffee", "food", 2, 1000] as const;
  const cup = ["cup", "home", 1, 3000] as const;
  const anna1 = {
    id: "red_1",
    at: "2026-03-01T10:00:00Z",
    customer: "anna",
    orderId: "o1",
    lines: [coffee, cup],
    codes: [
      ["A1", "A", 500],
      ["B1", "B", 250],
    ],
  } as const;
  const anna2 = {
    id: "red_2",
    at: "2026-03-02T10:00:00Z",
    customer: "anna",
    orderId: "o2",
    lines: [cup],
    codes: [["A1", "A", 300]],
  } as const;
  const bela = {
    id: "red_3",
    at: "2026-03-01T23:59:59.999Z",
    customer: "bela",
    orderId: "o3",
    lines: [coffee],
    codes: [["B1", "B", 200]],
  } as const;
  const guest = {
    id: "red_4",
    at: "2026-03-02T00:00:00Z",
    customer: null,
    orderId: "o4",
    lines: [coffee],
    codes: [["A1", "A", 100]],
  } as const;
  const cleoLost = {
    id: "rej_1",
    at: "2026-03-02T12:00:00Z",
    customer: "cleo",
    orderId: "o5",
    lines: [cup],
    codes: [
      ["A1", "A", 0, ["order_below_minimum", "customer_limit_reached"]],
      ["NOPE", "", 0, ["voucher_unknown"]],
    ],
  } as const;
  const cleoBought = {
    ...cleoLost,
    id: "rej_2",
    orderId: "o6",
    codes: [["A1", "A", 0, ["order_below_minimum"]]],
  } as const;
  return [
    campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    campaign("A", "2026-02-02T00:00:00Z", { budget_amount: 5_000 }),
    campaign("B", "2026-02-02T00:00:00Z"),
    campaign(
      "A",
      "2026-02-03T00:00:00Z",
      { budget_amount: 10_000, status: "active", starts_at: "2026-02-15T00:00:00Z" },
      "campaign.status_changed",
    ),
    customer("anna", "2026-02-20T00:00:00Z", { tier: "gold" }),
    customer("cleo", "2026-02-21T00:00:00Z"),
    order("order.paid", "2026-02-10T00:00:00Z", "bela", "o0", [coffee]),
    published("pub_1", "2026-03-01T08:00:00Z", "anna", "A1", "A"),
    validated({ ...anna1, id: "val_1", at: "2026-03-01T09:00:00Z" }, true),
    validated({ ...cleoLost, id: "val_2", at: "2026-03-02T11:00:00Z" }, false),
    redeemed(anna1),
    order("order.paid", "2026-03-01T10:01:00Z", "anna", "o1", [coffee, cup], 750),
    redeemed(bela),
    order("order.paid", "2026-03-02T00:00:01Z", "bela", "o3", [coffee], 200),
    redeemed(guest),
    redeemed(anna2),
    rejected(cleoLost),
    rejected(cleoBought),
    order("order.paid", "2026-03-02T12:30:00Z", "cleo", "o6", [cup]),
    rolledBack(anna2, "2026-03-03T09:00:00Z"),
    order("order.refunded", "2026-03-04T00:00:00Z", "bela", "o3", [coffee], 200),
    event("offer.served", "2026-03-01T07:00:00Z", {
      decision_id: "dec_1",
      customer: "anna",
      model: "personal@1",
      offers: ["A", "B"].map((campaign_id, at) => ({
        rank: at + 1,
        campaign_id,
        code: at === 0 ? "A1" : null,
        discount_amount: 500,
        probability: at === 0 ? 0.25 : null,
        expected_value_amount: at === 0 ? 120 : null,
        propensity: 0.5,
        features: at === 0 ? { orders: 3 } : null,
      })),
    }),
    ...(["shown", "taken"] as const).map((outcome) =>
      event("offer.outcome", "2026-03-01T07:01:00Z", {
        decision_id: "dec_1",
        customer: "anna",
        campaign_id: "A",
        outcome,
      }),
    ),
  ];
}

describe("the marts, on a story worked out by hand,", () => {
  const stores = useStores();
  const project = "prj_story";
  const rows = (mart: string, order: string) => read(stores, mart, order, project);

  beforeAll(async () => {
    await appendEvents(stores.db, tell(project));
    // Another tenant with the same ids: nothing of it may show.
    await appendEvents(stores.db, tell("prj_neighbour"));
    await createRelay({ ...stores, log }).drain();
    // And everything delivered a second time: nothing of that may show either.
    await stores.warehouse.command({
      query: "INSERT INTO events_raw SELECT * FROM events_raw",
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  });

  it("redemptions: one row a code, netted by its rollback", async () => {
    const found = await rows("redemptions", "redemption_id, code_position");
    expect(
      found.map((row) => [
        row.redemption_id,
        row.code,
        row.day,
        row.discount_amount,
        row.rolled_back,
        row.net_discount_amount,
        row.order_total_amount,
      ]),
    ).toEqual([
      ["red_1", "A1", "2026-03-01", 500, 0, 500, 4250],
      ["red_1", "B1", "2026-03-01", 250, 0, 250, 4250],
      ["red_2", "A1", "2026-03-02", 300, 1, 0, 2700],
      ["red_3", "B1", "2026-03-01", 200, 0, 200, 1800],
      ["red_4", "A1", "2026-03-02", 100, 0, 100, 1900],
    ]);
    expect(found[2]?.rolled_back_at).toBe("2026-03-03T09:00:00.000Z");
    expect(found[0]).toMatchObject({ rolled_back_at: null, customer: "anna", main_campaign_id: "M", source: "api" });
  });

  it("redemption lines: one row a line of the order", async () => {
    const found = await rows("redemption_lines", "redemption_id, line");
    expect(found.map((row) => [row.redemption_id, row.sku, row.quantity, row.line_amount, row.paid_amount])).toEqual([
      ["red_1", "coffee", 2, 2000, 1250],
      ["red_1", "cup", 1, 3000, 3000],
      ["red_2", "cup", 1, 3000, 2700],
      ["red_3", "coffee", 2, 2000, 1800],
      ["red_4", "coffee", 2, 2000, 1900],
    ]);
    expect(found.map((row) => row.rolled_back)).toEqual([0, 0, 1, 0, 0]);
    expect(found[0]?.campaign_ids).toEqual(["A", "B"]);
  });

  it("rejections: one row a reason, the lost basket once, and none where it was bought after all", async () => {
    const found = await rows("rejections", "rejection_id, reason_position");
    expect(found.map((row) => [row.rejection_id, row.code, row.campaign_id, row.reason_key, row.lost_amount])).toEqual([
      ["rej_1", "A1", "A", "order_below_minimum", 3000],
      ["rej_1", "A1", "A", "customer_limit_reached", 0],
      ["rej_1", "NOPE", "", "voucher_unknown", 0],
      ["rej_2", "A1", "A", "order_below_minimum", 0],
    ]);
    expect(found.map((row) => row.bought_later)).toEqual([0, 0, 0, 1]);
  });

  it("rejections by reason daily: each rejection once for each of its reasons", async () => {
    const found = await rows("rejections_by_reason_daily", "campaign_id, reason_key");
    expect(
      found.map((row) => [row.campaign_id, row.reason_key, row.rejections_count, row.customers_count, row.lost_amount]),
    ).toEqual([
      ["", "voucher_unknown", 1, 1, 3000],
      ["A", "customer_limit_reached", 1, 1, 3000],
      ["A", "order_below_minimum", 2, 1, 3000],
    ]);
  });

  it("campaigns: the last snapshot and what was used, a main campaign for all its children", async () => {
    const found = await rows("campaigns", "campaign_id");
    expect(
      found.map((row) => [row.campaign_id, row.type, row.status, row.net_redemptions_count, row.net_discount_amount]),
    ).toEqual([
      ["A", "sub", "active", 2, 600],
      ["B", "sub", "draft", 2, 450],
      ["M", "main", "draft", 4, 1050],
    ]);
    expect(found[0]).toMatchObject({
      parent_id: "M",
      budget_amount: 10_000,
      budget_used_share: 0.06,
      starts_at: "2026-02-15T00:00:00.000Z",
    });
    expect(found[1]).toMatchObject({
      budget_amount: null,
      budget_used_share: null,
      rollbacks_count: 0,
      starts_at: null,
    });
  });

  it("campaigns daily: flows on their own day, net and revenue on the day of the redemption", async () => {
    const found = await rows("campaigns_daily", "campaign_id, day");
    const figures = found.map((row) => [
      `${row.campaign_id} ${row.day}`,
      ...["published", "validations", "redemptions", "rejections", "rollbacks"].map((name) => row[`${name}_count`]),
      row.discount_amount,
      row.rolled_back_amount,
      row.net_discount_amount,
      row.orders_count,
      row.revenue_amount,
      row.customers_count,
      row.new_customers_count,
    ]);
    expect(figures).toEqual([
      //                pub val red rej rol  disc back  net ord  revenue cust new
      ["A 2026-03-01", 1, 1, 1, 0, 0, 500, 0, 500, 1, 4250, 1, 1],
      ["A 2026-03-02", 0, 1, 2, 2, 0, 400, 0, 100, 1, 1900, 0, 0],
      ["A 2026-03-03", 0, 0, 0, 0, 1, 0, 300, 0, 0, 0, 0, 0],
      ["B 2026-03-01", 0, 1, 2, 0, 0, 450, 0, 450, 2, 6050, 2, 1],
      ["M 2026-03-01", 1, 1, 3, 0, 0, 950, 0, 950, 2, 6050, 2, 1],
      ["M 2026-03-02", 0, 1, 2, 2, 0, 400, 0, 100, 1, 1900, 0, 0],
      ["M 2026-03-03", 0, 0, 0, 0, 1, 0, 300, 0, 0, 0, 0, 0],
    ]);
    expect(found[0]).toMatchObject({
      campaign_name: "Campaign A",
      campaign_type: "sub",
      currency: "EUR",
      valid_count: 1,
    });
  });

  it("orders: the last reported status, with the discount that still stands", async () => {
    const found = await rows("orders", "order_id");
    expect(
      found.map((row) => [row.order_id, row.customer, row.status, row.total_amount, row.redeemed_discount_amount]),
    ).toEqual([
      ["o0", "bela", "paid", 2000, 0],
      ["o1", "anna", "paid", 4250, 750],
      ["o3", "bela", "refunded", 1800, 200],
      ["o6", "cleo", "paid", 3000, 0],
    ]);
    expect(found[2]).toMatchObject({ paid_at: "2026-03-02T00:00:01.000Z", cancelled_at: "2026-03-04T00:00:00.000Z" });
  });

  it("customers: one wide row each, guests in none", async () => {
    const found = await rows("customers", "customer");
    expect(
      found.map((row) => [
        row.customer,
        row.orders_count,
        row.orders_amount,
        row.redemptions_count,
        row.discount_amount,
        row.rejections_count,
        row.favourite_category,
        row.favourite_campaign_id,
        row.discounted_orders_share,
        row.flagged_count,
      ]),
    ).toEqual([
      ["anna", 1, 4250, 1, 750, 0, "food", "A", 1, 0],
      ["bela", 1, 2000, 1, 200, 0, "food", "B", 0, 0],
      ["cleo", 1, 3000, 0, 0, 2, "home", "", 0, 2],
    ]);
    expect(found[0]).toMatchObject({
      name: "Name of anna",
      attributes: '{"tier":"gold"}',
      created_at: "2026-02-20T00:00:00.000Z",
      last_order_at: "2026-03-01T10:01:00.000Z",
      published_count: 1,
      currency: "EUR",
    });
    expect(found[2]?.risk_score_max).toBe(0.9);
  });

  it("overview daily: one row a day and currency", async () => {
    const found = await rows("overview_daily", "day");
    expect(
      found.map((row) => [
        row.day,
        row.validations_count,
        row.redemptions_count,
        row.rejections_count,
        row.rollbacks_count,
        row.discount_amount,
        row.net_discount_amount,
        row.redeemed_revenue_amount,
        row.orders_count,
        row.orders_amount,
        row.customers_count,
      ]),
    ).toEqual([
      ["2026-02-10", 0, 0, 0, 0, 0, 0, 0, 1, 2000, 0],
      ["2026-03-01", 1, 2, 0, 0, 950, 950, 6050, 1, 4250, 2],
      ["2026-03-02", 1, 2, 2, 0, 400, 100, 1900, 1, 3000, 2],
      ["2026-03-03", 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    ]);
  });

  it("offers: one row an offer, with its strongest outcome", async () => {
    const found = await rows("offers", "rank");
    expect(found.map((row) => [row.campaign_id, row.code, row.probability, row.shown, row.taken, row.outcome])).toEqual(
      [
        ["A", "A1", 0.25, 1, 1, "taken"],
        ["B", "", null, 0, 0, "none"],
      ],
    );
    expect(found[0]?.features).toBe('{"orders":3}');
  });

  it("data health: how many events of each type, and as of when", async () => {
    const found = await rows("data_health", "type");
    expect(Object.fromEntries(found.map((row) => [row.type, row.events_count]))).toMatchObject({
      "redemption.succeeded": 4,
      "redemption.rejected": 2,
      "order.paid": 4,
      "campaign.created": 3,
    });
    expect(found.find((row) => row.type === "redemption.rolled_back")).toMatchObject({
      last_occurred_at: "2026-03-03T09:00:00.000Z",
    });
  });

  it("a comment on every column of every mart", async () => {
    const result = await stores.warehouse.query({
      query: `SELECT table, name, comment FROM system.columns
              WHERE database = currentDatabase() AND table IN {marts: Array(String)}`,
      query_params: { marts },
      format: "JSONEachRow",
    });
    const columns = z
      .array(z.object({ table: z.string(), name: z.string(), comment: z.string() }))
      .parse(await result.json());
    expect(new Set(columns.map((column) => column.table))).toEqual(new Set(marts));
    expect(columns.filter((column) => column.comment === "")).toEqual([]);
  });
});

describe("a redemption over the API", () => {
  const app = useApp();

  it("is in a mart within five seconds", async () => {
    const project = await app.newProject();
    const promotion = await setUpPromotion(project, {});
    const stop = new AbortController();
    const relaying = createRelay({ ...app, log }).run(stop.signal);
    const body = redeemBody({ codes: [promotion.code], orderId: "quick", customer: "anna" });
    const response = await project.request("POST", "/v1/redemptions", body, { "idempotency-key": "quick" });
    expect(response.status).toBe(201);
    await expect
      .poll(() => read(app, "campaigns_daily", "campaign_type DESC", project.projectId), { timeout: 5_000 })
      .toMatchObject([
        { campaign_id: promotion.campaignId, redemptions_count: 1, net_discount_amount: 500, revenue_amount: 4500 },
        { campaign_id: promotion.mainId, redemptions_count: 1, net_discount_amount: 500, revenue_amount: 4500 },
      ]);
    stop.abort();
    await relaying;
  });
});
