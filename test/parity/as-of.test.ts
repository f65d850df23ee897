/** Training rows must know what a request would have known, and nothing of what came at that moment or after it. */
import { beforeAll, describe, expect, it } from "vitest";
import { offerSituations, readOfferExamples, situationParameters } from "../../models/personalisation/dataset.ts";
import { riskSituations } from "../../models/risk/dataset.ts";
import { useStores } from "../support/stores.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const day = 86_400_000;
const moment = Date.UTC(2026, 5, 1, 12);

async function situations(sql: string, parameters: Record<string, string | number>) {
  const result = await stores.warehouse.query({
    query: `SELECT * EXCEPT (tie) FROM (${sql}) ORDER BY at_ms`,
    query_params: parameters,
    format: "JSONEachRow",
  });
  return result.json<Record<string, number | string | null>>();
}

function offers(project: string) {
  return situations(offerSituations, situationParameters(project, true));
}

describe("examples of offers", () => {
  beforeAll(async () => {
    const h = new History("prj_asof");
    h.campaign("cam_a", "cam_main", null);
    h.campaign("cam_b", "cam_main", null);
    h.campaign("cam_other", "cam_other_main", null);
    h.customer("ann", moment - 10 * day);
    h.customer("bob", moment - 20 * day);
    h.paid("ann", moment - 2 * day, 1000);
    h.paid("ann", moment - 1, 2000);
    h.paid("ann", moment, 4000);
    h.paid("ann", moment + 1, 8000);
    h.published("ann", "cam_other", moment - 5 * day);
    h.published("ann", "cam_b", moment - 3 * day);
    h.published("bob", "cam_a", moment - 4 * day);
    h.redeemed("ann", "cam_b", "cam_main", moment - 2 * day, { order: 5000, discount: 300 });
    const undone = h.redeemed("ann", "cam_other", "cam_other_main", moment - day, { order: 5000, discount: 700 });
    h.rolledBack(undone, moment - 1);
    h.redeemed(null, "cam_a", "cam_main", moment - 3_600_000, { order: 5000, discount: 900 });
    const undoneLater = h.redeemed("bob", "cam_a", "cam_main", moment - 7_200_000, { order: 5000, discount: 100 });
    h.rolledBack(undoneLater, moment + day);
    // The moment itself: the example, another code of it, another campaign's, and a redemption.
    h.published("ann", "cam_a", moment);
    h.published("ann", "cam_a", moment);
    h.published("bob", "cam_b", moment);
    h.redeemed("ann", "cam_a", "cam_main", moment, { order: 5000, discount: 500 });
    h.published("ann", "cam_a", moment + day);
    const foreign = new History("prj_foreign");
    foreign.paid("ann", moment - day, 99_999);
    foreign.published("ann", "cam_a", moment - day);
    await insertEvents(stores.warehouse, [...h.events, ...foreign.events]);
  });

  it("count what happened one millisecond before the moment, and nothing at it or after it", async () => {
    const rows = await offers("prj_asof");
    const row = rows.find((each) => each.customer === "ann" && each.campaign_id === "cam_a");
    expect(row).toMatchObject({
      at_ms: moment,
      tenure_seconds: 10 * 86_400,
      orders_count: 2,
      orders_amount: 3000,
      seconds_since_last_order: 0.001,
      publications_count: 2,
      // One stands, one was taken back a millisecond before.
      redemptions_count: 1,
      redemptions_discount_amount: 300,
      seconds_since_last_redemption: 86_400,
      customer_main_publications_count: 1,
      customer_main_redemptions_count: 1,
      campaign_publications_count: 1,
      // The guest's, and bob's, which nobody could know to be undone later.
      campaign_redemptions_count: 2,
      campaign_discount_amount: 1000,
      main_publications_count: 2,
      main_redemptions_count: 3,
      seconds_until_end: null,
    });
  });

  it("are one a customer and campaign, at the first publication", async () => {
    const rows = await offers("prj_asof");
    expect(rows.map((row) => `${row.customer} ${row.campaign_id}`).sort()).toEqual([
      "ann cam_a",
      "ann cam_b",
      "ann cam_other",
      "bob cam_a",
      "bob cam_b",
    ]);
    expect(rows.find((row) => row.campaign_id === "cam_other")).toMatchObject({
      publications_count: 0,
      orders_count: 0,
      seconds_since_last_order: null,
      seconds_since_last_redemption: null,
    });
  });

  it("see nothing of another project", async () => {
    expect((await offers("prj_foreign")).map((row) => row.campaign_publications_count)).toEqual([0]);
    expect((await offers("prj_asof")).every((row) => Number(row.orders_amount) < 99_999)).toBe(true);
  });
});

describe("examples of offers, with rollbacks in parts and automatic campaigns,", () => {
  it("take back discount with every part, uses with the last, and count no automatic campaign as an offer redeemed", async () => {
    const h = new History("prj_parts");
    for (const id of ["cam_a", "cam_b", "cam_auto"]) h.campaign(id, "cam_main", null);
    h.customer("ann", moment - 10 * day);
    const parts = h.redeemed(
      "ann",
      "cam_a",
      "cam_main",
      moment - 3 * day,
      { order: 5000, discount: 600 },
      { campaignId: "cam_auto", discount: 50 },
    );
    h.rolledBack(parts, moment - 2 * day, 100);
    h.rolledBack(parts, moment - 2 * day + 1, 200);
    h.rolledBack(parts, moment + day, 300);
    h.published("ann", "cam_a", moment);
    h.published("ann", "cam_auto", moment);
    await insertEvents(stores.warehouse, h.events);
    const rows = await offers("prj_parts");
    const shared = {
      redemptions_count: 1,
      redemptions_discount_amount: 300,
      customer_main_redemptions_count: 2,
      main_redemptions_count: 2,
      seconds_since_last_redemption: 3 * 86_400,
    };
    const of = (campaign: string) => rows.find((row) => row.campaign_id === campaign);
    expect(of("cam_a")).toMatchObject({ ...shared, campaign_redemptions_count: 1, campaign_discount_amount: 300 });
    expect(of("cam_auto")).toMatchObject({ ...shared, campaign_redemptions_count: 1, campaign_discount_amount: 50 });
  });

  it("have a label that a part of the redemption is enough for", async () => {
    const h = new History("prj_part_labels");
    h.campaign("cam", "main", moment + 10 * day);
    for (const who of ["parted", "undone"]) {
      h.customer(who, moment - day);
      h.published(who, "cam", moment);
    }
    h.rolledBack(h.redeemed("parted", "cam", "main", moment + day), moment + 2 * day, 499);
    const undone = h.redeemed("undone", "cam", "main", moment + day);
    h.rolledBack(undone, moment + 2 * day, 499);
    h.rolledBack(undone, moment + 3 * day);
    const rows = await insertEvents(stores.warehouse, h.events).then(() => offers("prj_part_labels"));
    expect(Object.fromEntries(rows.map((row) => [row.customer, Number(row.label)]))).toEqual({ parted: 1, undone: 0 });
  });
});

describe("labels", () => {
  it("are the redemptions of the campaign by the customer, while it lives, that stand", async () => {
    const h = new History("prj_labels");
    const ends = moment + 10 * day;
    h.campaign("cam", "main", ends);
    h.campaign("cam_endless", "main", null);
    for (const who of ["taker", "late", "undone", "other", "none", "patient", "too_patient"]) {
      h.customer(who, moment - day);
      h.published(who, who.endsWith("patient") ? "cam_endless" : "cam", moment);
    }
    h.redeemed("taker", "cam", "main", ends - 1);
    h.redeemed("late", "cam", "main", ends);
    h.rolledBack(h.redeemed("undone", "cam", "main", moment + day), moment + 200 * day);
    h.redeemed("other", "cam_endless", "main", moment + day);
    h.redeemed("patient", "cam_endless", "main", moment + 90 * day - 1);
    h.redeemed("too_patient", "cam_endless", "main", moment + 90 * day);
    h.paid("none", moment + 300 * day, 100);
    await insertEvents(stores.warehouse, h.events);
    const rows = await offers("prj_labels");
    expect(Object.fromEntries(rows.map((row) => [row.customer, Number(row.label)]))).toEqual({
      taker: 1,
      late: 0,
      undone: 0,
      other: 0,
      none: 0,
      patient: 1,
      too_patient: 0,
    });
  });

  it("leave out what cannot be known yet, redeemed or not", async () => {
    const h = new History("prj_ripe");
    h.campaign("cam_short", "main", moment + 5 * day);
    h.campaign("cam_long", "main", moment + 50 * day);
    for (const who of ["ann", "bob"]) {
      h.customer(who, moment - day);
      h.published(who, "cam_short", moment);
      h.published(who, "cam_long", moment);
    }
    h.redeemed("ann", "cam_long", "main", moment + day);
    h.redeemed("ann", "cam_short", "main", moment + day);
    h.paid("bob", moment + 20 * day, 100);
    await insertEvents(stores.warehouse, h.events);
    const examples = await readOfferExamples(stores.warehouse, "prj_ripe");
    expect(examples.map((example) => example.label)).toEqual([1, 0]);
    expect(await offers("prj_ripe")).toHaveLength(4);
  });
});

describe("examples of redemptions", () => {
  it("count the customer's redemptions and refusals before the moment, within the hour and the day", async () => {
    const h = new History("prj_risk");
    const minute = 60_000;
    h.customer("ann", moment - 3 * day);
    h.redeemed("ann", "cam", "main", moment - day - 1);
    h.redeemed("ann", "cam", "main", moment - day);
    h.rolledBack(h.redeemed("ann", "cam", "main", moment - 60 * minute), moment - minute);
    h.redeemed("bob", "cam", "main", moment - minute);
    h.redeemed(null, "cam", "main", moment - minute);
    // An automatic campaign is no code of the request.
    h.redeemed("ann", "cam", "main", moment, { order: 8000, discount: 800 }, { campaignId: "auto", discount: 0 });
    h.redeemed("ann", "cam", "main", moment);
    h.redeemed("ann", "cam", "main", moment + 1);
    h.redeemed(null, "cam", "main", moment + 2);
    await insertEvents(stores.warehouse, h.events);
    const rows = await situations(riskSituations, { project: "prj_risk" });
    expect(rows).toHaveLength(9);
    expect(rows.find((row) => row.order_amount === 8000)).toMatchObject({
      at_ms: moment,
      label: 0,
      redemption_id: expect.any(String),
      order_amount: 8000,
      discount_amount: 800,
      lines_count: 1,
      items_quantity: 1,
      codes_count: 1,
      hour_of_day: 12,
      is_guest: 0,
      // Rolled back or not: it was redeemed. That it was undone is another thing that was known.
      customer_redeemed_hour: 1,
      customer_redeemed_day: 2,
      customer_redeemed_7d: 3,
      customer_rejected_hour: 0,
      customer_undone_30d: 1,
      customer_seconds_since_last: 3600,
      // Those of all customers, in the last 50 to 60 minutes and on that day.
      code_steps: 2,
      campaign_redemptions_28d: 5,
      // Nobody said what came from where.
      device_redeemed_day: null,
    });
    expect(rows.at(-1)).toMatchObject({ is_guest: 1, customer_redeemed_hour: null, customer_seconds_since_last: null });
  });
});
