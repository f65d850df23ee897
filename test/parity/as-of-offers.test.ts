/** Offers that were served are examples as well: of the basket, the day and what the customer had seen before, and no more. */
import { beforeAll, describe, expect, it } from "vitest";
import { offerSituations, situationParameters } from "../../models/personalisation/dataset.ts";
import { useStores } from "../support/stores.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const day = 86_400_000;
/** A Monday. */
const moment = Date.UTC(2026, 5, 1, 14, 30);

async function situations(project: string, unripe = true) {
  const result = await stores.warehouse.query({
    query: `SELECT * EXCEPT (tie) FROM (${offerSituations}) ORDER BY at_ms`,
    query_params: situationParameters(project, unripe),
    format: "JSONEachRow",
  });
  return result.json<Record<string, number | string | null>>();
}

describe("examples of served offers", () => {
  let rows: Record<string, number | string | null>[];

  beforeAll(async () => {
    const h = new History("prj_served");
    h.campaign("cam_a", "cam_main", null);
    h.campaign("cam_b", "cam_main", null);
    h.campaign("cam_gold", "cam_points", moment + 2 * day, "loyalty");
    h.campaign("cam_far", "cam_main", null);
    h.customer("ann", moment - 200 * day);
    h.paid("ann", moment - 181 * day, 1000, ["long ago"]);
    h.paid("ann", moment - 91 * day, 2000, ["coffee"]);
    h.paid("ann", moment - 10 * day, 3000, ["coffee", "cups"]);
    h.paid("ann", moment, 4000, ["tea"]);
    h.paid("ann", moment + day, 5000, ["tea"]);
    h.published("ann", "cam_a", moment - 30 * day);
    h.published("ann", "cam_a", moment - 5 * day);
    h.published("bob", "cam_gold", moment - 40 * day);
    h.redeemed("bob", "cam_gold", "cam_points", moment - 39 * day);
    h.redeemed("ann", "cam_a", "cam_main", moment - 95 * day, { order: 5000, discount: 500 });
    h.redeemed("ann", "cam_a", "cam_main", moment - 20 * day, { order: 1000, discount: 200 });
    // Served: out of the thirty days, twice in them, at the moment, again on that day, and after it.
    h.served("ann", ["cam_a"], moment - 31 * day);
    h.served("ann", ["cam_a"], moment - 8 * day);
    h.served("ann", ["cam_a", "cam_b"], moment - 2 * day);
    const decision = h.served("ann", ["cam_a", "cam_gold", "cam_b", "cam_far"], moment, {
      amount: 6000,
      categories: ["coffee", "tea", "long ago"],
    });
    h.served("ann", ["cam_a"], moment + 3_600_000);
    h.served("ann", ["cam_a"], moment + 5 * day);
    h.redeemed("ann", "cam_a", "cam_main", moment + 6 * day, { order: 6000, discount: 300 });
    h.redeemed("ann", "cam_gold", "cam_points", moment + 3 * day);
    h.redeemed("ann", "cam_b", "cam_main", moment + 8 * day);
    h.paid("bob", moment + 40 * day, 100);
    await insertEvents(stores.warehouse, h.events);
    rows = await situations("prj_served");
    expect(decision).toBeDefined();
  });

  const at = (campaign: string, when: number) =>
    rows.find((row) => row.campaign_id === campaign && row.at_ms === when && row.is_served === 1);

  it("know the basket, the day and what was seen before, and nothing of the moment itself or later", () => {
    expect(at("cam_a", moment)).toMatchObject({
      customer: "ann",
      template: "discount",
      orders_count: 3,
      orders_amount: 6000,
      orders90d_count: 1,
      redemptions_made_count: 2,
      redemptions_made90d_count: 1,
      redeemed_orders_amount: 6000,
      redeemed_discount_amount: 700,
      seconds_since_publication: 5 * 86_400,
      served30d_count: 2,
      basket_amount: 6000,
      basket_discount_amount: 300,
      basket_categories_count: 3,
      // Tea was bought at the moment, the other too long ago.
      basket_categories_known_count: 1,
      hour: 14,
      weekday: 1,
    });
    expect(at("cam_gold", moment)).toMatchObject({
      template: "loyalty",
      template_publications_count: 1,
      template_redemptions_count: 1,
      project_publications_count: 3,
      project_redemptions_count: 3,
      seconds_since_publication: null,
      seconds_until_end: 2 * 86_400,
      served30d_count: 0,
    });
  });

  it("are one a customer, campaign and day, of the first ranks", () => {
    const days = rows.filter((row) => row.campaign_id === "cam_a" && row.is_served === 1).map((row) => row.at_ms);
    expect(days).toEqual([moment - 31 * day, moment - 8 * day, moment - 2 * day, moment, moment + 5 * day]);
    expect(at("cam_b", moment)).toBeDefined();
    expect(at("cam_far", moment)).toBeUndefined();
  });

  it("have a label that a redemption within a week, and while the campaign lives, makes", () => {
    expect(at("cam_a", moment)?.label).toBe(1);
    expect(at("cam_a", moment - 2 * day)?.label).toBe(0);
    expect(at("cam_gold", moment)?.label).toBe(0);
    expect(at("cam_b", moment)?.label).toBe(0);
  });

  it("are beside those of publications, where nobody is there and nothing is in a basket", () => {
    const published = rows.filter((row) => row.is_served === 0);
    expect(published.map((row) => `${row.customer} ${row.campaign_id}`)).toEqual(["bob cam_gold", "ann cam_a"]);
    for (const row of published) {
      expect(row).toMatchObject({ basket_amount: null, hour: null, weekday: null, seconds_since_publication: 0 });
    }
  });

  it("count in any rank when the shop says that it was shown, and wait until a week has passed", async () => {
    const h = new History("prj_shown");
    for (const id of ["cam_1", "cam_2", "cam_3", "cam_4", "cam_5"]) h.campaign(id, "cam_main", null);
    const decision = h.served("ann", ["cam_1", "cam_2", "cam_3", "cam_4", "cam_5"], moment);
    h.shown("ann", decision, "cam_5", moment + 1000);
    h.paid("bob", moment + 6 * day, 100);
    await insertEvents(stores.warehouse, h.events);
    const all = await situations("prj_shown");
    expect(all.map((row) => row.campaign_id)).toEqual(["cam_1", "cam_2", "cam_3", "cam_5"]);
    expect(await situations("prj_shown", false)).toEqual([]);
  });
});
