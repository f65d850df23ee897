/** The report reads the events itself, and must say what the marts say. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { readFigures } from "../../api/campaigns/report-figures.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const coffee = ["coffee", "food", 2, 1000, 400] as const;
const cup = ["cup", "home", 1, 3000, 1000] as const;
const gift = ["gift", "home", 1, 500] as const;

/**
 * Campaigns A, B and C under M. Anna takes two codes of A and one of B on one order, and the same order again; part of
 * B's is given back. Bela bought before; his redemption of A is undone in two parts, the last of which names B's code
 * only. Two guests take A, one is rolled back; Cleo shares the other guest's order. Dora, who first bought on another
 * day, gets A and C on their own, without codes, and C's is given back in part. Emil is refused and asks, and is sent a code of C.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const on = (
    id: string,
    customer: string | null,
    day: string,
    orderId: string,
    codes: Parameters<typeof s.redeemed>[0]["codes"],
    lines: Parameters<typeof s.redeemed>[0]["lines"] = [coffee, cup],
  ) => ({ id, customer, at: `2026-03-${day}T10:00:00Z`, orderId, lines, codes });
  const anna = on("red_1", "anna", "01", "o1", [
    ["A1", "A", 500],
    ["A2", "A", 100],
    ["B1", "B", 70],
  ]);
  const bela = on("red_3", "bela", "02", "o3", [
    ["A1", "A", 300],
    ["B1", "B", 200],
  ]);
  const guest = on("red_4", null, "02", "o4", [["A1", "A", 90]]);
  const dora = on("red_7", "dora", "06", "o7", [
    ["", "A", 40],
    ["", "C", 60],
  ]);
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    ...["A", "B", "C"].map((id) => s.campaign(id, "2026-02-01T00:00:00Z")),
    s.redeemed(anna),
    s.redeemed({ ...on("red_2", "anna", "03", "o1", [["A3", "A", 30]], [gift]) }),
    s.rolledBack({ ...anna, codes: [["B1", "B", 20]] }, "2026-03-04T10:00:00Z", false),
    s.order("order.paid", "2026-02-20T10:00:00Z", "bela", "old", [cup]),
    s.redeemed(bela),
    s.rolledBack({ ...bela, codes: [["A1", "A", 300]] }, "2026-03-03T10:00:00Z", false),
    s.rolledBack({ ...bela, codes: [["B1", "B", 200]] }, "2026-03-05T10:00:00Z", true),
    s.redeemed(guest),
    s.rolledBack(guest, "2026-03-03T10:00:00Z", true),
    s.redeemed(on("red_5", null, "02", "o5", [["A1", "A", 80]])),
    s.redeemed(on("red_6", "cleo", "03", "o5", [["A2", "A", 10]], [coffee])),
    s.order("order.paid", "2026-03-05T10:00:00Z", "dora", "o6", [cup]),
    s.redeemed(dora),
    s.rolledBack({ ...dora, codes: [["", "C", 25]] }, "2026-03-07T10:00:00Z", false),
    s.rejected(on("rej_1", "emil", "06", "o8", [["A1", "A", 0, ["rule_not_met"]]])),
    s.rejected(on("rej_2", null, "06", "o9", [["B1", "B", 0, ["rule_not_met"]]])),
    s.validated(on("val_1", "emil", "06", "o8", [["A1", "A", 0]]), true),
    s.validated(on("val_2", null, "06", "o8", [["C1", "C", 0]]), false),
    s.published("pub_1", "2026-03-06T11:00:00Z", "emil", "C1", "C"),
    ...(["publication.queued", "publication.delivered"] as const).map((type) =>
      s.event(type, "2026-03-06T11:00:00Z", {
        publication_id: "pub_1",
        campaign_id: "C",
        pool_id: null,
        customer: "emil",
        channel: "api",
        delivery_id: "dlv_1",
      }),
    ),
  ];
}

describe("the figures of a campaign's report", () => {
  const stores = useStores();
  const project = "prj_report";

  beforeAll(async () => {
    await appendEvents(stores.db, [...tell(project), ...tell("prj_neighbour")]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  async function readMarts(campaign: string) {
    const result = await stores.warehouse.query({
      query: `
        SELECT
          sum(net_redemptions_count) AS redemptions_count, sum(rejections_count) AS rejections_count,
          sum(rollbacks_count) AS rollbacks_count, sum(validations_count) AS validations_count,
          sum(valid_count) AS valid_count, sum(campaigns_daily.redemptions_count) AS redeemed_count,
          sum(published_count) AS published_count, sum(orders_count) AS orders_count,
          sum(net_discount_amount) AS discount_amount, sum(rolled_back_amount) AS rolled_back_amount,
          sum(revenue_amount) AS revenue_amount, sum(new_customers_count) AS new_customers_count,
          sum(margin_amount) AS margin_amount, sum(margin_orders_count) AS margin_orders_count,
          (SELECT uniqExact(customer) FROM redemptions
           WHERE project_id = {project: String} AND {campaign: String} IN (campaign_id, main_campaign_id)
             AND rolled_back = 0 AND customer != '') AS customers_count,
          (SELECT tuple(sum(queued_count), sum(sent_count), sum(failed_count), sum(returned_count))
           FROM publications_funnel
           WHERE project_id = {project: String} AND {campaign: String} IN (campaign_id, 'M')) AS steps,
          steps.1 AS queued_count, steps.2 AS sent_count, steps.3 AS failed_count, steps.4 AS returned_count
        FROM campaigns_daily
        WHERE project_id = {project: String} AND campaign_id = {campaign: String}`,
      query_params: { project, campaign },
      format: "JSONEachRow",
    });
    const [row] = await result.json<Record<string, unknown>>();
    const { steps: _, ...marts } = row ?? {};
    return marts;
  }

  it.each(["M", "A", "B", "C", "nobody's"])("are those of the marts: %s", async (campaign) => {
    expect(await readFigures(stores.warehouse, project, campaign)).toEqual(await readMarts(campaign));
  });

  it("are those of the story", async () => {
    expect(await readFigures(stores.warehouse, project, "A")).toMatchObject({
      redeemed_count: 8,
      rollbacks_count: 2,
      redemptions_count: 6,
      // 500 + 100 + 30 of anna, 80 of the guest, 10 of cleo, 40 of dora.
      discount_amount: 760,
      rolled_back_amount: 390,
      orders_count: 3,
      customers_count: 3,
      // Anna and cleo; dora had bought the day before.
      new_customers_count: 2,
      rejections_count: 1,
      validations_count: 1,
      published_count: 0,
    });
    expect(await readFigures(stores.warehouse, project, "M")).toMatchObject({
      published_count: 1,
      validations_count: 2,
    });
  });
});
