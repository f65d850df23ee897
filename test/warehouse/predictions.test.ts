/** What is predicted of customers: learnt from their own project, said with its bounds, or not said at all. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { predictDue } from "../../api/customers/prediction-worker.ts";
import type { ThreeSixtyWire } from "../../api/customers/three-sixty/schema.ts";
import type { Event } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { findDueProjects } from "../../models/lifetime/due.ts";
import { seeded } from "../../models/training/random.ts";
import { forgetCustomers, refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { shop } from "./shop.ts";

const app = useApp();
const log = pino({ level: "silent" });
const customersCount = 320;
const historyDays = 240;
const now = Date.now();
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString();

type Row = Record<string, number | string | null>;

let large: TestProject;
let small: TestProject;

/**
 * Even customers buy often, odd ones seldom; every third likes toys, the others food. Every third of the
 * regulars has been silent for four months. Number 1 always has a discount.
 */
function tell(projectId: string): Event[] {
  const { order, redeemed, campaign } = shop(projectId, "M");
  const random = seeded(7);
  const events: Event[] = [campaign("M", daysAgo(300)), campaign("A", daysAgo(300))];
  for (let n = 0; n < customersCount; n += 1) {
    const customer = `c${String(n).padStart(3, "0")}`;
    const gap = n % 2 === 0 ? 30 : 120;
    const until = n % 6 === 0 ? 120 : 2;
    let bought = 0;
    for (let at = historyDays - random() * 60; at > until; at -= Math.max(1, -gap * Math.log(1 - random()))) {
      const id = `${customer}-${bought}`;
      const off = n === 1 ? 100 : 0;
      const lines = [["sku", n % 3 === 0 ? "toys" : "food", 2, 500 + 10 * (n % 100)]] as const;
      if (off > 0) {
        const codes = [["TEN", "A", off]] as const;
        events.push(redeemed({ id: `red_${id}`, at: daysAgo(at + 0.01), customer, orderId: id, lines, codes }));
      }
      events.push(order("order.paid", daysAgo(at), customer, id, lines, off));
      bought += 1;
    }
  }
  return events;
}

async function rows(query: string, project = large): Promise<Row[]> {
  const result = await app.warehouse.query({
    query,
    query_params: { project: project.projectId },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<Row>();
}

const predict = () => predictDue({ pool: app.pool, warehouse: app.warehouse, log }, new AbortController().signal);

async function read(project: TestProject, customer: string): Promise<ThreeSixtyWire> {
  const response = await project.request("GET", `/v1/customers/${customer}/360`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as ThreeSixtyWire;
}

beforeAll(async () => {
  [large, small] = [await app.newProject(), await app.newProject()];
  await appendEvents(app.db, tell(large.projectId));
  const { order } = shop(small.projectId, "M");
  await appendEvents(
    app.db,
    [40, 20, 3].map((days) => order("order.paid", daysAgo(days), "solo", `s${days}`, [["sku", "food", 1, 500]])),
  );
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log }).drain();
  await refreshCustomers(app.warehouse);
  expect((await read(large, "c002")).predictions_missing).toBe("not_computed");
  await predict();
});

describe("with enough customers who bought twice", () => {
  it("everybody who bought has one row, with bounds around what is expected", async () => {
    const predicted = await rows("SELECT * FROM customer_predictions WHERE project_id = {project: String}");
    expect(predicted).toHaveLength(customersCount);
    for (const row of predicted) {
      const of = (name: string) => Number(row[name]);
      expect(of("expected_orders_365d_low")).toBeLessThanOrEqual(of("expected_orders_365d_high"));
      expect(of("expected_orders_90d")).toBeLessThan(of("expected_orders_365d"));
      expect(of("predicted_value_amount_365d_low")).toBeLessThanOrEqual(of("predicted_value_amount_365d_high"));
      expect(of("predicted_value_amount_365d")).toBeGreaterThan(0);
      expect(of("probability_alive")).toBeGreaterThan(0);
      expect(of("probability_alive")).toBeLessThanOrEqual(1);
      expect(of("engagement")).toBeGreaterThan(0);
      expect(of("engagement")).toBeLessThanOrEqual(1);
      expect(row.currency).toBe("EUR");
    }
  });

  it("regulars are expected more often than others, and whoever fell silent hardly at all", async () => {
    const [means] = await rows(`
      SELECT avgIf(p.expected_orders_365d, n % 2 = 0 AND n % 6 != 0) AS regulars, avgIf(p.expected_orders_365d, n % 2 = 1) AS others,
        avgIf(p.expected_orders_365d, n % 6 = 0) AS silent, avgIf(p.probability_alive, n % 6 = 0) AS silent_alive,
        avgIf(p.probability_alive, n % 2 = 0 AND n % 6 != 0) AS regular_alive
      FROM (SELECT *, toUInt32(substring(customer, 2)) AS n FROM customer_predictions WHERE project_id = {project: String}) AS p`);
    expect(Number(means?.regulars)).toBeGreaterThan(1.6 * Number(means?.others));
    expect(Number(means?.silent)).toBeLessThan(Number(means?.regulars) / 2);
    expect(Number(means?.silent_alive)).toBeLessThan(0.75 * Number(means?.regular_alive));
    // They bought every 30 days so far, twelve times a year, and some leave.
    expect(Number(means?.regulars)).toBeGreaterThan(4);
    expect(Number(means?.regulars)).toBeLessThan(14);
  });

  it("Customer 360 says them, with what the customer likes", async () => {
    const [row] = await rows(
      "SELECT * FROM customer_predictions WHERE project_id = {project: String} AND customer = 'c001'",
    );
    const { predictions, predictions_missing } = await read(large, "c001");
    expect(predictions_missing).toBeNull();
    expect(predictions).toMatchObject({
      currency: "EUR",
      model: row?.model,
      probability_alive: row?.probability_alive,
      expected_orders_365d: { expected: row?.expected_orders_365d, high: row?.expected_orders_365d_high },
      predicted_value_amount_365d: { expected: row?.predicted_value_amount_365d },
    });
    expect(predictions?.model).toMatch(/^lifetime@\d{4}-\d\d-\d\d-[0-9a-f]{8}$/);
    expect(predictions?.category_preference.map(({ category }) => category)).toEqual(["food"]);
    expect(predictions?.category_preference[0]?.lift).toBeGreaterThan(1);
    expect(predictions?.discount_preference).toBeGreaterThan(5);
    const toys = (await read(large, "c003")).predictions;
    expect(toys?.category_preference[0]?.category).toBe("toys");
    expect(toys?.discount_preference).toBeLessThan(1);
  });

  it("the bands of value are all customers, and the run says what it learnt", async () => {
    const bands = await rows("SELECT * FROM predicted_value_bands WHERE project_id = {project: String}");
    expect(bands.reduce((sum, band) => sum + Number(band.customers_count), 0)).toBe(customersCount);
    const top = bands.find((band) => band.band === "top 10 %");
    expect(Number(top?.customers_count)).toBeGreaterThanOrEqual(customersCount / 10);
    expect(Number(top?.predicted_value_amount_365d) / Number(top?.customers_count)).toBeGreaterThan(
      bands.reduce((sum, band) => sum + Number(band.predicted_value_amount_365d), 0) / customersCount,
    );
    const [run] = await rows("SELECT * FROM prediction_runs WHERE project_id = {project: String}");
    expect(run).toMatchObject({ outcome: "predicted", predicted_count: customersCount, is_latest: 1 });
    expect(Number(run?.level)).toBeGreaterThan(0.5);
  });

  it("a run is not repeated before there is a reason; a second one replaces the rows of the first", async () => {
    const due = await findDueProjects(app.warehouse);
    expect(due.filter(({ projectId }) => [large.projectId, small.projectId].includes(projectId))).toEqual([]);
    await app.warehouse.command({
      query: `INSERT INTO customer_prediction_runs SELECT * REPLACE (as_of - INTERVAL 3 DAY AS as_of) FROM customer_prediction_runs
        WHERE project_id = {project: String}`,
      query_params: { project: large.projectId },
    });
    await app.warehouse.command({
      query:
        "ALTER TABLE customer_prediction_runs DELETE WHERE project_id = {project: String} AND as_of > now() - INTERVAL 2 DAY",
      query_params: { project: large.projectId },
      clickhouse_settings: { mutations_sync: "2" },
    });
    await app.warehouse.command({
      query: `INSERT INTO customer_predictions_raw SELECT * REPLACE ('gone' AS customer) FROM customer_predictions_raw
        WHERE project_id = {project: String} AND customer = 'c001'`,
      query_params: { project: large.projectId },
    });
    await predict();
    const [count] = await rows(
      "SELECT count() AS n, countIf(customer = 'gone') AS gone FROM customer_predictions_raw WHERE project_id = {project: String}",
    );
    expect(count).toEqual({ n: customersCount, gone: 0 });
  });

  it("whoever is forgotten is forgotten here too", async () => {
    await forgetCustomers(app.warehouse, large.projectId, ["c005"]);
    const [count] = await rows(
      "SELECT count() AS n FROM customer_predictions_raw WHERE project_id = {project: String} AND customer = 'c005'",
    );
    expect(count).toEqual({ n: 0 });
  });
});

describe("with too few", () => {
  it("nothing is predicted, and it is said why", async () => {
    expect(await rows("SELECT customer FROM customer_predictions WHERE project_id = {project: String}", small)).toEqual(
      [],
    );
    const known = await read(small, "solo");
    expect(known.predictions).toBeNull();
    expect(known.predictions_missing).toBe("too_few_repeat_customers");
    const [run] = await rows("SELECT * FROM prediction_runs WHERE project_id = {project: String}", small);
    expect(run).toMatchObject({
      outcome: "too_few_repeat_customers",
      customers_count: 1,
      predicted_count: 0,
      model: "",
    });
  });

  it("whoever never ordered is told apart", async () => {
    expect((await large.request("PUT", "/v1/customers/looker", {})).status).toBe(201);
    expect((await read(large, "looker")).predictions_missing).toBe("no_orders");
  });
});
