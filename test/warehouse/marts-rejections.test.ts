/** Rejections that were bought later without a discount. Every figure was worked out by hand. */
import { readFile } from "node:fs/promises";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const coffee = ["coffee", "food", 1, 1000] as const;
const cup = ["cup", "home", 1, 3000] as const;

/**
 * Anna is refused twice on the 2nd and buys something else at full price on the 3rd. Bela buys the same basket, but
 * with a code. Cleo buys 7 days later to the millisecond, Dora a millisecond earlier. Emil's order is refunded. Fred's
 * redemption goes back whole, so that his order stands without a discount. Gina is refused in euros and in dollars, and
 * pays in dollars: that is no amount of the first. Two guests: one pays the refused order.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const refused = (id: string, at: string, customer: string | null, orderId: string) =>
    s.rejected({
      ...{ id, at, customer, orderId, lines: [cup] },
      codes: [["A1", "A", 0, ["order_below_minimum", "customer_limit_reached"]]],
    });
  const redeemed = (id: string, at: string, customer: string, orderId: string) => ({
    ...{ id, at, customer, orderId, lines: [coffee] },
    codes: [["A1", "A", 100] as const],
  });
  const inDollars = (event: Event): Event => {
    const payload = event.payload as { order: object };
    return { ...event, payload: { ...payload, order: { ...payload.order, currency: "USD" } } } as Event;
  };
  const bela = redeemed("red_b", "2026-03-02T12:00:00Z", "bela", "b1");
  const fred = redeemed("red_f", "2026-03-02T12:00:00Z", "fred", "f2");
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    s.campaign("A", "2026-02-02T00:00:00Z"),
    refused("rej_a1", "2026-03-02T10:00:00Z", "anna", "a1"),
    refused("rej_a2", "2026-03-02T10:05:00Z", "anna", "a1"),
    s.order("order.paid", "2026-03-03T10:00:00Z", "anna", "a2", [coffee]),
    // A second one, of which nothing is said: the first counts.
    s.order("order.paid", "2026-03-04T10:00:00Z", "anna", "a3", [cup]),
    refused("rej_b", "2026-03-02T10:00:00Z", "bela", "b1"),
    s.redeemed(bela),
    s.order("order.paid", "2026-03-02T12:01:00Z", "bela", "b1", [coffee], 100),
    refused("rej_c", "2026-03-02T10:00:00Z", "cleo", "c1"),
    s.order("order.paid", "2026-03-09T10:00:00Z", "cleo", "c2", [coffee]),
    refused("rej_d", "2026-03-02T10:00:00Z", "dora", "d1"),
    s.order("order.paid", "2026-03-09T09:59:59.999Z", "dora", "d2", [coffee]),
    refused("rej_e", "2026-03-02T10:00:00Z", "emil", "e1"),
    s.order("order.paid", "2026-03-03T10:00:00Z", "emil", "e1", [cup]),
    s.order("order.refunded", "2026-03-05T10:00:00Z", "emil", "e1", [cup]),
    refused("rej_f", "2026-03-02T10:00:00Z", "fred", "f1"),
    s.redeemed(fred),
    s.order("order.paid", "2026-03-02T12:01:00Z", "fred", "f2", [coffee]),
    s.rolledBack(fred, "2026-03-04T12:00:00Z", true),
    refused("rej_h1", "2026-03-02T10:00:00Z", "gina", "h1"),
    inDollars(refused("rej_h0", "2026-03-02T09:00:00Z", "gina", "h0")),
    inDollars(s.order("order.paid", "2026-03-03T10:00:00Z", "gina", "h2", [cup])),
    refused("rej_g1", "2026-03-02T10:00:00Z", null, "g1"),
    refused("rej_g2", "2026-03-02T10:00:00Z", null, "g2"),
    s.event("order.paid", "2026-03-02T11:00:00Z", {
      customer: null,
      order: s.orderOf("g1", [cup]),
    }),
  ];
}

describe("rejections that were bought later without a discount", () => {
  const stores = useStores();
  const project = "prj_later";

  beforeAll(async () => {
    await appendEvents(stores.db, [...tell(project), ...tell("prj_neighbour")]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("convert within 7 days, by the first order without a redemption that stands", async () => {
    const rows = await readMart(stores, "rejections", project, "rejection_id, reason_position");
    expect(
      rows
        .filter((row) => row.reason_position === 1)
        .map((row) => [row.rejection_id, row.converted_later, row.converted_later_at, row.converted_amount]),
    ).toEqual([
      ["rej_a1", 1, "2026-03-03T10:00:00.000Z", 0],
      ["rej_a2", 1, "2026-03-03T10:00:00.000Z", 1000],
      ["rej_b", 0, null, 0],
      ["rej_c", 0, null, 0],
      ["rej_d", 1, "2026-03-09T09:59:59.999Z", 1000],
      ["rej_e", 0, null, 0],
      ["rej_f", 1, "2026-03-02T12:01:00.000Z", 1000],
      ["rej_g1", 1, "2026-03-02T11:00:00.000Z", 3000],
      ["rej_g2", 0, null, 0],
      ["rej_h0", 1, "2026-03-03T10:00:00.000Z", 3000],
      ["rej_h1", 0, null, 0],
    ]);
    expect(rows.filter((row) => row.reason_position === 2).map((row) => row.converted_amount)).toEqual(
      Array(11).fill(0),
    );
  });

  it("count by reason, the amount of an order once for each reason of its rejection", async () => {
    const rows = await readMart(stores, "rejections_by_reason_daily", project, "reason_key, currency");
    expect(
      rows.map((row) => [
        row.reason_key,
        row.currency,
        row.rejections_count,
        row.converted_count,
        row.converted_amount,
      ]),
    ).toEqual([
      ["customer_limit_reached", "EUR", 10, 5, 6000],
      ["customer_limit_reached", "USD", 1, 1, 3000],
      ["order_below_minimum", "EUR", 10, 5, 6000],
      ["order_below_minimum", "USD", 1, 1, 3000],
    ]);
  });

  it("are on the dashboards what they are in the mart, whichever reason is looked at", async () => {
    const page = await stores.warehouse.query({
      query: await readFile("dashboards/sources/warehouse/rejections_by.sql", "utf8"),
      query_params: { project, currency: "EUR", since: "2026-01-01", until: "2026-12-31", campaign: "", reason: "" },
      format: "JSONEachRow",
    });
    const names = ["rejections_count", "lost_amount", "converted_count", "converted_amount"];
    const figures = (row: Record<string, unknown>) => names.map((name) => row[name]);
    const shown = (await page.json<Record<string, unknown>>()).filter((row) => row.dimension === "reason");
    const mart = await readMart(stores, "rejections_by_reason_daily", project, "reason_key");
    const inEuros = mart.filter((row) => row.currency === "EUR");
    expect(shown.map((row) => [row.key, ...figures(row)])).toEqual(
      inEuros.map((row) => [row.reason_key, ...figures(row)]),
    );
    expect(shown[0]?.lost_amount).toBeGreaterThan(0);
  });

  it("are the same to whoever looks at a single customer", async () => {
    const all = await readMart(stores, "rejections", project, "rejection_id, reason_position");
    const result = await stores.warehouse.query({
      query: `SELECT * FROM rejections WHERE project_id = {project: String} AND customer = 'anna'
              ORDER BY rejection_id, reason_position`,
      query_params: { project },
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual(all.filter((row) => row.customer === "anna"));
  });
});
