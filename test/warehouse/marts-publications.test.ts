/** What becomes of codes that are handed out. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { readFigures } from "../../api/campaigns/report-figures.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

/**
 * Of campaign A on the 1st: A1 is sent to ann, who redeems it on the 2nd. A2 is sent to ben and bounces: it goes back, and
 * is handed to cleo on the 2nd, who has it validated. A3 may have arrived at dora. Emil gets A4 by hand and redeems it
 * twice, as the first time is rolled back. A5 is sent to fred and bounces, comes to him again on the 2nd and is redeemed. Gus
 * redeems A6 before it is handed to him on the 2nd. On the 2nd a code of a pool goes to ann.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const day = (number: number, time = "10:00:00") => `2026-03-0${number}T${time}.000Z`;
  const published = (id: string, at: string, customer: string, code: string) =>
    s.published(id, at, customer, code, "A");
  const of = (id: string, customer: string) => ({
    publication_id: id,
    campaign_id: "A",
    pool_id: null,
    customer,
    channel: "email",
    delivery_id: `dlv_${id}`,
  });
  const used = (id: string, at: string, customer: string, code: string) => ({
    id,
    at,
    customer,
    orderId: `order-${id}`,
    lines: [["sku", "c", 1, 1_000]] as const,
    codes: [[code, "A", 100]] as const,
  });
  return [
    published("p1", day(1), "ann", "A1"),
    published("p2", day(1), "ben", "A2"),
    published("p3", day(1), "dora", "A3"),
    published("p4", day(1), "emil", "A4"),
    ...["p1", "p2", "p3"].map((id, at) =>
      s.event("publication.queued", day(1), of(id, ["ann", "ben", "dora"][at] ?? "")),
    ),
    s.event("publication.delivered", day(1, "10:00:01"), of("p1", "ann")),
    s.event("publication.delivered", day(1, "10:00:01"), of("p2", "ben")),
    s.event("publication.returned", day(1, "10:00:02"), {
      ...of("p2", "ben"),
      reason: "bounced",
      voucher_id: "vou_A2",
      expires_at: null,
    }),
    s.event("publication.failed", day(1, "10:00:02"), { ...of("p3", "dora"), reason: "may_have_arrived" }),
    published("p7", day(1), "fred", "A5"),
    s.event("publication.returned", day(1, "10:00:02"), {
      ...of("p7", "fred"),
      reason: "bounced",
      voucher_id: "vou_A5",
      expires_at: null,
    }),
    published("p8", day(2), "fred", "A5"),
    s.redeemed(used("r4", day(3), "fred", "A5")),
    s.redeemed(used("r5", day(1), "gus", "A6")),
    published("p9", day(2), "gus", "A6"),
    published("p5", day(2), "cleo", "A2"),
    s.event("pool_code.published", day(2), {
      ...of("p6", "ann"),
      campaign_id: null,
      pool_id: "pol_1",
      channel: "api",
      delivery_id: null,
    }),
    s.validated({ ...used("v1", day(3), "cleo", "A2") }, true),
    s.redeemed(used("r1", day(2), "ann", "A1")),
    s.redeemed(used("r2", day(2), "emil", "A4")),
    s.redeemed(used("r3", day(3), "emil", "A4")),
  ];
}

describe("publications in the warehouse", () => {
  const stores = useStores();

  beforeAll(async () => {
    for (const project of ["prj_a", "prj_b"]) {
      for (const event of tell(project)) await stores.db.transaction().execute((tx) => appendEvents(tx, [event]));
    }
    await createRelay({ pool: stores.pool, warehouse: stores.warehouse, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("are a funnel of the day on which they were handed out", async () => {
    const rows = await readMart(stores, "publications_funnel", "prj_a", "day, campaign_id, channel");
    const shown = rows.map((row) => [
      row.day,
      row.campaign_id,
      ...["published", "queued", "sent", "failed", "returned", "validated", "redeemed"].map((step) =>
        Number(row[`${step}_count`]),
      ),
    ]);
    expect(shown).toEqual([
      ["2026-03-01", "A", 5, 3, 2, 3, 2, 2, 2],
      ["2026-03-02", "", 1, 0, 0, 0, 0, 0, 0],
      ["2026-03-02", "A", 3, 0, 0, 0, 0, 2, 1],
    ]);
  });

  it("reach the campaign's report", async () => {
    expect(await readFigures(stores.warehouse, "prj_a", "A")).toMatchObject({
      published_count: 8,
      queued_count: 3,
      sent_count: 2,
      failed_count: 3,
      returned_count: 2,
    });
  });

  it("leave the wallet of who did not get the code, and stay in that of who has it", async () => {
    const rows = await readMart(stores, "customer_vouchers", "prj_a", "customer");
    expect(rows.map((row) => [row.customer, row.code])).toEqual([
      ["ann", "A1"],
      ["cleo", "A2"],
      ["dora", "A3"],
      ["emil", "A4"],
      ["fred", "A5"],
      ["gus", "A6"],
    ]);
  });
});
