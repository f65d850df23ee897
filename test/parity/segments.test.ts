/** Rules of segments are one thing on both sides: what the warehouse answers is what plain TypeScript says of the same customers. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { FactValue } from "../../api/domain/reason.ts";
import type { Rule } from "../../api/domain/rules/rule.ts";
import { ask, readBounds } from "../../api/segments/evaluate/ask.ts";
import { checkSegmentRules } from "../../api/segments/rules/check.ts";
import { SegmentQuery } from "../../api/segments/rules/compile.ts";
import type { RfmBounds } from "../../api/segments/rules/sources.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { fits, type MartFacts } from "../support/segments/fits.ts";
import { eventsOf, listId, lists, shoppers } from "../support/segments/shoppers.ts";
import { soundTree } from "../support/segments/trees.ts";
import { useStores } from "../support/stores.ts";
import { insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const project = "prj_segments";
const now = new Date("2026-05-20T15:00:00Z");
const all = shoppers(100, 6);
const foundRow = z.object({ customer: z.string(), numbers: z.array(z.number()) });

let marts: Map<string, MartFacts>;
let rfm: RfmBounds;

beforeAll(async () => {
  await insertEvents(stores.warehouse, eventsOf(project, all, now));
  await refreshCustomers(stores.warehouse, { whole: true });
  await stores.warehouse.insert({
    table: "customer_predictions_raw",
    values: all
      .filter((_, at) => at % 2 === 0)
      .map(({ identifier }, at) => ({
        ...{ project_id: project, customer: identifier, as_of: "2026-05-20 00:00:00", model: "m@1", currency: "EUR" },
        ...{ probability_alive: at / 60, expected_orders_90d: at / 7, engagement: at / 60 },
        predicted_value_amount_365d: at % 3 === 0 ? null : at * 100.1,
      })),
    format: "JSONEachRow",
  });
  marts = await readMarts();
  rfm = await readBounds(stores.warehouse, project);
});

/** The facts that are columns of marts; windows and ages are counted here. */
async function readMarts(): Promise<Map<string, MartFacts>> {
  const result = await stores.warehouse.query({
    query: `
      SELECT c.*, p.customer != '' AS predicted, p.probability_alive, p.expected_orders_90d, p.engagement,
        p.predicted_value_amount_365d, toUnixTimestamp64Milli(c.last_order_at) AS last_ms,
        toUnixTimestamp64Milli(c.first_order_at) AS first_ms
      FROM (SELECT * FROM customers_rfm WHERE project_id = {project: String}) AS c
      LEFT JOIN (SELECT * FROM customer_predictions WHERE project_id = {project: String}) AS p ON p.customer = c.customer`,
    query_params: { project },
    format: "JSONEachRow",
  });
  const daysSince = (ms: unknown) => (ms === null ? null : Math.floor((now.getTime() - Number(ms)) / 86_400_000));
  return new Map(
    (await result.json<Record<string, FactValue>>()).map((row) => {
      const prediction = (name: string) => (Number(row.predicted) === 1 ? (row[name] ?? null) : null);
      const same = ["currency", "average_order_amount", "discounted_orders_share", "favourite_category"].concat(
        ["favourite_categories", "open_vouchers_count", "gift_card_balance_amount", "risk_score_max", "flagged_count"],
        ["rfm_recency", "rfm_frequency", "rfm_monetary", "rfm_segment"],
      );
      return [
        String(row.customer ?? row["c.customer"]),
        {
          ...Object.fromEntries(same.map((name) => [`customer.${name}`, row[name] ?? row[`c.${name}`] ?? null])),
          "customer.first_order_at": row.first_ms ?? null,
          "customer.last_order_at": row.last_ms ?? null,
          "customer.days_since_order": daysSince(row.last_ms ?? null),
          "customer.probability_alive": prediction("probability_alive"),
          "customer.expected_orders_90d": prediction("expected_orders_90d"),
          "customer.engagement": prediction("engagement"),
          "customer.predicted_value_amount": prediction("predicted_value_amount_365d"),
        },
      ];
    }),
  );
}

function surroundings() {
  return { now: now.getTime(), rfm, staticSegments: new Map(lists.map((name) => [name, listId(name)])) };
}

async function inWarehouse(trees: readonly Rule[]): Promise<Map<string, number[]>> {
  const numbered = trees.map((rules, at) => ({ number: at + 1, rules }));
  const question = new SegmentQuery(surroundings()).matches(numbered, {
    ...{ projectId: project, after: "", upto: "\u{10ffff}", since: null },
  });
  const rows = await ask(stores.warehouse, question, foundRow);
  return new Map(rows.map(({ customer, numbers }) => [customer, numbers]));
}

describe("a segment's rules", () => {
  it("find in the warehouse exactly whom they find in TypeScript", async () => {
    const trees = fc.sample(soundTree, { numRuns: 300, seed: 14 });
    expect(trees.flatMap(checkSegmentRules)).toEqual([]);
    const wrong: unknown[] = [];
    const sizes = new Set<number>();
    for (let first = 0; first < trees.length; first += 50) {
      const some = trees.slice(first, first + 50);
      const found = await inWarehouse(some);
      expect([...found.keys()].sort()).toEqual(all.map(({ identifier }) => identifier).sort());
      some.forEach((rules, at) => {
        const expected = all.filter((one) => fits(rules, one, marts.get(one.identifier) ?? {}, now));
        sizes.add(expected.length);
        for (const one of all) {
          const has = found.get(one.identifier)?.includes(at + 1);
          if (has !== expected.includes(one)) wrong.push({ rules, one: one.identifier, has });
        }
      });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    // Trees that everybody or nobody fits would agree for no reason.
    expect(sizes.size).toBeGreaterThan(30);
  });
});
