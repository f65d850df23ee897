/** Assortment, segments, offers, scores and sources. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const tea = (quantity: number) => ["tea", "food", quantity, 1000] as const;
const pan = (quantity: number) => ["pan", "home", quantity, 3000] as const;

/**
 * March 1st and 2nd are days of campaign A. With it: Anna's 3 teas and 1 pan on the 1st, a guest's 1 tea on the 2nd;
 * what she redeemed on the 3rd went back whole. Anna's order takes a second redemption, of campaign B. Without it, on
 * the same days: Bela's 1 tea and 3 pans, and Cleo's 2 pans, which campaign B paid a part of. Bought on the 5th, which
 * is no day of A: 10 teas. Refunded: 10 pans.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const anna = {
    ...{ id: "red_1", at: "2026-03-01T10:00:00Z", customer: "anna", orderId: "a1", lines: [tea(3), pan(1)] },
    codes: [["A1", "A", 400] as const],
    lineDiscounts: [300, 100],
  };
  const guest = {
    ...anna,
    id: "red_2",
    at: "2026-03-02T10:00:00Z",
    customer: null,
    orderId: "g1",
    lines: [tea(1)],
    lineDiscounts: [400],
  };
  const undone = { ...anna, id: "red_3", at: "2026-03-03T10:00:00Z", orderId: "a2" };
  const both = {
    ...anna,
    id: "red_4",
    at: "2026-03-01T10:05:00Z",
    codes: [["B1", "B", 50] as const],
    lineDiscounts: [50, 0],
  };
  const cleo = {
    ...both,
    id: "red_5",
    at: "2026-03-02T11:00:00Z",
    customer: "cleo",
    orderId: "c1",
    lines: [pan(2)],
    lineDiscounts: [50],
  };
  const refused = {
    ...{ id: "rej_1", at: "2026-03-01T12:00:00Z", customer: "emil", orderId: "e1", lines: [tea(1)] },
    codes: [["A1", "A", 0, ["order_below_minimum"]] as const],
  };
  const member = (type: "segment.entered" | "segment.left", at: string, customer: string, name = "Gold") =>
    s.event(type, at, { segment_id: "seg_1", name, customer });
  const offer = (rank: number, campaign_id: string, probability: number | null) => ({
    ...{ rank, campaign_id, code: null, discount_amount: 500, probability },
    ...{ expected_value_amount: probability === null ? null : 100, propensity: 0.5, features: null },
  });
  const served = (id: string, at: string, customer: string | null, model: string, offers: ReturnType<typeof offer>[]) =>
    s.event("offer.served", at, { decision_id: id, customer, model, offers });
  const answered = (id: string, campaign_id: string, outcome: "shown" | "taken" | "dismissed") =>
    s.event("offer.outcome", "2026-03-01T09:00:00Z", { decision_id: id, customer: null, campaign_id, outcome });
  return [
    ...["M", "A", "B"].map((id) =>
      s.campaign(id, "2026-02-01T00:00:00Z", id === "M" ? { type: "main", parent_id: null } : {}),
    ),
    s.redeemed(anna),
    s.redeemed(both),
    s.redeemed(guest),
    s.redeemed(undone),
    s.rolledBack({ ...guest, codes: [["A1", "A", 150]], lineDiscounts: [150] }, "2026-03-03T10:00:00Z", false),
    s.rolledBack(undone, "2026-03-04T10:00:00Z", true),
    s.redeemed(cleo),
    s.rejected(refused),
    s.order("order.paid", "2026-03-01T10:10:00Z", "anna", "a1", anna.lines, 450),
    s.order("order.paid", "2026-03-01T11:00:00Z", "bela", "b1", [tea(1), pan(3)]),
    s.order("order.paid", "2026-03-02T11:10:00Z", "cleo", "c1", cleo.lines, 50),
    s.order("order.paid", "2026-03-05T11:10:00Z", "bela", "b2", [tea(10)]),
    s.order("order.paid", "2026-03-01T11:00:00Z", "dora", "d1", [pan(10)]),
    s.order("order.refunded", "2026-03-03T11:00:00Z", "dora", "d1", [pan(10)]),
    member("segment.entered", "2026-03-01T00:00:00Z", "anna"),
    member("segment.entered", "2026-03-01T00:00:00Z", "bela"),
    member("segment.left", "2026-03-02T00:00:00Z", "bela"),
    member("segment.left", "2026-03-02T00:00:00Z", "anna"),
    member("segment.entered", "2026-03-03T00:00:00Z", "anna", "Gold and more"),
    served("dec_1", "2026-03-01T08:00:00Z", "anna", "ranker@2", [offer(1, "A", 0.2), offer(2, "B", 0.4)]),
    served("dec_2", "2026-03-01T08:01:00Z", "bela", "ranker@2", [offer(1, "A", 0.6)]),
    served("dec_3", "2026-03-01T08:02:00Z", null, "fallback", [offer(1, "A", null)]),
    answered("dec_1", "A", "shown"),
    answered("dec_1", "A", "taken"),
    answered("dec_2", "A", "dismissed"),
    answered("dec_3", "A", "shown"),
  ];
}

describe("marts for analysis", () => {
  const stores = useStores();
  const project = "prj_analysis";
  const rows = (mart: string, order: string) => readMart(stores, mart, project, order);

  beforeAll(async () => {
    await appendEvents(stores.db, [...tell(project), ...tell("prj_neighbour")]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("what a campaign moves, beside what is bought without it on the same days", async () => {
    const found = await rows("campaign_categories", "campaign_id, category");
    expect(
      found.map((row) => [
        `${row.campaign_id} ${row.category}`,
        ...[
          "orders_count",
          "customers_count",
          "quantity",
          "line_amount",
          "discount_amount",
          "quantity_share",
          "usual_share",
          "index",
        ].map((name) => row[name]),
      ]),
    ).toEqual([
      // With A: 4 teas and 1 pan. Without it, on its two days: Bela's and Cleo's 1 tea and 5 pans.
      ["A food", 2, 1, 4, 4000, 300 + 250, 4 / 5, 1 / 6, 4 / 5 / (1 / 6)],
      ["A home", 1, 1, 1, 3000, 100, 1 / 5, 5 / 6, 1 / 5 / (5 / 6)],
      // With B: Anna's order and Cleo's. Without it: Bela's.
      ["B food", 1, 1, 3, 3000, 50, 3 / 6, 1 / 4, 2],
      ["B home", 2, 2, 3, 9000, 50, 3 / 6, 3 / 4, 3 / 6 / (3 / 4)],
      // With either: Anna's order once, its discount of both redemptions.
      ["M food", 2, 1, 4, 4000, 300 + 50 + 250, 4 / 7, 1 / 4, 4 / 7 / (1 / 4)],
      ["M home", 2, 2, 3, 9000, 100 + 50, 3 / 7, 3 / 4, 3 / 7 / (3 / 4)],
    ]);
    const products = await rows("campaign_products", "campaign_id, sku");
    expect(products.map((row) => [row.campaign_id, row.sku, row.category, row.quantity])).toEqual([
      ["A", "pan", "home", 1],
      ["A", "tea", "food", 4],
      ["B", "pan", "home", 3],
      ["B", "tea", "food", 3],
      ["M", "pan", "home", 3],
      ["M", "tea", "food", 4],
    ]);
  });

  it("lines of orders, as last reported", async () => {
    const found = await rows("order_lines", "order_id, line");
    expect(found.map((row) => [row.order_id, row.line, row.sku, row.status, row.day, row.paid_amount])).toEqual([
      ["a1", 1, "tea", "paid", "2026-03-01", 2550],
      ["a1", 2, "pan", "paid", "2026-03-01", 3000],
      ["b1", 1, "tea", "paid", "2026-03-01", 1000],
      ["b1", 2, "pan", "paid", "2026-03-01", 9000],
      ["b2", 1, "tea", "paid", "2026-03-05", 10_000],
      ["c1", 1, "pan", "paid", "2026-03-02", 5950],
      ["d1", 1, "pan", "refunded", "2026-03-01", 30_000],
    ]);
  });

  it("who is in a segment, and who was", async () => {
    const found = await rows("segment_members", "customer");
    expect(
      found.map((row) => [row.customer, row.segment_name, row.member, row.entered_at, row.left_at, row.entries_count]),
    ).toEqual([
      ["anna", "Gold and more", 1, "2026-03-03T00:00:00.000Z", null, 2],
      ["bela", "Gold", 0, "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z", 1],
    ]);
  });

  it("offers by day, campaign and model", async () => {
    const found = await rows("offers_daily", "campaign_id, model");
    expect(
      found.map((row) => [
        `${row.campaign_id} ${row.model} ${row.currency}`,
        ...["served", "customers", "shown", "taken", "dismissed"].map((name) => row[`${name}_count`]),
        ...["discount_amount", "taken_discount_amount", "expected_value_amount", "average_probability"].map(
          (name) => row[name],
        ),
      ]),
    ).toEqual([
      ["A fallback EUR", 1, 0, 1, 0, 0, 500, 0, null, null],
      ["A ranker@2 EUR", 2, 2, 2, 1, 1, 1000, 500, 200, 0.4],
      ["B ranker@2 EUR", 1, 1, 0, 0, 0, 500, 0, 100, 0.4],
    ]);
  });

  it("scores by day and model, what could not be scored too", async () => {
    const found = await rows("model_scores_daily", "kind, model, day");
    expect(
      found.map((row) => [
        `${row.kind} ${row.model} ${row.day}`,
        ...["scored_count", "unscored_count", "mean_score", "p50", "p95", "flagged_count"].map((name) => row[name]),
      ]),
    ).toEqual([
      ["offers fallback 2026-03-01", 0, 1, null, null, null, 0],
      ["offers ranker@2 2026-03-01", 3, 0, (0.2 + 0.4 + 0.6) / 3, 0.4, 0.6, 0],
      ["risk anomaly@1 2026-03-01", 3, 0, (0.1 + 0.1 + 0.9) / 3, 0.1, 0.9, 1],
      ["risk anomaly@1 2026-03-02", 2, 0, 0.1, 0.1, 0.1, 0],
      ["risk anomaly@1 2026-03-03", 1, 0, 0.1, 0.1, 0.1, 0],
    ]);
  });

  it("where redemptions come from, the same in all as in the overview", async () => {
    const found = await rows("redemption_sources_daily", "day");
    expect(
      found.map((row) => [
        `${row.day} ${row.source} ${row.channel}`,
        ...["redemptions_count", "net_redemptions_count", "rejections_count", "customers_count", "quantity"].map(
          (name) => row[name],
        ),
        ...["order", "discount", "net_discount", "rejected"].map((name) => row[`${name}_amount`]),
      ]),
    ).toEqual([
      ["2026-03-01 api web", 2, 2, 1, 1, 8, 12_000, 450, 450, 1000],
      ["2026-03-02 api web", 2, 2, 0, 1, 3, 7000, 450, 300, 0],
      ["2026-03-03 api web", 1, 0, 0, 0, 0, 0, 400, 0, 0],
    ]);
    const overview = await rows("overview_daily", "day");
    for (const name of [
      "redemptions_count",
      "net_redemptions_count",
      "rejections_count",
      "discount_amount",
      "net_discount_amount",
    ]) {
      const sum = (of: typeof found) => of.reduce((total, row) => total + Number(row[name]), 0);
      expect([name, sum(found)]).toEqual([name, sum(overview)]);
    }
  });
});
