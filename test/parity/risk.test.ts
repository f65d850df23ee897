/**
 * A shop's attempts, made through the HTTP API with the online store kept up to date: the vector that each was scored
 * with, as its event logged it, is what ClickHouse computes from the events alone.
 */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { signalsFollower } from "../../api/signals/follow.ts";
import { drainConsumer } from "../../ingest/consumer.ts";
import { createRelay } from "../../ingest/relay.ts";
import { orDefault } from "../../models/features/feature.ts";
import { riskFeatures } from "../../models/features/risk.ts";
import { signalSituations } from "../../models/features/signals/situations.ts";
import { examplesSql } from "../../models/training/examples.ts";
import { seeded } from "../../models/training/random.ts";
import { type Answer, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const context = useApp();
const log = pino({ level: "silent" });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

class Shop {
  readonly project: TestProject;
  #orders = 0;

  constructor(project: TestProject) {
    this.project = project;
  }

  async must(status: number, method: string, path: string, body: object): Promise<Answer["body"]> {
    const answer = await send(this.project, method, path, body);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer.body;
  }

  async campaign(template: string, amount: number): Promise<string> {
    const main = await this.must(201, "POST", "/v1/campaigns", {
      type: "main",
      name: template,
      template,
      currency: "EUR",
    });
    await this.must(200, "POST", `/v1/campaigns/${main.id}/activate`, {});
    const sub = await this.must(201, "POST", "/v1/campaigns", {
      ...{ type: "sub", parent_id: main.id, name: `${template} ${amount}`, currency: "EUR" },
      ...{ triggers_on: "redemption", rewards: [{ type: "order_discount", amount }] },
    });
    await this.must(200, "POST", `/v1/campaigns/${sub.id}/activate`, {});
    return sub.id;
  }

  /** @returns the order's id when the codes were accepted. */
  async redeem(codes: readonly string[], customer: string | null, at: number, order: object): Promise<string | null> {
    this.#orders += 1;
    const id = `order-${this.#orders}`;
    const who = customer === null ? {} : { customer: { identifier: customer } };
    const body = { codes, ...who, order: { id, ...order }, at: new Date(at).toISOString() };
    const answer = await send(this.project, "POST", "/v1/redemptions", body, { "Idempotency-Key": randomUUID() });
    expect([201, 422], JSON.stringify(answer.body)).toContain(answer.status);
    await drainConsumer(signalsFollower({ db: context.db, log }));
    return answer.status === 201 ? id : null;
  }
}

async function play(shop: Shop, steps: number): Promise<void> {
  const random = seeded(4);
  const below = (bound: number) => Math.floor(random() * bound);
  const among = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const sale = await shop.campaign("discount", 300);
  for (const code of ["SALE", "WELCOME"]) {
    await shop.must(201, "POST", `/v1/campaigns/${sale}/vouchers`, { kind: "generic", code });
  }
  const referral = await shop.campaign("referral", 500);
  await shop.must(201, "POST", `/v1/campaigns/${referral}/referral-codes`, {
    ...{ customer: { identifier: "customer-1" }, code: "FRIEND" },
  });
  let at = Date.now() - 80 * day;
  // New for their first days, with addresses of one shape.
  for (const number of [2, 3, 4]) {
    const email = `some.one${number}+x@example.com`;
    await shop.must(201, "PUT", `/v1/customers/customer-${number}`, {
      email,
      created_at: new Date(at + 9 * day).toISOString(),
    });
  }
  const bought: { customer: string; id: string; order: object }[] = [];
  for (let step = 0; step < steps; step += 1) {
    at += among([1, 10_000, minute, 20 * minute, hour, 5 * hour, day]);
    const customer = random() < 0.15 ? null : `customer-${below(9)}`;
    const order = {
      currency: "EUR",
      items: [{ sku: "a", quantity: 1 + below(3), unit_amount: 800 + below(4000) }],
      ...(random() < 0.5 ? { shipping_address: `${1 + below(4)} High Street, Town` } : {}),
      ...(random() < 0.5 ? { payment: { fingerprint: `card-${below(4)}` } } : {}),
      device: {
        ...(random() < 0.8 ? { id: `device-${below(4)}` } : {}),
        ...(random() < 0.8 ? { ip: among(["192.0.2.7", "192.0.2.8", "198.51.100.1", "2001:db8:1:2::7"]) } : {}),
      },
    };
    const dice = random();
    if (dice < 0.1) {
      // Guesses come in series.
      for (const guess of ["A", "B", "C"]) {
        at += 1_000;
        await shop.redeem([`GUESS${step}${guess}`], customer, at, order);
      }
    } else if (dice < 0.2 && bought.length > 0) {
      const back = bought.splice(below(bought.length), 1)[0];
      if (back === undefined) continue;
      await shop.must(201, "POST", "/v1/orders", {
        ...{ id: back.id, customer: { identifier: back.customer }, status: "refunded" },
        ...{ ...back.order, occurred_at: new Date(at).toISOString() },
      });
      await drainConsumer(signalsFollower({ db: context.db, log }));
    } else if (dice < 0.35 && customer !== null) {
      await shop.must(201, "POST", "/v1/orders", {
        ...{ id: `bought-${step}`, customer: { identifier: customer }, status: "paid" },
        ...{ ...order, occurred_at: new Date(at).toISOString() },
      });
      await drainConsumer(signalsFollower({ db: context.db, log }));
    } else {
      const codes = among([["SALE"], ["WELCOME"], ["FRIEND"], ["SALE", "WELCOME"]]);
      const id = await shop.redeem(codes, customer, at, order);
      if (id !== null && customer !== null) bought.push({ customer, id, order });
    }
  }
  await drainConsumer(signalsFollower({ db: context.db, log }));
}

describe("a shop's attempts", () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = new Shop(await context.newProject());
    await play(shop, 170);
    await createRelay({ pool: context.pool, warehouse: context.warehouse, log }).drain();
  }, 300_000);

  it("were scored with what ClickHouse makes of the events", async () => {
    const result = await context.warehouse.query({
      query: `
        SELECT tie, features, logged FROM (${examplesSql(riskFeatures, signalSituations())}) AS made
        INNER JOIN (
          SELECT subject_id, JSONExtractRaw(payload, 'risk', 'features') AS logged FROM events
          WHERE project_id = {project:String} AND type IN ('redemption.succeeded', 'redemption.rejected')
        ) AS told ON told.subject_id = made.tie`,
      query_params: { project: shop.project.projectId },
      format: "JSONEachRow",
    });
    const rows = await result.json<{ tie: string; features: (number | null)[]; logged: string }>();
    expect(rows.length).toBeGreaterThan(100);
    const values = rows.map((row) => {
      const logged = JSON.parse(row.logged) as Record<string, number>;
      return riskFeatures.features.map((feature, at) => ({
        name: feature.name,
        logged: logged[feature.name] ?? Number.NaN,
        made: orDefault(feature, row.features[at] ?? null),
      }));
    });
    const differing = values
      .flat()
      .filter(({ logged, made }) => !(Math.abs(logged - made) <= 1e-9 * Math.max(1, Math.abs(made))));
    expect(differing.slice(0, 20)).toEqual([]);
    const still = riskFeatures.features.filter((_, at) => new Set(values.map((row) => row[at]?.made)).size === 1);
    expect(still.map(({ name }) => name)).toEqual(["lines_count"]);
  });

  it("left nothing of what the shop said of them in any table", async () => {
    const { rows: columns } = await context.pool.query<{ name: string; column: string }>(
      `select c.table_name as name, c.column_name as column from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
         and c.udt_name in ('text', 'json', 'jsonb', '_text')`,
    );
    for (const { name, column } of columns) {
      const found = await context.pool.query(
        `select from ${name} where ${column}::text ~ 'device-[0-9]|card-[0-9]|192[.]0[.]2|198[.]51|2001:db8|High Street' limit 1`,
      );
      expect(found.rowCount, `${name}.${column}`).toBe(0);
    }
    const told = await context.warehouse.query({
      query: `SELECT count() AS found, countIf(notEmpty(signals['card'])) AS cards FROM events
        WHERE project_id = {project:String}
          AND (match(payload, 'device-[0-9]|card-[0-9]|192[.]0[.]2|198[.]51|2001:db8|High Street') OR notEmpty(signals['card']))`,
      query_params: { project: shop.project.projectId },
      format: "JSONEachRow",
    });
    const [counts] = await told.json<{ found: number; cards: number }>();
    expect(counts?.cards).toBeGreaterThan(40);
    expect(counts?.found).toBe(counts?.cards);
  });
});
