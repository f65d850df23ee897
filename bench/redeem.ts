/**
 * `npm run bench:redeem`: redemptions over HTTP, against the same SQL function called in a closed loop straight from
 * pg connections, and against bare commits; all in one run on the same PostgreSQL, in alternating rounds.
 *
 * Options: --callers 32 --seconds 5 --rounds 3
 */
import { parseArgs } from "node:util";
import { createKysely } from "../api/db/kysely.ts";
import { decide } from "../api/domain/decide.ts";
import { newId } from "../api/ids.ts";
import { customerOf, redeemArgument } from "../api/redemptions/arguments.ts";
import { loadFacts } from "../api/redemptions/load-facts.ts";
import { commitAll } from "../api/redemptions/take.ts";
import { notAssessed } from "../api/risk/assess.ts";
import { type OrderBody, toOrderFacts } from "../api/validations/order-schema.ts";
import { createClient } from "./client.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { closedLoop, type Measurement, median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    callers: { type: "string", default: "32" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
  },
});
const callers = Number(values.callers);
const durationMs = Number(values.seconds) * 1000;
const rounds = Number(values.rounds);

/** Spread over so many campaigns; the hot scenario has one. */
const uniformCampaigns = 64;
const vouchersPerScenario = 400_000;

interface Scenario {
  readonly name: string;
  readonly campaignIds: readonly string[];
  /** Codes are `${prefix}${n}`; each is used once. */
  readonly prefix: string;
  used: number;
}

const order: OrderBody = {
  currency: "EUR",
  items: [
    { sku: "coffee-1kg", quantity: 2, unit_amount: 2495, categories: ["coffee"] },
    { sku: "mug", quantity: 1, unit_amount: 990, categories: ["kitchen"] },
    { sku: "filter", quantity: 3, unit_amount: 299, categories: ["kitchen"] },
  ],
};

/** Active campaigns with every limit set, far away, so that each is checked and none is reached. */
async function createCampaign(name: string): Promise<string> {
  const far = { budget_amount: 900_000_000_000, redemptions_max: 900_000_000 };
  const main = await client.create("/v1/campaigns", { type: "main", name, currency: "EUR", ...far });
  const sub = await client.create("/v1/campaigns", {
    type: "sub",
    parent_id: main.id,
    name,
    triggers_on: "redemption",
    currency: "EUR",
    ...far,
    limits: { per_customer: 1_000_000 },
    rules: { on: "order.amount", op: "greater_or_equal", value: 1000 },
    rewards: [{ type: "order_discount", percent_bp: 1000 }],
  });
  for (const id of [main.id, sub.id]) await client.create(`/v1/campaigns/${id}/activate`, {});
  return sub.id;
}

async function setUp(fixture: Fixture, name: string, campaigns: number): Promise<Scenario> {
  const campaignIds: string[] = [];
  for (let index = 0; index < campaigns; index++) campaignIds.push(await createCampaign(`${name} ${index}`));
  const prefix = name.toUpperCase();
  const client = await fixture.pool.connect();
  await client.query("set statement_timeout = 0");
  await client.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, limits, created_at, updated_at)
     select $1, 'vou_' || $2 || n, $2 || n, ($3::text[])[1 + n % array_length($3::text[], 1)], 'unique', 'created', 1, '{}', now(), now()
     from generate_series(1, $4::int) n`,
    [fixture.projectId, prefix, campaignIds, vouchersPerScenario],
  );
  await client.query("analyze");
  client.release(true);
  return { name, campaignIds, prefix, used: 0 };
}

function nextCode(scenario: Scenario): string {
  scenario.used += 1;
  if (scenario.used > vouchersPerScenario) throw new Error("the vouchers ran out: measure for a shorter time");
  return `${scenario.prefix}${scenario.used}`;
}

const customers = 5000;
let serial = 0;

function httpRedeem(scenario: Scenario) {
  return async () => {
    const code = nextCode(scenario);
    serial += 1;
    const { status, text } = await client.post(
      "/v1/redemptions",
      { codes: [code], customer: { identifier: `c-${serial % customers}` }, order: { id: `h-${serial}`, ...order } },
      { "idempotency-key": `h-${serial}` },
    );
    if (status !== 201) throw new Error(`a redemption answered ${status}: ${text}`);
  };
}

/** The API's own argument for one voucher of each campaign, as text in which the parts of one call are replaced. */
async function functionRedeem(fixture: Fixture, scenario: Scenario) {
  const db = createKysely(fixture.pool);
  const templates = await Promise.all(
    scenario.campaignIds.map(async () => {
      const code = nextCode(scenario);
      const request = {
        projectId: fixture.projectId,
        codes: [code],
        customer: "c-1",
        order: { ...toOrderFacts(order), id: "ORDERID" },
        at: null,
        languages: [],
        idempotencyKey: "IDEMPOTENCYKEY",
        requestHash: "00".repeat(32),
        source: "api" as const,
        origin: {},
        requestId: "",
      };
      const loaded = await loadFacts({ pool: fixture.pool, db }, request);
      const attempt = { request, loaded, decision: decide(loaded.facts), risk: notAssessed };
      const nothingIssued = { issues: [], lines: [], identifiers: new Map<string, string>() };
      const argument = JSON.stringify(redeemArgument(attempt, customerOf(loaded), nothingIssued));
      const customerId = loaded.facts.customer?.id ?? "";
      return { code, argument, customerId, ids: [...new Set(argument.match(/(red|evt)_[0-9a-z]{26}/g))] };
    }),
  );
  const byCampaign = new Map(templates.map((template) => [campaignOf(template.code, scenario), template]));
  return async () => {
    const code = nextCode(scenario);
    const template = byCampaign.get(campaignOf(code, scenario));
    if (template === undefined) throw new Error(`no template for the campaign of ${code}`);
    serial += 1;
    let text = template.argument
      .replaceAll(`"${template.code}"`, `"${code}"`)
      .replaceAll(`\\"${template.code}\\"`, `\\"${code}\\"`)
      .replaceAll(`vou_${template.code}"`, `vou_${code}"`)
      // The callers over HTTP are as many customers.
      .replaceAll(`"${template.customerId}"`, `"cus_bench${serial % customers}"`)
      .replaceAll("ORDERID", `f-${serial}`)
      .replaceAll("IDEMPOTENCYKEY", `f-${serial}`);
    for (const id of template.ids) text = text.replaceAll(id, newId(id.slice(0, 3) as "red" | "evt"));
    const [answer] = await commitAll(fixture.pool, [text]);
    if (answer?.outcome !== "done") throw new Error(`the function answered ${answer?.outcome} ${answer?.body}`);
  };
}

function campaignOf(code: string, scenario: Scenario): number {
  return Number(code.slice(scenario.prefix.length)) % scenario.campaignIds.length;
}

async function bareCommit(fixture: Fixture) {
  await fixture.pool.query("create table bench_commit (id bigint generated always as identity primary key, body text)");
  return async () => {
    await fixture.pool.query({ name: "commit", text: "insert into bench_commit (body) values ($1)", values: ["x"] });
  };
}

function print(label: string, result: Measurement, base: Measurement): void {
  const cells = [
    label.padEnd(44),
    result.perSecond.toFixed(0).padStart(7),
    result.p50.toFixed(1).padStart(8),
    result.p99.toFixed(1).padStart(8),
    (result.perSecond / base.perSecond).toFixed(2).padStart(9),
  ];
  process.stdout.write(`${cells.join(" ")}\n`);
}

const fixture = await startFixture(callers);
const client = createClient(fixture.url, fixture.key, callers);
try {
  const scenarios = [await setUp(fixture, "uniform", uniformCampaigns), await setUp(fixture, "hot", 1)];
  client.reconnect();
  const commit = await bareCommit(fixture);
  // Every customer exists before the clock starts: a shop's customers mostly do.
  for (let index = 0; index < customers; index++) {
    await fixture.pool.query(
      "insert into customer (project_id, id, identifier, created_at, updated_at) values ($1, $2, $3, now(), now())",
      [fixture.projectId, `cus_bench${index}`, `c-${index}`],
    );
  }
  for (const scenario of scenarios) {
    const loops = { commit, function: await functionRedeem(fixture, scenario), http: httpRedeem(scenario) };
    const results = { commit: [] as Measurement[], function: [] as Measurement[], http: [] as Measurement[] };
    const names = ["commit", "function", "http"] as const;
    for (const name of names) {
      client.reconnect();
      await closedLoop({ callers, durationMs }, loops[name]);
    }
    // Autovacuum comes later than a benchmark: by then every plan was made for empty tables.
    await fixture.pool.query("analyze");
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        client.reconnect();
        results[name].push(await closedLoop({ callers, durationMs }, loops[name]));
      }
    }
    const base = median(results.function);
    process.stdout.write(
      `\n${scenario.name}: ${callers} callers, median of ${rounds} rounds of ${durationMs / 1000} s\n${" ".repeat(44)}   per s   p50 ms   p99 ms  × function\n`,
    );
    print("bare commit (one-row insert), pg", median(results.commit), base);
    print("redeem function, pg, argument ready", base, base);
    print("POST /v1/redemptions, HTTP", median(results.http), base);
  }
} finally {
  client.close();
  await fixture.stop();
}
