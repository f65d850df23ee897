/** Wide rows of customers: what they say, and that they follow the events whichever way these come. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { deliver as insertRows } from "../../ingest/deliver.ts";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { type EventRow, eventColumns } from "../../ingest/rows.ts";
import { forgetCustomers, refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const line = (sku: string, category: string, quantity: number, unit = 1000) => [sku, category, quantity, unit] as const;
const stores = useStores();

async function deliver(events: readonly Event[]): Promise<void> {
  await appendEvents(stores.db, [...events]);
  await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
}

/** What differs between the wide rows and the live view; recency is of the moment of reading. */
async function drift(): Promise<unknown[]> {
  const described = await stores.warehouse.query({ query: "DESCRIBE TABLE customers_wide", format: "JSONEachRow" });
  const names = z
    .array(z.object({ name: z.string() }))
    .parse(await described.json())
    .map((column) => column.name)
    .filter((name) => name !== "refreshed_at")
    .join(", ");
  const result = await stores.warehouse.query({
    query: `SELECT ${names}, count() AS sides FROM
            (SELECT ${names} FROM customers UNION ALL SELECT ${names} FROM customers_wide FINAL)
            GROUP BY ${names} HAVING sides != 2`,
    format: "JSONEachRow",
  });
  return result.json();
}

describe("the wide row of a customer", () => {
  const project = "prj_wide";

  /**
   * Anna buys four times, in four categories, with two campaigns; costs are known of all her lines. Bela buys once and
   * nobody knows what it cost. Cleo only looked. Dora is erased. A voucher of Anna's is open, one used, one expired.
   */
  function tell(of: string): Event[] {
    const s = shop(of, "M");
    const published = (code: string, change = {}) =>
      s.event("voucher.published", "2026-03-01T08:00:00Z", {
        ...{
          publication_id: `pub_${code}`,
          voucher_id: `vou_${code}`,
          campaign_id: "A",
          code,
          kind: "unique" as const,
        },
        ...{ customer: "anna", channel: "api", ...change },
      });
    const paid = (
      at: string,
      customer: string,
      id: string,
      lines: Parameters<typeof s.orderOf>[1],
      cost?: number,
      off = 0,
    ) => {
      const order = s.orderOf(id, lines, off);
      const items = order.items.map((item) => (cost === undefined ? item : { ...item, unit_cost_amount: cost }));
      return s.event("order.paid", at, { customer, order: { ...order, items } });
    };
    const used = {
      ...{ id: "red_1", at: "2026-03-02T10:00:00Z", customer: "anna", orderId: "o1", lines: [line("tea", "food", 3)] },
      codes: [
        ["U1", "A", 200],
        ["B1", "B", 100],
      ],
    } as const;
    return [
      ...["M", "A", "B"].map((id) =>
        s.campaign(id, "2026-02-01T00:00:00Z", id === "M" ? { type: "main", parent_id: null } : {}),
      ),
      published("U1"),
      published("U2"),
      published("U3", { expires_at: "2026-04-01T00:00:00Z" }),
      s.redeemed(used),
      s.redeemed({ ...used, id: "red_2", orderId: "o2", codes: [["B1", "B", 50]] }),
      paid("2026-03-02T10:01:00Z", "anna", "o1", [line("tea", "food", 3)], 400, 300),
      paid("2026-03-03T10:01:00Z", "anna", "o2", [line("pan", "home", 2)], 500, 50),
      paid("2026-03-04T10:01:00Z", "anna", "o3", [line("sock", "wear", 2)], 100),
      paid("2026-03-05T10:01:00Z", "anna", "o4", [line("ball", "play", 1)], 100),
      paid("2026-03-04T10:01:00Z", "bela", "o5", [line("ball", "play", 1)]),
      s.validated({ ...used, id: "val_1", customer: "cleo" }, true),
      s.customer("dora", "2026-03-01T00:00:00Z"),
      s.event("customer.erased", "2026-03-02T00:00:00Z", { customer: "dora" }),
    ];
  }

  beforeAll(async () => {
    await deliver([...tell(project), ...tell("prj_neighbour")]);
    await refreshCustomers(stores.warehouse);
    await repeatDelivery(stores);
  });

  it("knows favourites, margin, wallet and how new a customer is", async () => {
    const rows = await readMart(stores, "customers_rfm", project, "customer");
    expect(
      rows.map((row) => [
        row.customer,
        row.favourite_categories,
        row.favourite_campaign_ids,
        row.margin_amount,
        row.open_vouchers_count,
        row.is_new,
      ]),
    ).toEqual([
      // 3000 − 300 − 1200, 2000 − 50 − 1000, 2000 − 200 and 1000 − 100.
      ["anna", ["food", "home", "wear"], ["B", "A"], 1500 + 950 + 1800 + 900, 1, 0],
      ["bela", ["play"], [], null, 0, 1],
      ["cleo", [], [], null, 0, 0],
    ]);
    expect(rows[0]).toMatchObject({ favourite_category: "food", favourite_campaign_id: "B", orders_amount: 7650 });
    expect(rows.map((row) => row.rfm_segment)).toEqual(["loyal", "lost", "no orders"]);
    expect(await drift()).toEqual([]);
  });
});

describe("the refresher", () => {
  const project = "prj_fresh";
  const s = shop(project, "M");
  const paid = (customer: string, id: string, at = "2026-03-02T10:00:00Z") =>
    s.order("order.paid", at, customer, id, [line("tea", "food", 1)]);

  it("recomputes those something was told of, and is exact after it, however late an event comes", async () => {
    await deliver([paid("anna", "f1"), paid("bela", "f2"), paid('o\'hara \\ "x", é', "f3")]);
    await refreshCustomers(stores.warehouse);
    expect(await drift()).toEqual([]);
    // Of two years ago, and written down then: no clock of events would find it.
    await stores.warehouse.command({
      query: `INSERT INTO events_raw SELECT * REPLACE ('late' AS event_id, 'f9' AS order_id, toDateTime64('2024-01-01', 3, 'UTC') AS occurred_at,
                toDateTime64('2024-01-01', 6, 'UTC') AS recorded_at)
              FROM events_raw WHERE project_id = {project: String} AND customer = 'anna' LIMIT 1`,
      query_params: { project },
    });
    await deliver([paid('o\'hara \\ "x", é', "f4")]);
    expect(await drift()).not.toEqual([]);
    expect(await refreshCustomers(stores.warehouse)).toMatchObject({ whole: false });
    expect(await drift()).toEqual([]);
    const rows = await readMart(stores, "customers_rfm", project, "customer");
    expect(rows.map((row) => [row.customer, row.orders_count])).toEqual([
      ["anna", 2],
      ["bela", 1],
      ['o\'hara \\ "x", é', 2],
    ]);
  });

  it("may run many times at once and changes nothing then", async () => {
    await deliver([paid("anna", "f5"), paid("bela", "f6")]);
    await Promise.all([1, 2, 3].map(() => refreshCustomers(stores.warehouse)));
    await Promise.all([refreshCustomers(stores.warehouse), refreshCustomers(stores.warehouse, { whole: true })]);
    expect(await drift()).toEqual([]);
  });

  it("looks again at a customer when the mark is settled, as the event may have come to be seen after it", async () => {
    await deliver([paid("carl", "f7")]);
    await refreshCustomers(stores.warehouse);
    const refreshed = async () => {
      const rows = await readMart(stores, "customers_rfm", project, "customer");
      return rows.find((row) => row.customer === "carl")?.refreshed_at;
    };
    const first = await refreshed();
    // The same as if three minutes had passed since: the mark, the row and the pass are that much older.
    for (const statement of [
      "INSERT INTO customers_changed SELECT project_id, customer, marked_at - 180 FROM customers_changed WHERE customer = 'carl'",
      "DELETE FROM customers_changed WHERE customer = 'carl' AND marked_at > now64(3) - 150",
      "INSERT INTO customers_wide SELECT * REPLACE (refreshed_at - 180 AS refreshed_at) FROM customers_wide WHERE customer = 'carl'",
      "DELETE FROM customers_wide WHERE customer = 'carl' AND refreshed_at > now64(3) - 150",
      "INSERT INTO customers_wide_pass SELECT finished_at, started_at - 180, whole, customers_count FROM customers_wide_pass",
      "DELETE FROM customers_wide_pass WHERE started_at > now64(3) - 150",
    ]) {
      await stores.warehouse.command({ query: statement, clickhouse_settings: { lightweight_deletes_sync: "2" } });
    }
    await refreshCustomers(stores.warehouse);
    const second = await refreshed();
    expect(String(second) > String(first)).toBe(true);
    await refreshCustomers(stores.warehouse);
    expect(await refreshed()).toBe(second);
  });

  it("takes out who is erased, and whom it is told to forget, and brings back who comes back", async () => {
    await deliver([paid("gina", "f8"), s.event("customer.erased", "2026-03-05T00:00:00Z", { customer: "bela" })]);
    await refreshCustomers(stores.warehouse);
    const names = async () => (await readMart(stores, "customers_rfm", project, "customer")).map((row) => row.customer);
    expect(await names()).toEqual(["anna", "carl", "gina", 'o\'hara \\ "x", é']);
    await forgetCustomers(stores.warehouse, project, ["gina", 'o\'hara \\ "x", é']);
    expect(await names()).toEqual(["anna", "carl"]);
    await deliver([paid("gina", "f9")]);
    await refreshCustomers(stores.warehouse);
    expect(await names()).toEqual(["anna", "carl", "gina"]);
  });

  it("hears of rows whose insert is repeated, as the first may have died between the rows and their marks", async () => {
    const written = await stores.warehouse.query({
      query: `SELECT * REPLACE (concat('again', event_id) AS event_id, 'ida' AS customer) FROM events
              WHERE project_id = {project: String} AND order_id = 'f1' LIMIT 1`,
      query_params: { project },
      format: "JSONEachRow",
    });
    const [stored] = await written.json<Record<string, unknown>>();
    const row = Object.fromEntries(eventColumns.map((name) => [name, stored?.[name]])) as EventRow;
    const insert = () => insertRows(stores.warehouse, [row], "a token of its own", new AbortController().signal);
    expect(await insert()).toEqual([]);
    await stores.warehouse.command({
      query: "DELETE FROM customers_changed WHERE customer = 'ida'",
      clickhouse_settings: { lightweight_deletes_sync: "2" },
    });
    expect(await insert()).toEqual([]);
    const rows = await stores.warehouse.query({
      query: "SELECT count() AS n FROM events_raw WHERE customer = 'ida'",
      format: "JSONEachRow",
    });
    expect(z.array(z.object({ n: z.coerce.number() })).parse(await rows.json())).toEqual([{ n: 1 }]);
    await refreshCustomers(stores.warehouse);
    const names = (await readMart(stores, "customers_rfm", project, "customer")).map((known) => known.customer);
    expect(names).toContain("ida");
  });

  it("takes every batch under the guard it is given, and puts its work down when told to", async () => {
    await deliver([paid("hans", "g1")]);
    let guarded = 0;
    const stop = new AbortController();
    stop.abort();
    expect(await refreshCustomers(stores.warehouse, { signal: stop.signal })).toEqual({ customers: 0, whole: false });
    const guard = async (batch: () => Promise<void>) => {
      guarded += 1;
      await batch();
    };
    expect((await refreshCustomers(stores.warehouse, { guard })).customers).toBeGreaterThan(0);
    expect(guarded).toBeGreaterThan(0);
  });
});

describe("RFM", () => {
  const project = "prj_rfm";

  it("scores fifths, equals equally, and values only against the same currency", async () => {
    const s = shop(project, "M");
    // Customer n of ten buys n times, the last time on March n; the tenth pays yen.
    const events = Array.from({ length: 10 }, (_, at) => at + 1).flatMap((n) =>
      Array.from({ length: n }, (_, k) => {
        const when = `2026-03-${String(n - k).padStart(2, "0")}T10:00:00Z`;
        const order = s.orderOf(`${n}-${k}`, [line("tea", "food", 1)]);
        return s.event("order.paid", when, {
          customer: `c${String(n).padStart(2, "0")}`,
          order: { ...order, currency: n === 10 ? "JPY" : "EUR" },
        });
      }),
    );
    await deliver([...events, s.order("order.paid", "2026-03-01T10:00:00Z", "c00", "0", [line("tea", "food", 1)])]);
    await refreshCustomers(stores.warehouse);
    const rows = await readMart(stores, "customers_rfm", project, "customer");
    expect(
      rows.map((row) => [row.customer, row.rfm_recency, row.rfm_frequency, row.rfm_monetary, row.rfm_segment]),
    ).toEqual([
      // Eleven customers: a score is 1 + ⌊5 · (those below) / 11⌋; c00 and c01 are equal.
      ["c00", 1, 1, 1, "lost"],
      ["c01", 1, 1, 1, "lost"],
      ["c02", 1, 1, 2, "lost"],
      ["c03", 2, 2, 2, "lost"],
      ["c04", 2, 2, 3, "lost"],
      ["c05", 3, 3, 3, "loyal"],
      ["c06", 3, 3, 4, "loyal"],
      ["c07", 4, 4, 4, "champions"],
      ["c08", 4, 4, 5, "champions"],
      ["c09", 5, 5, 5, "champions"],
      ["c10", 5, 5, 1, "champions"],
    ]);
    const segments = await readMart(stores, "rfm_segments", project, "rfm_segment, currency");
    expect(
      segments.map((row) => [row.rfm_segment, row.currency, row.customers_count, row.orders_count, row.orders_amount]),
    ).toEqual([
      ["champions", "EUR", 3, 24, 24_000],
      ["champions", "JPY", 1, 10, 10_000],
      ["lost", "EUR", 5, 11, 11_000],
      ["loyal", "EUR", 2, 11, 11_000],
    ]);
  });
});
