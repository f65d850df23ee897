/**
 * `npm run bench:validate`: validations over HTTP against a route of the same process that authenticates and does
 * nothing, with 1, 100 and 1,000 active automatic campaigns; and the engine alone against the engines that others use,
 * on the same rules and carts, after checking that all of them give the same answers.
 *
 * Options: --only http|engine --seconds 4 --rounds 3 --callers 1,8,32 --campaigns 1,100,1000
 * The peers are packages of their own: `npm --prefix bench ci`.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClient } from "./client.ts";
import { makeCarts } from "./engine/carts.ts";
import { compareEngines } from "./engine/compare.ts";
import { productRule } from "./engine/rules.ts";
import { wireBasket } from "./engine/wire.ts";
import { startFixture } from "./fixture.ts";
import { closedLoop, type Measurement, median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    callers: { type: "string", default: "1,8,32" },
    campaigns: { type: "string", default: "1,100,1000" },
  },
});
const durationMs = Number(values.seconds) * 1000;
const rounds = Number(values.rounds);
const callersList = values.callers.split(",").map(Number);
const campaignsList = values.campaigns.split(",").map(Number);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runEngine(): Promise<void> {
  const result = await compareEngines({ durationMs: durationMs / 20, rounds: rounds * 7 });
  print(
    `\nThe engine alone: ${result.rules} rules on each of ${result.carts} carts, ${(100 * result.metShare).toFixed(0)} % of them met; all engines gave the same answer on every cart.`,
  );
  print(`${"".padEnd(40)} carts per s ${result.peers.map((peer) => `× ${peer.name}`.padStart(30)).join("")}`);
  for (const { name, perSecond } of [...result.ours, ...result.peers]) {
    const ratios = result.peers.map((peer) => (perSecond / peer.perSecond).toFixed(2).padStart(30));
    print(`${name.padEnd(40)} ${perSecond.toFixed(0).padStart(11)} ${ratios.join("")}`);
  }
  print("");
  for (const { name, perSecond } of result.automatic) {
    print(`${name.padEnd(40)} ${perSecond.toFixed(0).padStart(11)}   ${(1000 / perSecond).toFixed(3)} ms each`);
  }
}

async function runHttp(): Promise<void> {
  const fixture = await startFixture(2, ["bench/serve.ts"]);
  const client = createClient(fixture.url, fixture.key, Math.max(...callersList));
  let made = 0;
  const subCampaign = async (body: object): Promise<string> => {
    const main = await client.create("/v1/campaigns", { type: "main", name: `Main ${made}`, currency: "EUR" });
    const sub = await client.create("/v1/campaigns", {
      type: "sub",
      parent_id: main.id,
      name: `Sub ${made}`,
      triggers_on: "redemption",
      currency: "EUR",
      ...body,
    });
    for (const id of [main.id, sub.id]) await client.create(`/v1/campaigns/${id}/activate`, {});
    made += 1;
    return sub.id;
  };
  try {
    const coded = await subCampaign({
      budget_amount: 900_000_000_000,
      redemptions_max: 900_000_000,
      limits: { per_customer: 1_000_000 },
      rules: { on: "order.amount", op: "greater_or_equal", value: 1 },
      rewards: [{ type: "order_discount", percent_bp: 1_000 }],
    });
    await client.create(`/v1/campaigns/${coded}/vouchers`, { kind: "generic", code: "SALE10" });
    const bodies = makeCarts(200, 7).map((cart, number) => ({
      codes: ["SALE10"],
      customer: { identifier: `customer-${number}` },
      order: wireBasket(cart),
    }));
    for (const { customer } of bodies) {
      await client.create("/v1/orders", {
        id: `first-${customer.identifier}`,
        customer,
        status: "paid",
        currency: "EUR",
        items: [{ sku: "first", quantity: 1, unit_amount: 100 }],
      });
    }
    let next = 0;
    const calling = (path: string) => async () => {
      next += 1;
      const { status, text } = await client.post(path, bodies[next % bodies.length] ?? {});
      if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
    };
    const loops = { nothing: calling("/bench/nothing"), validation: calling("/v1/validations") };
    let automatic = 0;
    for (const campaigns of campaignsList) {
      for (; automatic < campaigns; automatic++) {
        await subCampaign({
          automatic: true,
          rules: productRule(automatic),
          rewards: [{ type: "order_discount", amount: 1 }],
        });
      }
      await fixture.pool.query("vacuum analyze");
      const applied = await meanApplied(bodies);
      print(
        `\nPOST /v1/validations with one code, ${campaigns} automatic campaigns (${applied.toFixed(1)} apply to a cart)`,
      );
      print("callers  route                    per s     p50 ms    p99 ms   × nothing");
      for (const callers of callersList) await compareRoutes(callers, loops);
    }
  } finally {
    client.close();
    await fixture.stop();
  }

  async function meanApplied(bodies: readonly object[]): Promise<number> {
    let applied = 0;
    for (const body of bodies) {
      const { status, text } = await client.post("/v1/validations", body);
      const answer = JSON.parse(text);
      if (status !== 200 || answer.valid !== true) throw new Error(`a validation answered ${status}: ${text}`);
      applied += answer.automatic.length;
    }
    return applied / bodies.length;
  }

  async function compareRoutes(callers: number, loops: Record<string, () => Promise<void>>): Promise<void> {
    const results = new Map<string, Measurement[]>(Object.keys(loops).map((name) => [name, []]));
    for (let round = -1; round < rounds; round++) {
      for (const [name, call] of Object.entries(loops)) {
        client.reconnect();
        const result = await closedLoop({ callers, durationMs }, call);
        // The first round warms up.
        if (round >= 0) results.get(name)?.push(result);
      }
    }
    const base = median(results.get("nothing") ?? []);
    for (const [name, measured] of results) {
      const { perSecond, p50, p99 } = median(measured);
      print(
        `${String(callers).padStart(7)}  ${name.padEnd(20)} ${perSecond.toFixed(0).padStart(9)} ${p50.toFixed(2).padStart(10)} ${p99.toFixed(2).padStart(9)} ${(perSecond / base.perSecond).toFixed(2).padStart(11)}`,
      );
    }
  }
}

if (values.only !== "http") {
  if (!existsSync(new URL("node_modules/json-rules-engine", import.meta.url))) {
    process.stderr.write("The engines to compare with are not installed: npm --prefix bench ci\n");
    process.exit(2);
  }
  await runEngine();
}
if (values.only !== "engine") await runHttp();
