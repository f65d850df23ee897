/** Rollbacks in parts, automatic campaigns, gift cards, points and reservations. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { shop } from "./shop.ts";

type Row = Record<string, unknown>;

/**
 * Anna buys 3 coffees and a cup on the 1st: code A1 gives 600, the automatic campaign AUTO 300, and a second automatic
 * campaign 90; her gift card pays 1000 of what is left. She brings back a coffee on the 2nd, another on the 3rd (the card
 * gets 400 of it), and everything that is left on the 4th.
 *
 * Bela redeems A1 on the 2nd and gives back a part of it, no more. Cleo's redemption of the 2nd goes back whole at once,
 * with an event of the first version.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const coffee = ["coffee", "food", 3, 1000] as const;
  const cup = ["cup", "home", 1, 2000] as const;
  const anna = {
    id: "red_1",
    at: "2026-03-01T10:00:00Z",
    customer: "anna",
    orderId: "o1",
    lines: [coffee, cup],
    codes: [
      ["A1", "A", 600, [], ["order_discount"]],
      ["GIFT", "G", 1000, [], ["gift_card"]],
      ["", "AUTO", 300, [], ["order_discount"]],
      ["", "AUTO2", 90, [], ["shipping_discount", "points"]],
    ],
    // The shipping's share, 90, is on no line.
    lineDiscounts: [1200, 700],
  } as const;
  const back = (a1: number, gift: number, auto: number, auto2: number, lineDiscounts: readonly number[]) => ({
    ...anna,
    codes: [
      ["A1", "A", a1],
      ["GIFT", "G", gift],
      ["", "AUTO", auto],
      ["", "AUTO2", auto2],
    ] as const,
    lineDiscounts,
  });
  const bela = {
    id: "red_2",
    at: "2026-03-02T10:00:00Z",
    customer: "bela",
    orderId: "o2",
    lines: [cup],
    codes: [["A1", "A", 500]],
  } as const;
  const cleo = { ...bela, id: "red_3", customer: "cleo", orderId: "o3", codes: [["A1", "A", 200]] } as const;
  const held = (id: string, customer: string | null) => ({ ...bela, id, customer, orderId: `order of ${id}` });
  const end = (type: "confirmed" | "cancelled" | "expired", id: string, customer: string | null, at: string) =>
    s.event(`reservation.${type}`, at, {
      reservation_id: `res_${id}`,
      redemption_id: id,
      customer,
      order_id: `order of ${id}`,
    });
  const reward = { redemption_id: "red_1", campaign_id: "A", customer: "anna" };
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    ...["A", "AUTO", "AUTO2"].map((id) => s.campaign(id, "2026-02-02T00:00:00Z")),
    s.campaign("G", "2026-02-02T00:00:00Z", { template: "gift_card" }),

    s.event("voucher.created", "2026-02-20T00:00:00Z", {
      ...{ voucher_id: "vou_GIFT", campaign_id: "G", code: "GIFT", kind: "gift_card", customer: null },
      balance_amount: 5000,
    }),
    s.event("voucher_batch.completed", "2026-02-20T01:00:00Z", {
      ...{ batch_id: "bat_1", campaign_id: "G", size: 3 },
      balance_amount: 2000,
    }),
    s.event("gift_card.credited", "2026-03-02T00:00:00Z", {
      ...{ voucher_id: "vou_GIFT", campaign_id: "G", code: "GIFT", customer: "anna", reason: null },
      ...{ amount: 250, balance_amount: 4250 },
    }),

    s.redeemed(anna),
    s.redeemed(bela),
    s.redeemed(cleo),
    s.rolledBack(back(150, 0, 75, 0, [225, 0]), "2026-03-02T12:00:00Z", false),
    s.rolledBack(back(150, 400, 75, 0, [625, 0]), "2026-03-03T12:00:00Z", false),
    s.rolledBack(back(300, 600, 150, 90, [350, 700]), "2026-03-04T12:00:00Z", true),
    s.rolledBack({ ...bela, codes: [["A1", "A", 120]] }, "2026-03-04T13:00:00Z", false),
    s.rolledBack(cleo, "2026-03-02T11:00:00Z"),

    s.reserved(held("red_4", "anna"), "2026-03-05T10:15:00Z"),
    s.reserved(held("red_5", "bela"), "2026-03-05T10:15:00Z"),
    s.reserved(held("red_6", null), "2026-03-05T10:15:00Z"),
    s.reserved(held("red_7", "cleo"), "2026-03-05T10:15:00Z"),
    end("confirmed", "red_4", "anna", "2026-03-05T10:01:00Z"),
    end("cancelled", "red_5", "bela", "2026-03-05T10:02:00Z"),
    end("expired", "red_6", null, "2026-03-05T10:15:01Z"),

    s.points("anna", "2026-03-01T10:00:00Z", "earned", 100, 100),
    s.points("bela", "2026-03-01T11:00:00Z", "adjusted", 40, 40),
    s.points("anna", "2026-03-02T10:00:00Z", "spent", -30, 70),
    s.points("anna", "2026-03-02T11:00:00Z", "exchanged", -50, 20),
    s.points("anna", "2026-03-04T12:00:00Z", "returned", 30, 50),
    s.points("anna", "2026-03-04T12:00:00Z", "revoked", -50, 0),
    s.points("bela", "2026-03-06T00:00:00Z", "expired", -40, 0),

    ...(
      [
        ["rew_1", "points", 100, null],
        ["rew_2", "voucher", null, "vou_new"],
      ] as const
    ).map(([reward_id, reward_type, amount, voucher_id]) =>
      s.event("reward.issued", "2026-03-01T10:00:00Z", {
        ...{ ...reward, reward_id, reward_type, amount, voucher_id },
        role: reward_type === "points" ? "customer" : "referrer",
      }),
    ),
    s.event("reward.revoked", "2026-03-04T12:00:00Z", {
      ...{ ...reward, reward_id: "rew_1", reward_type: "points", amount: 100, voucher_id: null },
    }),
  ];
}

describe("the marts of the complete engine", () => {
  const stores = useStores();
  const project = "prj_engine";

  async function rows(mart: string, order: string, until = "2100-01-01"): Promise<Row[]> {
    const result = await stores.warehouse.query({
      query: `SELECT * FROM {mart: Identifier}
              WHERE project_id = {project: String} AND ({until: String} = '2100-01-01' OR toString(day) < {until: String})
              ORDER BY ${order}`,
      query_params: { mart, project, until },
      format: "JSONEachRow",
    });
    return result.json<Row>();
  }

  beforeAll(async () => {
    await appendEvents(stores.db, [...tell(project), ...tell("prj_neighbour")]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await stores.warehouse.command({
      query: "INSERT INTO events_raw SELECT * FROM events_raw",
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  });

  it("redemptions: parts that went back add up by code and campaign, and the redemption stands until the whole is gone", async () => {
    const found = await rows("redemptions", "redemption_id, code_position");
    expect(
      found.map((row) => [
        row.redemption_id,
        row.code,
        row.campaign_id,
        row.discount_amount,
        row.rolled_back_amount,
        row.net_discount_amount,
        row.rolled_back,
        row.rollbacks_count,
        row.automatic,
        row.gift_card,
      ]),
    ).toEqual([
      ["red_1", "A1", "A", 600, 600, 0, 1, 3, 0, 0],
      ["red_1", "GIFT", "G", 1000, 1000, 0, 1, 3, 0, 1],
      ["red_1", "", "AUTO", 300, 300, 0, 1, 3, 1, 0],
      ["red_1", "", "AUTO2", 90, 90, 0, 1, 3, 1, 0],
      ["red_2", "A1", "A", 500, 120, 380, 0, 1, 0, 0],
      ["red_3", "A1", "A", 200, 200, 0, 1, 1, 0, 0],
    ]);
    expect(found.map((row) => row.rolled_back_at)).toEqual([
      ...Array(4).fill("2026-03-04T12:00:00.000Z"),
      null,
      "2026-03-02T11:00:00.000Z",
    ]);
  });

  it("redemption lines: what went back of each line", async () => {
    const found = await rows("redemption_lines", "redemption_id, line");
    expect(
      found.map((row) => [
        row.redemption_id,
        row.sku,
        row.discount_amount,
        row.rolled_back_amount,
        row.net_discount_amount,
        row.rolled_back,
      ]),
    ).toEqual([
      ["red_1", "coffee", 1200, 1200, 0, 1],
      ["red_1", "cup", 700, 700, 0, 1],
      ["red_2", "cup", 500, 120, 380, 0],
      ["red_3", "cup", 200, 200, 0, 1],
    ]);
  });

  it("campaigns daily: amounts on the day they went back, codes on the day the last of them did", async () => {
    const found = (await rows("campaigns_daily", "campaign_id, day")).filter((row) => row.day !== "2026-03-05");
    expect(
      found.map((row) => [
        `${row.campaign_id} ${row.day}`,
        row.redemptions_count,
        row.net_redemptions_count,
        row.discount_amount,
        row.net_discount_amount,
        row.rolled_back_amount,
        row.rollbacks_count,
        row.orders_count,
      ]),
    ).toEqual([
      //                 red net disc net back rol ord
      ["A 2026-03-01", 1, 0, 600, 0, 0, 0, 0],
      ["A 2026-03-02", 2, 1, 700, 380, 350, 1, 1],
      ["A 2026-03-03", 0, 0, 0, 0, 150, 0, 0],
      ["A 2026-03-04", 0, 0, 0, 0, 420, 1, 0],
      ["AUTO 2026-03-01", 1, 0, 300, 0, 0, 0, 0],
      ["AUTO 2026-03-02", 0, 0, 0, 0, 75, 0, 0],
      ["AUTO 2026-03-03", 0, 0, 0, 0, 75, 0, 0],
      ["AUTO 2026-03-04", 0, 0, 0, 0, 150, 1, 0],
      ["AUTO2 2026-03-01", 1, 0, 90, 0, 0, 0, 0],
      ["AUTO2 2026-03-02", 0, 0, 0, 0, 0, 0, 0],
      ["AUTO2 2026-03-03", 0, 0, 0, 0, 0, 0, 0],
      ["AUTO2 2026-03-04", 0, 0, 0, 0, 90, 1, 0],
      ["G 2026-03-01", 1, 0, 1000, 0, 0, 0, 0],
      ["G 2026-03-02", 0, 0, 0, 0, 0, 0, 0],
      ["G 2026-03-03", 0, 0, 0, 0, 400, 0, 0],
      ["G 2026-03-04", 0, 0, 0, 0, 600, 1, 0],
      ["M 2026-03-01", 4, 0, 1990, 0, 0, 0, 0],
      ["M 2026-03-02", 2, 1, 700, 380, 425, 1, 1],
      ["M 2026-03-03", 0, 0, 0, 0, 625, 0, 0],
      ["M 2026-03-04", 0, 0, 0, 0, 1260, 4, 0],
    ]);
  });

  it("overview daily: every rollback, and those that left something", async () => {
    const found = await rows("overview_daily", "day");
    expect(
      found.map((row) => [
        row.day,
        row.redemptions_count,
        row.net_redemptions_count,
        row.rollbacks_count,
        row.partial_rollbacks_count,
        row.rolled_back_amount,
        row.net_discount_amount,
      ]),
    ).toEqual([
      ["2026-03-01", 1, 0, 0, 0, 0, 0],
      ["2026-03-02", 2, 1, 2, 1, 425, 380],
      ["2026-03-03", 0, 0, 1, 1, 625, 0],
      ["2026-03-04", 0, 0, 2, 1, 1260, 0],
    ]);
  });

  it("campaigns and customers: what still stands", async () => {
    const campaigns = await stores.warehouse.query({
      query: `SELECT campaign_id, redemptions_count, rollbacks_count, net_discount_amount FROM campaigns
              WHERE project_id = {project: String} ORDER BY campaign_id`,
      query_params: { project },
      format: "JSONCompactEachRow",
    });
    expect(await campaigns.json()).toEqual([
      ["A", 3, 2, 380],
      ["AUTO", 1, 1, 0],
      ["AUTO2", 1, 1, 0],
      ["G", 1, 1, 0],
      ["M", 6, 5, 380],
    ]);
    const customers = await stores.warehouse.query({
      query: `SELECT customer, redemptions_count, discount_amount, points_balance, points_earned FROM customers
              WHERE project_id = {project: String} ORDER BY customer`,
      query_params: { project },
      format: "JSONCompactEachRow",
    });
    expect(await customers.json()).toEqual([
      ["anna", 0, 0, 0, 50],
      ["bela", 1, 380, 0, 0],
      ["cleo", 0, 0, 0, 0],
    ]);
  });

  it("reservations: how each ended", async () => {
    const found = await rows("reservations", "reservation_id");
    expect(found.map((row) => [row.reservation_id, row.status, row.ended_at, row.discount_amount])).toEqual([
      ["res_red_4", "confirmed", "2026-03-05T10:01:00.000Z", 500],
      ["res_red_5", "cancelled", "2026-03-05T10:02:00.000Z", 500],
      ["res_red_6", "expired", "2026-03-05T10:15:01.000Z", 500],
      ["res_red_7", "held", null, 500],
    ]);
    expect(found[2]).toMatchObject({
      customer: "",
      codes: ["A1"],
      campaign_ids: ["A"],
      main_campaign_ids: ["M"],
      expires_at: "2026-03-05T10:15:00.000Z",
      redemption_id: "red_6",
    });
  });

  it("points daily: what moved, and what is open when the day ends", async () => {
    const found = await rows("points_daily", "day");
    expect(
      found.map((row) => [
        row.day,
        ...["earned", "revoked", "spent", "returned", "exchanged", "expired", "adjusted", "net", "open"].map(
          (name) => row[`${name}_points`],
        ),
        row.customers_count,
      ]),
    ).toEqual([
      ["2026-03-01", 100, 0, 0, 0, 0, 0, 40, 140, 140, 2],
      ["2026-03-02", 0, 0, 30, 0, 50, 0, 0, -80, 60, 1],
      ["2026-03-04", 0, 50, 0, 30, 0, 0, 0, -20, 40, 1],
      ["2026-03-06", 0, 0, 0, 0, 0, 40, 0, -40, 0, 1],
    ]);
  });

  it("gift cards daily: what cards were given, what they paid and got back, and what they still hold", async () => {
    const found = await rows("gift_cards_daily", "day");
    expect(
      found.map((row) => [
        row.campaign_id,
        row.day,
        ...["issued", "credited", "spent", "returned", "net", "open"].map((name) => row[`${name}_amount`]),
        row.payments_count,
        row.currency,
      ]),
    ).toEqual([
      ["G", "2026-02-20", 11_000, 0, 0, 0, 11_000, 11_000, 0, "EUR"],
      ["G", "2026-03-01", 0, 0, 1000, 0, -1000, 10_000, 1, "EUR"],
      ["G", "2026-03-02", 0, 250, 0, 0, 250, 10_250, 0, "EUR"],
      ["G", "2026-03-03", 0, 0, 0, 400, 400, 10_650, 0, "EUR"],
      ["G", "2026-03-04", 0, 0, 0, 600, 600, 11_250, 0, "EUR"],
    ]);
  });

  it("rewards: what was given to whom, and what was taken back", async () => {
    const found = await rows("rewards", "reward_id");
    expect(
      found.map((row) => [row.reward_id, row.reward_type, row.role, row.amount, row.voucher_id, row.revoked]),
    ).toEqual([
      ["rew_1", "points", "customer", 100, "", 1],
      ["rew_2", "voucher", "referrer", 0, "vou_new", 0],
    ]);
    expect(found[0]?.revoked_at).toBe("2026-03-04T12:00:00.000Z");
  });
});
