/** What the API says of one customer is what the marts say of them. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { type ThreeSixtyWire, timelineLimit } from "../../api/customers/three-sixty/schema.ts";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { shop } from "./shop.ts";

const app = useApp();
const log = pino({ level: "silent" });
const shoppers = ["anna", "bela", "cleo@shop.example", "dora/4", "emil"];
let project: TestProject;

type Row = Record<string, unknown>;

/** Numbers that are the same at every run. */
function numbers(seed: number) {
  let state = seed;
  return (upto: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * upto);
  };
}

/** Orders with everything that can happen to one, in any mixture, over a year. */
function tell(projectId: string): Event[] {
  const pick = numbers(20_260_301);
  const { event, campaign, order, redeemed, rolledBack, rejected, validated, published, points } = shop(projectId, "M");
  const events: Event[] = [];
  for (const id of ["M", "A", "B", "C"]) events.push(campaign(id, "2025-01-01T00:00:00Z"));
  for (let n = 0; n < 160; n += 1) {
    // The last shopper is only ever refused.
    const customer = shoppers[pick(shoppers.length)] ?? "";
    const start = Date.UTC(2025, 2, 1) + pick(360) * 86_400_000 + pick(86_400) * 1_000;
    const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
    const attempt = {
      id: `red_${n}`,
      at: at(5),
      customer,
      orderId: `o${n}`,
      lines: [[`sku-${pick(5)}`, ["food", "home", "toys"][pick(3)] ?? "", 1 + pick(3), 500 + pick(2_000)]],
      codes: [[`CODE${pick(3)}`, ["A", "B", "C"][pick(3)] ?? "A", pick(400)]],
    } as const;
    if (pick(3) === 0) events.push(validated({ ...attempt, at: at(1) }, true));
    if (pick(4) === 0 || customer === "emil") {
      const codes = [["NOPE", "A", 0, ["voucher_expired", "rule_not_met"]]] as const;
      events.push(rejected({ ...attempt, id: `rej_${n}`, at: at(pick(20)), codes }));
    }
    if (customer === "emil") continue;
    const discounted = pick(2) === 0;
    if (discounted) {
      events.push(redeemed(attempt));
      if (pick(6) === 0)
        events.push(rolledBack({ ...attempt, codes: [[attempt.codes[0][0], attempt.codes[0][1], 7]] }, at(60), false));
      if (pick(6) === 0)
        events.push(rolledBack({ ...attempt, codes: [[attempt.codes[0][0], attempt.codes[0][1], 9]] }, at(90), true));
    }
    if (pick(5) > 0) {
      const off = discounted ? attempt.codes[0][2] : 0;
      events.push(order("order.created", at(6), customer, attempt.orderId, attempt.lines, off));
      if (pick(5) > 0) events.push(order("order.paid", at(10), customer, attempt.orderId, attempt.lines, off));
      if (pick(9) === 0) events.push(order("order.refunded", at(900), customer, attempt.orderId, attempt.lines, off));
    }
    if (pick(7) === 0) events.push(published(`pub_${n}`, at(11), customer, `CODE${pick(3)}`, "A"));
    if (pick(4) === 0) events.push(points(customer, at(12), "earned", 10, 10));
    if (pick(9) === 0) {
      events.push(
        event("custom.recorded", at(13), { customer, custom_event_id: `c${n}`, name: "visit", properties: {} }),
      );
    }
  }
  return events;
}

async function rows(query: string, params: Row = {}): Promise<Row[]> {
  const result = await app.warehouse.query({
    query,
    query_params: { project: project.projectId, ...params },
    format: "JSONEachRow",
  });
  return result.json<Row>();
}

async function read(customer: string, query = ""): Promise<ThreeSixtyWire> {
  const response = await project.request("GET", `/v1/customers/${encodeURIComponent(customer)}/360${query}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as ThreeSixtyWire;
}

beforeAll(async () => {
  project = await app.newProject();
  await appendEvents(app.db, tell(project.projectId));
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log }).drain();
  // A second copy of everything, as a delivery that was repeated may leave it.
  await app.warehouse.command({
    query: "INSERT INTO events_raw SELECT * FROM events_raw WHERE project_id = {project: String}",
    query_params: { project: project.projectId },
    clickhouse_settings: { max_partitions_per_insert_block: "0" },
  });
  await refreshCustomers(app.warehouse);
});

describe.each(shoppers)("of %s", (customer) => {
  it("the figures are the row of the mart", async () => {
    const [mart] = await rows(
      "SELECT * FROM customers WHERE project_id = {project: String} AND customer = {customer: String}",
      {
        customer,
      },
    );
    const { figures, favourites, risk } = await read(customer);
    for (const name of [
      "orders_count",
      "orders_amount",
      "average_order_amount",
      "first_order_at",
      "last_order_at",
      "recency_days",
      "margin_amount",
      "discounted_orders_share",
      "redemptions_count",
      "discount_amount",
      "rejections_count",
      "validations_count",
      "published_count",
      "points_earned",
      "first_seen_at",
      "last_seen_at",
    ] as const) {
      expect(figures[name], name).toEqual(mart?.[name]);
    }
    expect(figures.currency ?? "").toBe(mart?.currency);
    expect(favourites.categories[0]?.category ?? "").toBe(mart?.favourite_category);
    expect(favourites.campaigns[0]?.campaign_id ?? "").toBe(mart?.favourite_campaign_id);
    expect(risk.score_max).toBe(mart?.risk_score_max);
    expect(risk.flagged_count).toBe(mart?.flagged_count);
    const [lost] = await rows(
      "SELECT sum(lost_amount) AS amount FROM rejections WHERE project_id = {project: String} AND customer = {customer: String}",
      { customer },
    );
    // Amounts of a customer who never paid anything are in no currency.
    expect(figures.lost_amount).toBe(figures.currency === null ? 0 : lost?.amount);
  });

  it("the place among the others is that of the mart", async () => {
    const [mart] = await rows(
      `SELECT rfm_recency, rfm_frequency, rfm_monetary, rfm_segment FROM customers_rfm
       WHERE project_id = {project: String} AND customer = {customer: String}`,
      { customer },
    );
    const { rfm } = (await read(customer)).figures;
    expect([rfm?.recency ?? 0, rfm?.frequency ?? 0, rfm?.monetary ?? 0, rfm?.segment ?? "no orders"]).toEqual([
      mart?.rfm_recency,
      mart?.rfm_frequency,
      mart?.rfm_monetary,
      mart?.rfm_segment,
    ]);
  });

  it("the newest orders, redemptions and rejections are those of the marts", async () => {
    const of = "WHERE project_id = {project: String} AND customer = {customer: String}";
    const known = await read(customer);
    expect(
      known.orders.map(({ order_id, status, total_amount, quantity, paid_at, updated_at }) => ({
        ...{ order_id, status, total_amount, quantity, paid_at, updated_at },
      })),
    ).toEqual(
      await rows(
        `SELECT order_id, status, total_amount, quantity, paid_at, updated_at FROM orders ${of}
         ORDER BY updated_at DESC, order_id LIMIT 10`,
        { customer },
      ),
    );
    expect(
      known.redemptions.map(({ redemption_id, at, discount_amount, rolled_back_amount, rolled_back }) => ({
        ...{ redemption_id, at, discount_amount, rolled_back_amount, rolled_back: Number(rolled_back) },
      })),
    ).toEqual(
      await rows(
        `SELECT redemption_id, any(occurred_at) AS at, sum(r.discount_amount) AS discount_amount,
           sum(r.rolled_back_amount) AS rolled_back_amount, any(r.rolled_back) AS rolled_back
         FROM redemptions AS r ${of} GROUP BY redemption_id ORDER BY at DESC, redemption_id LIMIT 10`,
        { customer },
      ),
    );
    expect(
      known.rejections.map(({ rejection_id, at, reasons, order_amount, bought_later }) => ({
        ...{ rejection_id, at, reasons: [...reasons].sort(), order_amount, bought_later: Number(bought_later) },
      })),
    ).toEqual(
      await rows(
        `SELECT rejection_id, any(occurred_at) AS at, arraySort(groupUniqArray(reason_key)) AS reasons, any(r.order_amount) AS order_amount,
           any(r.bought_later) AS bought_later
         FROM rejections AS r ${of} GROUP BY rejection_id ORDER BY at DESC, rejection_id LIMIT 10`,
        { customer },
      ),
    );
  });

  it("the timeline's pages are all of it, newest first, each entry once", async () => {
    const expected = await rows(
      `SELECT event_id AS id, toString(type) AS type, occurred_at AS at FROM events
       WHERE project_id = {project: String} AND customer = {customer: String} AND type != 'validation.performed'
       ORDER BY at DESC, id`,
      { customer },
    );
    const seen: unknown[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 100; pages += 1) {
      const page: ThreeSixtyWire = await read(customer, cursor === "" ? "?limit=7" : `?limit=7&cursor=${cursor}`);
      seen.push(...page.timeline.data.map(({ id, type, at }) => ({ id, type, at })));
      cursor = page.timeline.next_cursor;
    }
    expect(seen).toEqual(expected);
    expect(seen.length).toBeGreaterThan(0);
  });
});

it("joins what the service holds with what the warehouse knows", async () => {
  const body = { name: "Zoe", email: "zoe@shop.example", tags: { tier: ["gold"] } };
  expect((await project.request("PUT", "/v1/customers/zoe", body)).status).toBe(201);
  const made = await project.request("POST", "/v1/segments", { name: "regulars" });
  const { id } = (await made.json()) as { id: string };
  const joined = await project.request("POST", `/v1/segments/${id}/members`, { customers: ["zoe"] });
  expect(joined.status, await joined.clone().text()).toBeLessThan(300);
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log }).drain();
  const known = await read("zoe");
  expect(known.profile).toMatchObject({ identifier: "zoe", ...body });
  expect(known.figures).toMatchObject({ currency: null, orders_count: 0, average_order_amount: null, rfm: null });
  expect(known.segments).toMatchObject([{ id, name: "regulars" }]);
  expect(known.timeline.data.map(({ type }) => type)).toContain("customer.created");
  expect(known.ingest_lag).toEqual({ rows: 0, seconds: 0 });
  expect(Date.parse(known.as_of)).toBeLessThanOrEqual(Date.now());
});

it("is for those who report, manage or review, of their own project, and refuses a cursor that is none", async () => {
  const cashier = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
  expect((await cashier.request("GET", "/v1/customers/anna/360")).status).toBe(403);
  const reviewer = await withKey(app, project, { kind: "secret", scopes: ["review"] });
  expect((await reviewer.request("GET", "/v1/customers/anna/360")).status).toBe(200);
  const other = await app.newProject();
  expect((await other.request("GET", "/v1/customers/anna/360")).status).toBe(404);
  expect((await project.request("GET", "/v1/customers/anna/360?cursor=bm9uZQ")).status).toBe(400);
  expect(timelineLimit).toBeGreaterThan(7);
});
