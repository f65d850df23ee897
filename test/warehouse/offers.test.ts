/** Offers in the warehouse: which redemption belongs to which decision, and policies compared on a log whose truth is known. */
import { beforeAll, describe, expect, it } from "vitest";
import { measureProject } from "../../api/offers/measure.ts";
import { readMeasures } from "../../api/offers/measures.ts";
import { armOf } from "../../api/offers/policy.ts";
import { readPoliciesReport } from "../../api/offers/report.ts";
import type { Event } from "../../ingest/events/events.ts";
import { toRow } from "../../ingest/rows.ts";
import { explore, propensityOf } from "../../models/policy/exploration.ts";
import { readLog } from "../../models/policy/product-log.ts";
import { seeded } from "../../models/training/random.ts";
import { useStores } from "../support/stores.ts";
import { readMart } from "./read-mart.ts";
import { shop } from "./shop.ts";

const stores = useStores();
const dayMs = 86_400_000;
const iso = (at: number) => new Date(at).toISOString();

async function deliver(events: readonly Event[]): Promise<void> {
  const values = events.map(({ payload, ...event }, seq) => {
    const stored = { ...event, recorded_at: event.occurred_at, payload: JSON.stringify(payload), xid: "1", seq };
    const mapped = toRow(stored);
    if ("error" in mapped) throw new Error(mapped.error);
    return mapped.row;
  });
  await stores.warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
}

const offer = (campaign_id: string, rank: number, change: object = {}) => ({
  rank,
  campaign_id,
  code: "CODE",
  discount_amount: 500,
  probability: 0.1,
  expected_value_amount: 100,
  expected_margin_amount: 1500,
  uplift: null,
  propensity: 1,
  features: null,
  ...change,
});

describe("offers and what became of them", () => {
  const project = "prj_attributed";
  const s = shop(project, "main");
  const served = (id: string, at: string, customer: string, campaigns: readonly string[]) =>
    s.event("offer.served", at, {
      decision_id: id,
      customer,
      model: "personalisation@1",
      offers: campaigns.map((campaign, index) => offer(campaign, index + 1)),
      policy: "champion",
      policy_version: 1,
      arms: { champion: 100 },
      exploration: 0,
      candidates_count: 2,
    });
  const redemption = (id: string, at: string, customer: string, campaign: string, discount: number) => ({
    ...{ id, at, customer, orderId: `order-${id}` },
    lines: [["sku", "c", 1, 5000]] as const,
    codes: [["CODE", campaign, discount]] as const,
  });
  const redeemed = (...given: Parameters<typeof redemption>) => s.redeemed(redemption(...given));

  beforeAll(async () => {
    const undone = redemption("r5", "2026-03-05T00:00:00Z", "bob", "B", 400);
    await deliver([
      served("dec_1", "2026-03-01T00:00:00Z", "ann", ["A", "B"]),
      served("dec_2", "2026-03-02T00:00:00Z", "ann", ["A"]),
      served("dec_3", "2026-03-03T00:00:00Z", "bob", ["A", "B"]),
      // Of the newer offer of A; of the only one of B; too late; of somebody who was not offered it; taken back.
      redeemed("r1", "2026-03-02T10:00:00Z", "ann", "A", 450),
      redeemed("r2", "2026-03-20T00:00:00Z", "ann", "B", 300),
      redeemed("r3", "2026-04-15T00:00:00Z", "ann", "A", 450),
      redeemed("r4", "2026-03-04T00:00:00Z", "cid", "A", 450),
      s.redeemed(undone),
      s.rolledBack(undone, "2026-03-06T00:00:00Z"),
    ]);
  });

  it("tie a redemption to the last decision that offered it, for thirty days, while it stands", async () => {
    const found = await readMart(stores, "offers", project, "decision_id, rank");
    expect(
      found.map((row) => [row.decision_id, row.campaign_id, row.redeemed, row.redemption_id, row.earned_amount]),
    ).toEqual([
      ["dec_1", "A", 0, "", 0],
      ["dec_1", "B", 1, "r2", 1200],
      ["dec_2", "A", 1, "r1", 1050],
      ["dec_3", "A", 0, "", 0],
      ["dec_3", "B", 0, "", 0],
    ]);
    expect(found[1]).toMatchObject({ policy: "champion", policy_version: 1, redeemed_discount_amount: 300 });
  });

  it("are summed by decision and by day and policy", async () => {
    const decisions = await readMart(stores, "offer_decisions", project, "decision_id");
    expect(decisions.map((row) => [row.decision_id, row.offers_count, row.redeemed_count, row.earned_amount])).toEqual([
      ["dec_1", 2, 1, 1200],
      ["dec_2", 1, 1, 1050],
      ["dec_3", 2, 0, 0],
    ]);
    const days = await readMart(stores, "offer_policies_daily", project, "day");
    expect(
      days.map((row) => [row.day, row.policy, row.decisions_count, row.redeemed_count, row.earned_amount]),
    ).toEqual([
      ["2026-03-01", "champion", 1, 1, 1200],
      ["2026-03-02", "champion", 1, 1, 1050],
      ["2026-03-03", "champion", 1, 0, 0],
    ]);
  });
});

describe("policies on a log whose truth is known", () => {
  const project = "prj_policies";
  const shares = { champion: 70, challenger: 0, popularity: 20, random: 10 };
  /** How likely each offer is redeemed; the champion knows best, popularity has it wrong. */
  const chances = [0.05, 0.3, 0.15];
  const rankings = { champion: [1, 2], popularity: [0, 2], random: [0, 2] } as const;
  const exploration = 0.2;
  const shareOf = (policy: keyof typeof rankings) => (policy === "random" ? 1 : exploration);
  const truth = (policy: keyof typeof rankings) =>
    rankings[policy].reduce(
      (sum: number, own) =>
        sum + chances.reduce((all, chance, at) => all + chance * propensityOf(at === own, 3, shareOf(policy)), 0),
      0,
    );
  const random = seeded(12);
  const customers = 700;

  beforeAll(async () => {
    const s = shop(project, "main");
    const events: Event[] = [];
    const begin = Date.now() - 20 * dayMs;
    for (let customer = 0; customer < customers; customer += 1) {
      const identifier = `customer-${customer}`;
      const arm = armOf(project, identifier, shares) as keyof typeof rankings;
      for (let visit = 0; visit < 3; visit += 1) {
        const at = begin + visit * 5 * dayMs + Math.floor(random() * dayMs);
        const { order } = explore(rankings[arm], 3, shareOf(arm), random);
        events.push(
          s.event("offer.served", iso(at), {
            decision_id: `dec_${customer}_${visit}`,
            customer: identifier,
            model: "fallback",
            policy: arm,
            policy_version: 4,
            arms: shares,
            exploration,
            candidates_count: 3,
            offers: order.map((index, place) =>
              offer(`C${index}`, place + 1, {
                // The model is right but for a fifth.
                probability: 0.8 * (chances[index] ?? 0),
                expected_value_amount: Math.round(800 * (chances[index] ?? 0)),
                propensity: propensityOf(rankings[arm][place] === index, 3, shareOf(arm)),
                policies: (["champion", "popularity", "random"] as const).map((policy) => {
                  const share = shareOf(policy);
                  const expected = chances.reduce(
                    (sum, chance, each) =>
                      sum + 0.8 * chance * propensityOf(rankings[policy][place] === each, 3, share),
                    0,
                  );
                  const propensity = propensityOf(rankings[policy][place] === index, 3, share);
                  return { policy, propensity, probability: expected, value_amount: 1000 * expected };
                }),
              }),
            ),
          }),
        );
        for (const [index, campaign] of order.entries()) {
          if (random() >= (chances[campaign] ?? 0)) continue;
          const id = `${customer}-${visit}-${index}`;
          events.push(
            s.redeemed({
              id,
              at: iso(at + 3_600_000),
              customer: identifier,
              orderId: `o-${id}`,
              lines: [["sku", "c", 1, 5000, 3000]],
              codes: [["CODE", `C${campaign}`, 500]],
            }),
            s.order("order.paid", iso(at + 3_700_000), identifier, `o-${id}`, [["sku", "c", 1, 5000, 3000]], 500),
          );
        }
      }
    }
    await deliver(events);
  }, 120_000);

  it("are estimated right by the whole log, also those with few customers of their own", async () => {
    const { decisions, policies } = await readLog(stores.warehouse, project, { days: 28, resamples: 100, seed: 1 });
    expect(decisions).toBe(3 * customers);
    expect(policies.map(({ policy }) => policy)).toEqual(["champion", "popularity", "random"]);
    for (const { policy, own, offPolicy, diagnosis } of policies) {
      const expected = truth(policy as keyof typeof rankings);
      for (const estimator of ["ips", "snips", "dr"] as const) {
        const { value, standardError } = offPolicy.redemptions[estimator];
        // Four standard errors: off by chance once in sixteen thousand times.
        expect(Math.abs(value - expected), `${policy} ${estimator}`).toBeLessThan(4 * standardError);
      }
      // The model is a fifth too low, and so is what is read off it alone.
      expect(offPolicy.redemptions.dm.value).toBeCloseTo(0.8 * expected, 6);
      expect(offPolicy.value.snips.value).toBeCloseTo(1000 * offPolicy.redemptions.snips.value, 6);
      expect(Math.abs((own?.means.redemptions.value ?? 0) - expected)).toBeLessThan(
        4 * (own?.means.redemptions.standardError ?? 0),
      );
      expect(diagnosis.support).toBe("good");
      expect(diagnosis.meanWeight).toBeCloseTo(1, 1);
    }
  });

  it("are reported beside each other, with what their arms' customers did", async () => {
    const report = await readPoliciesReport(stores.warehouse, project, 28);
    expect(report.policies.map(({ policy }) => policy)).toEqual(["champion", "popularity", "random"]);
    const [champion, popularity, other] = report.policies;
    expect(champion?.estimated.redemptions.snips?.value).toBeGreaterThan(
      popularity?.estimated.redemptions.snips?.high ?? 9,
    );
    expect((champion?.own?.customers_count ?? 0) + (popularity?.own?.customers_count ?? 0)).toBeGreaterThan(500);
    expect(other?.support).toBe("good");
    expect(report.lifts.map(({ policy, measured }) => [policy, measured])).toEqual(
      expect.arrayContaining([["popularity", true]]),
    );
    const lift = report.lifts.find(({ policy }) => policy === "popularity");
    if (lift?.measured !== true) throw new Error("popularity was measured");
    const orders = lift.metrics.find(({ metric }) => metric === "orders");
    // Three decisions a customer, each redemption an order.
    expect(orders?.mean).toBeCloseTo(3 * (popularity?.own?.redemptions?.value ?? 0), 6);
    expect(orders?.difference.high).toBeLessThan(0);
    expect(lift).toMatchObject({ policy_version: 4, currency: "EUR" });
  });

  it("have arms in the warehouse by the lottery that the service draws", async () => {
    const result = await stores.warehouse.query({
      query: `
        SELECT customer, any(JSONExtractString(payload, 'policy')) AS arm,
          murmurHash3_32(concat({project: String}, '\\0offers\\0', customer)) % 10000 / 100 AS bucket
        FROM events WHERE project_id = {project: String} AND type = 'offer.served' GROUP BY customer`,
      query_params: { project },
      format: "JSONEachRow",
    });
    const rows = await result.json<{ customer: string; arm: string; bucket: number }>();
    expect(rows.length).toBe(customers);
    expect(
      rows.filter(({ arm, bucket }) => arm !== (bucket < 70 ? "champion" : bucket < 90 ? "popularity" : "random")),
    ).toEqual([]);
  });

  it("say nothing of a project without offers", async () => {
    const report = await readPoliciesReport(stores.warehouse, "prj_nothing", 28);
    expect(report).toEqual({ days: 28, decisions_count: 0, is_part: false, policies: [], lifts: [] });
  });

  it("take margins and rates of templates from what the warehouse has", async () => {
    const { db } = stores;
    await db.insertInto("project").values({ id: project, name: project }).execute();
    for (const [id, type, parent] of [
      ["main", "main", null],
      ["C0", "sub", "main"],
      ["C1", "sub", "main"],
      ["C2", "sub", "main"],
    ] as const) {
      await db
        .insertInto("campaign")
        .values({
          project_id: project,
          id,
          type,
          parent_id: parent,
          name: id,
          template: "discount",
          status: "active",
          currency: "EUR",
          limits: "{}",
          rewards: "[]",
          stacking: "{}",
          metadata: "{}",
          created_at: new Date(),
          updated_at: new Date(),
        })
        .execute();
    }
    for (let time = 0; time < 2; time += 1) await measureProject(stores, project);
    const measures = await readMeasures(db, project);
    expect(measures.project?.marginAmount).toBe(0.4 * (measures.project?.revenueAmount ?? 0));
    expect([...measures.margins.keys()].sort()).toEqual(["C0", "C1", "C2", "project"]);
    const redemptions = [...measures.margins].reduce(
      (sum, [id, { orders }]) => sum + (id === "project" ? 0 : orders),
      0,
    );
    expect(measures.byTemplate.get("discount")).toEqual({ publications: 0, redemptions });
    expect(measures.incremental.common).toBe(1);
  });
});
