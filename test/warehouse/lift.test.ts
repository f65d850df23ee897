/** The lift out of the warehouse, on shops whose customers are made here: the sums of ClickHouse against sums of our own. */
import { beforeAll, describe, expect, it } from "vitest";
import { holdoutBucket } from "../../api/domain/holdout.ts";
import { type ArmSums, measureLift } from "../../api/lift/measure.ts";
import { momentsOf } from "../../api/lift/moments.ts";
import { readArms, readLift, toSums } from "../../api/lift/read.ts";
import type { Event } from "../../ingest/events/events.ts";
import { toRow } from "../../ingest/rows.ts";
import { seeded } from "../../models/training/random.ts";
import { type Stores, useStores } from "../support/stores.ts";
import { shop } from "./shop.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-03-01T00:00:00Z");
const days = 31;
const iso = (at: number) => new Date(at).toISOString();

async function deliver({ warehouse }: Stores, events: readonly Event[]): Promise<void> {
  const values = events.map(({ payload, ...event }, seq) => {
    const stored = { ...event, recorded_at: event.occurred_at, payload: JSON.stringify(payload), xid: "1", seq };
    const mapped = toRow(stored);
    if ("error" in mapped) throw new Error(mapped.error);
    return mapped.row;
  });
  await warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
}

interface Bought {
  readonly orders: number;
  readonly revenue: number;
  readonly margin: number;
  readonly discount: number;
}
const nothing: Bought = { orders: 0, revenue: 0, margin: 0, discount: 0 };

/** A customer with what of their history counts; the events hold more than that. */
interface Customer {
  readonly identifier: string;
  readonly before: Bought;
  readonly after: Bought;
}

/**
 * Customers known in February, whose orders of February and March count, and around them everything that does not:
 * orders before, after, in another currency, cancelled and never paid, gift cards, other campaigns, people who came
 * later, people who were erased, guests. Shoppers who are not in `isHeldOut` order more in March and take a discount.
 */
function makeShop(project: string, campaign: string, isHeldOut: (customer: string) => boolean, customers: number) {
  const s = shop(project, `${campaign}_main`);
  const random = seeded(11);
  const events: Event[] = [];
  const known: Customer[] = [];
  let orders = 0;
  const order = (
    identifier: string,
    at: number,
    discounted: boolean,
    type: "order.paid" | "order.created" = "order.paid",
  ) => {
    orders += 1;
    const id = `${project}-${orders}`;
    const unit = 500 + Math.floor(random() * 9_000);
    const discount = discounted ? Math.floor(unit / 10) : 0;
    const lines = [["sku", "food", 2, unit, Math.floor(unit / 3)]] as const;
    events.push(s.order(type, iso(at), identifier, id, lines, discount));
    if (discounted) {
      const codes = [["CODE", campaign, discount]] as const;
      events.push(s.redeemed({ id: `red_${id}`, at: iso(at - 1), customer: identifier, orderId: id, lines, codes }));
    }
    return {
      id,
      lines,
      revenue: 2 * unit - discount,
      margin: 2 * unit - discount - 2 * Math.floor(unit / 3),
      discount,
    };
  };
  const shopping = (identifier: string, from: number, most: number, discounted: boolean): Bought => {
    let sum = nothing;
    for (let count = Math.floor(random() * (most + 1)); count > 0; count -= 1) {
      const { revenue, margin, discount } = order(identifier, from + random() * days * dayMs, discounted);
      sum = {
        orders: sum.orders + 1,
        revenue: sum.revenue + revenue,
        margin: sum.margin + margin,
        discount: sum.discount + discount,
      };
    }
    return sum;
  };
  for (let index = 0; index < customers; index += 1) {
    const identifier = `${["ann", "zoë", "李", "🛒"][index % 4]}-${index}@example.com`;
    events.push(s.customer(identifier, iso(start - (days + 10) * dayMs)));
    const habit = Math.floor(random() * 3);
    const before = shopping(identifier, start - days * dayMs, habit, false);
    const after = shopping(identifier, start, isHeldOut(identifier) ? habit : habit + 1, !isHeldOut(identifier));
    if (index % 5 === 0) {
      order(identifier, start - (days + 1) * dayMs, false);
      order(identifier, start + days * dayMs, false);
      order(identifier, start + dayMs, false, "order.created");
      const { id, lines } = order(identifier, start + 2 * dayMs, false);
      events.push(s.order("order.cancelled", iso(start + 3 * dayMs), identifier, id, lines));
      const foreign = s.order("order.paid", iso(start + dayMs), identifier, `${id}-dkk`, lines);
      if (foreign.type === "order.paid") foreign.payload.order.currency = "DKK";
      events.push(foreign);
      const attempt = { at: iso(start + dayMs), customer: identifier, orderId: id, lines };
      events.push(
        s.redeemed({ ...attempt, id: `red_card_${id}`, codes: [["CARD", campaign, 300, [], ["gift_card"]]] }),
        s.redeemed({ ...attempt, id: `red_other_${id}`, codes: [["OTHER", "cam_other", 200]] }),
      );
      const undone = { ...attempt, id: `red_undone_${id}`, codes: [["CODE", campaign, 100]] } as const;
      events.push(s.redeemed(undone), s.rolledBack(undone, iso(start + 4 * dayMs), true));
    }
    known.push({ identifier, before, after });
  }
  for (let index = 0; index < 40; index += 1) {
    order(`late-${index}`, start + dayMs, false);
    order(`erased-${index}`, start - dayMs, false);
    events.push(s.event("customer.erased", iso(start + 2 * dayMs), { customer: `erased-${index}` }));
  }
  return { s, events, known };
}

function sumsOf(customers: readonly Customer[]): ArmSums {
  const pairs = (y: (bought: Bought) => number, x = y) =>
    momentsOf(customers.map(({ before, after }) => [y(after), x(before)] as const));
  const total = (of: (customer: Customer) => number) => customers.reduce((sum, customer) => sum + of(customer), 0);
  return {
    customers: customers.length,
    conversion: pairs(({ orders }) => Math.sign(orders)),
    orders: pairs(({ orders }) => orders),
    revenue: pairs(({ revenue }) => revenue),
    margin: pairs(
      ({ margin }) => margin,
      ({ revenue }) => revenue,
    ),
    ordersWithoutCost: 0,
    discount: {
      d: total(({ after }) => after.discount),
      dd: total(({ after }) => after.discount ** 2),
      dy: total(({ after }) => after.discount * after.orders),
      dx: total(({ before, after }) => after.discount * before.orders),
    },
  };
}

const window = { status: "active", starts_at: iso(start), ends_at: iso(start + days * dayMs) } as const;

describe("the arms of a campaign", () => {
  const stores = useStores();
  const project = "prj_arms";
  const campaign = "cam_arms";
  const globally = (customer: string) => holdoutBucket(project, customer) < 10;
  const own = (customer: string) => holdoutBucket(campaign, customer) < 30;
  const made = makeShop(project, campaign, (customer) => globally(customer) || own(customer), 3_000);

  beforeAll(async () => {
    const { s, events } = made;
    await deliver(stores, [
      ...events,
      s.campaign(campaign, "2026-01-15T00:00:00Z", { ...window, holdout_percent: 30 }),
      s.campaign("cam_global", "2026-01-15T00:00:00Z", { ...window, holdout_percent: 0 }),
      s.campaign("cam_draft", "2026-01-15T00:00:00Z", { ...window, status: "draft", holdout_percent: 30 }),
      s.campaign(`${campaign}_main`, "2026-01-15T00:00:00Z", { ...window, type: "main", parent_id: null }),
      s.event("project.updated", "2026-01-10T00:00:00Z", { project: { id: project, name: "p", holdout_percent: 10 } }),
    ]);
    // Everything a second time, as a delivery that was cut off would.
    await stores.warehouse.command({
      query: "INSERT INTO events_raw SELECT * FROM events_raw",
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  });

  it("are those of the same lottery as the engine's, and their sums are those of their customers", async () => {
    const rows = await readArms(stores.warehouse, project, campaign);
    expect(rows).toHaveLength(2);
    const expected = {
      treated: sumsOf(made.known.filter(({ identifier }) => !globally(identifier) && !own(identifier))),
      held_out: sumsOf(made.known.filter(({ identifier }) => !globally(identifier) && own(identifier))),
    };
    for (const row of rows) {
      expect(row).toMatchObject({ basis: "campaign", holdout_percent: 30, currency: "EUR" });
      expect([row.measured_from, row.measured_until]).toEqual([window.starts_at, window.ends_at]);
      expect(toSums(row)).toEqual(expected[row.arm]);
    }
  });

  it("give the lift that the pure functions give", async () => {
    const rows = await readArms(stores.warehouse, project, campaign);
    const [treated, heldOut] = ["treated", "held_out"].map((arm) => rows.find((row) => row.arm === arm));
    if (treated === undefined || heldOut === undefined) throw new Error("an arm is missing");
    const expected = measureLift(toSums(treated), toSums(heldOut));
    const lift = await readLift(stores.warehouse, project, campaign);
    expect(lift).toMatchObject({ measured: true, basis: "campaign", incremental_orders: expected.incrementalOrders });
    if (!lift.measured) return;
    expect(lift.metrics.map(({ metric }) => metric)).toEqual(["conversion", "orders", "revenue", "margin"]);
    // Treated shoppers order half an order more.
    const { difference, low, high } = lift.metrics[1] as (typeof lift.metrics)[number];
    expect(difference).toBeCloseTo(0.5, 0);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
    expect(lift.cost_per_incremental_order?.low).toBeGreaterThan(0);
  });

  it("are those of the global holdout where the campaign has none of its own", async () => {
    const rows = await readArms(stores.warehouse, project, "cam_global");
    // Whoever is known before the global holdout began: nobody here, as it began before they came.
    expect(rows).toEqual([]);
    expect(await readLift(stores.warehouse, project, "cam_global")).toMatchObject({ reason: "holdout_too_small" });
  });

  it("are not there for a campaign that has not begun, nor for another project's", async () => {
    expect(await readLift(stores.warehouse, project, "cam_draft")).toMatchObject({ reason: "not_started" });
    expect(await readLift(stores.warehouse, "prj_other", campaign)).toMatchObject({ reason: "no_holdout" });
    expect(await readArms(stores.warehouse, "prj_other", campaign)).toEqual([]);
  });
});

describe("the arms of the global holdout", () => {
  const stores = useStores();
  const project = "prj_global";
  const held = (customer: string) => holdoutBucket(project, customer) < 20;
  const made = makeShop(project, "cam_all", held, 1_500);

  beforeAll(async () => {
    const { s, events } = made;
    await deliver(stores, [
      ...events,
      s.campaign("cam_all", "2026-01-15T00:00:00Z", { ...window, holdout_percent: 0 }),
      s.event("project.updated", iso(start - dayMs), { project: { id: project, name: "p", holdout_percent: 20 } }),
    ]);
  });

  it("compare those who get every campaign with those who get none, and count the discount of all", async () => {
    const rows = await readArms(stores.warehouse, project, "cam_all");
    expect(rows.map(({ basis }) => basis)).toEqual(["project", "project"]);
    const byArm = Object.fromEntries(rows.map((row) => [row.arm, row]));
    const heldOut = made.known.filter(({ identifier }) => held(identifier));
    expect(byArm.treated?.customers_count).toBe(made.known.length - heldOut.length);
    expect(byArm.held_out).toMatchObject({
      customers_count: heldOut.length,
      orders_count: sumsOf(heldOut).orders.y,
      // Every fifth customer took 200 of another campaign.
      discount_amount: 200 * heldOut.filter(({ identifier }) => Number(identifier.match(/\d+/)?.[0]) % 5 === 0).length,
    });
  });
});

describe("the windows of a campaign", () => {
  const stores = useStores();
  const project = "prj_windows";

  async function windowOf(campaign: string) {
    const result = await stores.warehouse.query({
      query: `SELECT basis, holdout_percent, measured_from, measured_until, known_before FROM campaign_holdouts
              WHERE project_id = {project: String} AND campaign_id = {campaign: String}`,
      query_params: { project, campaign },
      format: "JSONEachRow",
    });
    return (await result.json<Record<string, unknown>>())[0];
  }

  beforeAll(async () => {
    const s = shop(project, "M");
    const ended = { status: "active", ends_at: "2026-06-01T00:00:00Z" } as const;
    const changed = (id: string, at: string, change: object) => s.campaign(id, at, change, "campaign.status_changed");
    await deliver(stores, [
      s.campaign("cam_plain", "2026-01-01T00:00:00Z", { ...ended, holdout_percent: 0 }),
      s.campaign("cam_late", "2026-01-01T00:00:00Z", {
        ...ended,
        holdout_percent: 10,
        starts_at: "2026-02-01T00:00:00Z",
      }),
      s.campaign("cam_changed", "2026-01-01T00:00:00Z", { ...ended, holdout_percent: 0 }),
      changed("cam_changed", "2026-02-01T00:00:00Z", { ...ended, holdout_percent: 10 }),
      changed("cam_changed", "2026-03-01T00:00:00Z", { ...ended, holdout_percent: 20 }),
      changed("cam_changed", "2026-03-05T00:00:00Z", { ...ended, holdout_percent: 20, name: "New name" }),
      // Announced again when snapshots began to name the holdout.
      s.campaign("cam_old", "2026-01-01T00:00:00Z", ended),
      changed("cam_old", "2026-02-01T00:00:00Z", { ...ended, holdout_percent: 10 }),
      s.campaign("cam_archived", "2026-01-01T00:00:00Z", { ...ended, holdout_percent: 10 }),
      changed("cam_archived", "2026-04-01T00:00:00Z", { ...ended, holdout_percent: 10, status: "archived" }),
    ]);
  });

  it.each([
    ["cam_plain", { basis: "", measured_from: null, known_before: null }],
    ["cam_late", { holdout_percent: 10, measured_from: "2026-02-01", known_before: "2026-02-01" }],
    // From the last change on, with the customers from before there was a holdout.
    ["cam_changed", { holdout_percent: 20, measured_from: "2026-03-01", known_before: "2026-02-01" }],
    ["cam_old", { holdout_percent: 10, measured_from: "2026-02-01", known_before: "2026-01-01" }],
    ["cam_archived", { measured_from: "2026-01-01", measured_until: "2026-04-01", known_before: "2026-01-01" }],
  ])("%s", async (campaign, expected) => {
    const found = (await windowOf(campaign)) ?? {};
    for (const [name, value] of Object.entries(expected)) {
      const date = typeof value === "string" && value.startsWith("2026") ? `${value}T00:00:00.000Z` : value;
      expect([name, found[name]]).toEqual([name, date]);
    }
    if (campaign !== "cam_plain" && campaign !== "cam_archived") {
      expect(found.measured_until).toBe("2026-06-01T00:00:00.000Z");
    }
  });

  it("of a customer the lottery is the same in SQL as in TypeScript, whatever the letters", async () => {
    const random = seeded(5);
    const alphabets = ["abcXYZ019-_.@", "äßéžøñç", "日本語中文한국어", "🛒🎁👩‍👩‍👧", "\t '\"\\%\n"].map((text) => [
      ...text,
    ]);
    const customers = Array.from({ length: 2_000 }, (_, index) => {
      const letters = alphabets[index % alphabets.length] as string[];
      const length = 1 + Math.floor(random() * 20);
      return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
    });
    const rows: { customer: string; bucket: number }[] = [];
    // A parameter of a query has its limits.
    for (let from = 0; from < customers.length; from += 250) {
      const result = await stores.warehouse.query({
        query: `SELECT customer, murmurHash3_32(concat('cam_lottery', '\\0', customer)) % 10000 / 100 AS bucket
                FROM (SELECT arrayJoin({customers: Array(String)}) AS customer)`,
        query_params: { customers: customers.slice(from, from + 250) },
        format: "JSONEachRow",
      });
      rows.push(...(await result.json<{ customer: string; bucket: number }>()));
    }
    expect(rows.map(({ bucket }) => bucket)).toEqual(
      rows.map(({ customer }) => holdoutBucket("cam_lottery", customer)),
    );
    expect(rows.map(({ customer }) => customer)).toEqual(customers);
  });
});
