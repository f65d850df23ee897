/** What the shop owes, and what became of its codes. Every figure was worked out by hand; expiries lie in the past. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const cup = ["cup", "home", 1, 9000] as const;

/**
 * Gift cards of campaign G: a card of 5000 of Anna's, good until April 1st, pays 1500 and gets 500 back after its end.
 * A batch of three with 2000 each until May 1st, one of which pays 800. A batch of four with 1000 each for ever, which
 * was cancelled after two and went on; one of its cards is published to Bela, until June 1st. A card from a reward is
 * credited 700 in June. One card of 300 in another currency.
 */
function tellCards(project: string) {
  const s = shop(project, "M");
  const card = (
    id: string,
    campaign_id: string,
    customer: string | null,
    balance_amount: number,
    expires_at: string | null,
  ) => ({
    ...{ voucher_id: `vou_${id}`, campaign_id, code: id, kind: "gift_card" as const, customer },
    ...{ balance_amount, expires_at },
  });
  const pays = (id: string, at: string, customer: string, code: string, amount: number, expiresAt?: string) => ({
    ...{ id, at, customer, orderId: `order of ${id}`, lines: [cup] },
    codes: [[code, "G", amount, [], ["gift_card"], expiresAt] as const],
  });
  const anna = pays("red_1", "2026-03-10T10:00:00Z", "anna", "C1", 1500, "2026-04-01T00:00:00Z");
  const batch = { campaign_id: "G", kind: "gift_card" as const };
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null }),
    s.campaign("G", "2026-02-02T00:00:00Z", { template: "gift_card" }),
    s.campaign("H", "2026-02-02T00:00:00Z", { template: "gift_card", currency: "USD" }),
    s.event("voucher.created", "2026-03-01T00:00:00Z", card("C1", "G", "anna", 5000, "2026-04-01T00:00:00Z")),
    s.event("voucher_batch.completed", "2026-03-02T00:00:00Z", {
      ...{ ...batch, batch_id: "bat_1", size: 3, balance_amount: 2000, expires_at: "2026-05-01T00:00:00Z" },
    }),
    s.event("voucher_batch.cancelled", "2026-03-03T00:00:00Z", {
      ...{ ...batch, batch_id: "bat_2", size: 4, done: 2, balance_amount: 1000, expires_at: null },
    }),
    s.event("voucher_batch.completed", "2026-03-04T00:00:00Z", {
      ...{ ...batch, batch_id: "bat_2", size: 4, balance_amount: 1000, expires_at: null },
    }),
    s.redeemed(anna),
    s.event("voucher.published", "2026-04-02T00:00:00Z", {
      ...{ ...card("Y", "G", "bela", 1000, "2026-06-01T00:00:00Z"), batch_id: "bat_2" },
      ...{ publication_id: "pub_1", channel: "api" },
    }),
    s.rolledBack({ ...anna, codes: [["C1", "G", 500]] }, "2026-04-05T00:00:00Z", false),
    s.redeemed(pays("red_2", "2026-04-10T10:00:00Z", "cleo", "X", 800, "2026-05-01T00:00:00Z")),
    s.event("voucher.created", "2026-06-02T00:00:00Z", card("Z", "G", "anna", 0, "2100-01-01T00:00:00Z")),
    s.event("gift_card.credited", "2026-06-02T00:00:00Z", {
      ...{ voucher_id: "vou_Z", campaign_id: "G", code: "Z", customer: "anna", reason: null },
      ...{ amount: 700, balance_amount: 700 },
    }),
    s.event("voucher.created", "2026-06-03T00:00:00Z", card("D", "H", null, 300, null)),
    s.points("anna", "2026-03-01T10:00:00Z", "earned", 100, 100),
    s.points("anna", "2026-03-02T10:00:00Z", "spent", -30, 70),
    s.points("bela", "2026-03-02T10:00:00Z", "adjusted", 5, 5),
    s.points("anna", "2026-03-03T10:00:00Z", "adjusted", -10, 60),
    s.points("anna", "2026-03-04T10:00:00Z", "expired", -20, 40),
  ];
}

/**
 * Codes of campaign U: batches of ten until May 1st and of five for ever, a single one, one that is switched off, and a
 * generic one that two customers use. Of the first batch one is redeemed and one only published; of the second one is
 * redeemed and one redeemed and taken back. Campaign V is over. Campaign W's batch is on its way, and a code of it is
 * used already.
 */
function tellCodes(project: string) {
  const s = shop(project, "M");
  const voucher = (id: string, kind: "unique" | "generic", change = {}) => ({
    ...{ voucher_id: `vou_${id}`, campaign_id: "U", code: id, kind, customer: null, expires_at: null },
    ...change,
  });
  const uses = (code: string, campaign: string, customer: string, expiresAt?: string) => ({
    ...{ id: `red_${code}_${customer}`, at: "2026-03-10T10:00:00Z", customer, orderId: `${code} ${customer}` },
    ...{ lines: [cup], codes: [[code, campaign, 100, [], undefined, expiresAt] as const] },
  });
  const back = uses("Q4", "U", "dora");
  const batch = { kind: "unique" as const };
  return [
    s.campaign("U", "2026-02-02T00:00:00Z"),
    s.campaign("V", "2026-02-02T00:00:00Z", { ends_at: "2026-04-01T00:00:00Z" }),
    s.campaign("W", "2026-02-02T00:00:00Z"),
    s.event("voucher_batch.completed", "2026-03-01T00:00:00Z", {
      ...{ ...batch, batch_id: "bat_u1", campaign_id: "U", size: 10, expires_at: "2026-05-01T00:00:00Z" },
    }),
    s.event("voucher_batch.completed", "2026-03-01T00:00:00Z", {
      ...batch,
      batch_id: "bat_u2",
      campaign_id: "U",
      size: 5,
    }),
    s.event("voucher_batch.completed", "2026-03-01T00:00:00Z", {
      ...batch,
      batch_id: "bat_v",
      campaign_id: "V",
      size: 4,
    }),
    s.event("voucher.created", "2026-03-01T00:00:00Z", voucher("S1", "unique")),
    s.event("voucher.created", "2026-03-01T00:00:00Z", voucher("S2", "unique")),
    s.event("voucher.created", "2026-03-01T00:00:00Z", voucher("G1", "generic")),
    s.event("voucher.disabled", "2026-03-02T00:00:00Z", voucher("S2", "unique")),
    s.event("voucher.published", "2026-03-02T00:00:00Z", {
      ...voucher("Q3", "unique", { customer: "emil", batch_id: "bat_u1", expires_at: "2026-05-01T00:00:00Z" }),
      ...{ publication_id: "pub_q3", channel: "api" },
    }),
    s.redeemed(uses("Q1", "U", "anna", "2026-05-01T00:00:00Z")),
    s.redeemed(uses("Q2", "U", "bela")),
    s.redeemed(uses("G1", "U", "anna")),
    s.redeemed(uses("G1", "U", "bela")),
    s.redeemed(back),
    s.rolledBack(back, "2026-03-11T00:00:00Z", true),
    s.redeemed(uses("R1", "V", "anna")),
    s.redeemed(uses("T1", "W", "anna")),
  ];
}

describe("liability and codes", () => {
  const stores = useStores();
  const cards = "prj_cards";
  const codes = "prj_codes";

  beforeAll(async () => {
    await appendEvents(stores.db, [...tellCards(cards), ...tellCards("prj_neighbour"), ...tellCodes(codes)]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("what is issued is spent, expired or open", async () => {
    const rows = await readMart(stores, "liabilities", cards, "kind, currency");
    expect(
      rows.map((row) => [
        `${row.kind} ${row.currency}`,
        ...["issued", "spent", "expired", "open"].map((name) => row[`${name}_amount`]),
        row.accounts_count,
      ]),
    ).toEqual([
      ["gift_card EUR", 15_700, 1800, 10_200, 3700, 9],
      ["gift_card USD", 300, 0, 0, 300, 1],
      ["points ", 95, 30, 20, 45, 2],
    ]);
    expect(rows[0]?.breakage_share).toBeCloseTo(10_200 / 15_700, 12);
  });

  it("day by day: a rest expires on its day, and what comes back later at once", async () => {
    const rows = await readMart(stores, "liabilities_daily", cards, "kind, currency, day");
    expect(
      rows
        .filter((row) => row.currency === "EUR")
        .map((row) => [row.day, ...["issued", "spent", "expired", "open"].map((name) => row[`${name}_amount`])]),
    ).toEqual([
      ["2026-03-01", 5000, 0, 0, 5000],
      ["2026-03-02", 6000, 0, 0, 11_000],
      ["2026-03-03", 2000, 0, 0, 13_000],
      ["2026-03-04", 2000, 0, 0, 15_000],
      ["2026-03-10", 0, 1500, 0, 13_500],
      ["2026-04-01", 0, 0, 3500, 10_000],
      ["2026-04-02", 0, 0, 0, 10_000],
      ["2026-04-05", 0, -500, 500, 10_000],
      ["2026-04-10", 0, 800, 0, 9200],
      ["2026-05-01", 0, 0, 5200, 4000],
      ["2026-06-01", 0, 0, 1000, 3000],
      ["2026-06-02", 700, 0, 0, 3700],
    ]);
  });

  it("a batch that was cancelled and went on counts once, also by campaign and day", async () => {
    const rows = await readMart(stores, "gift_cards_daily", cards, "campaign_id, day");
    expect(rows.filter((row) => row.campaign_id === "G").map((row) => [row.day, row.issued_amount])).toContainEqual([
      "2026-03-04",
      2000,
    ]);
    // Cards past their expiry are open there: the sum is what all cards hold.
    expect(rows.filter((row) => row.campaign_id === "G").at(-1)?.open_amount).toBe(15_700 - 1800);
  });

  it("movements add up to the balance of each card", async () => {
    const result = await stores.warehouse.query({
      query: `SELECT voucher_id, sum(change_amount) AS balance, sum(cards_count) AS cards FROM gift_card_moves
              WHERE project_id = {project: String} AND currency = 'EUR' GROUP BY voucher_id ORDER BY voucher_id`,
      query_params: { project: cards },
      format: "JSONCompactEachRow",
    });
    expect(await result.json()).toEqual([
      // Both batches, less the card that was given an expiry of its own.
      ["", 9000, 7],
      ["vou_C1", 4000, 1],
      ["vou_X", -800, 0],
      ["vou_Y", 1000, 0],
      ["vou_Z", 700, 1],
    ]);
  });

  it("the wallet: who holds which card, and what is on it", async () => {
    const rows = await readMart(stores, "customer_vouchers", cards, "customer, voucher_id");
    expect(
      rows.map((row) => [row.customer, row.code, row.kind, row.status, row.balance_amount, row.expires_at]),
    ).toEqual([
      ["anna", "C1", "gift_card", "expired", 4000, "2026-04-01T00:00:00.000Z"],
      ["anna", "Z", "gift_card", "open", 700, "2100-01-01T00:00:00.000Z"],
      ["bela", "Y", "gift_card", "expired", 1000, "2026-06-01T00:00:00.000Z"],
    ]);
  });

  it("every code is redeemed, switched off, expired or available", async () => {
    const rows = await readMart(stores, "code_inventory", codes, "campaign_id");
    const figures = rows.map((row) => [
      row.campaign_id,
      ...["created", "distributed", "redeemed", "disabled", "expired", "available"].map((name) => row[`${name}_count`]),
      ...["unique", "generic"].map((name) => row[`${name}_count`]),
    ]);
    expect(figures).toEqual([
      //   made giv red off exp left uni gen
      ["U", 18, 1, 3, 1, 9, 5, 17, 1],
      ["V", 4, 0, 1, 0, 3, 0, 4, 0],
      ["W", 1, 0, 1, 0, 0, 0, 1, 0],
    ]);
  });
});
