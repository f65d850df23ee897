/** The features of risk are one thing on both sides: incremental TypeScript and SQL over the events, row by row. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Event } from "../../ingest/events/events.ts";
import { orDefault } from "../../models/features/feature.ts";
import { riskFeatures } from "../../models/features/risk.ts";
import { signalSituations } from "../../models/features/signals/situations.ts";
import { examplesSql } from "../../models/training/examples.ts";
import { useStores } from "../support/stores.ts";
import { randomTraffic, Traffic } from "./attempts.ts";
import { replay } from "./replay.ts";
import { insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const names = riskFeatures.features.map(({ name }) => name);

async function inClickHouse(project: string, beforeMs?: number): Promise<Map<string, number[]>> {
  const result = await stores.warehouse.query({
    query: examplesSql(riskFeatures, signalSituations(beforeMs)),
    query_params: { project },
    format: "JSONEachRow",
  });
  const rows = await result.json<{ tie: string; features: (number | null)[] }>();
  return new Map(
    rows.map(({ tie, features }) => [
      tie,
      riskFeatures.features.map((feature, index) => orDefault(feature, features[index] ?? null)),
    ]),
  );
}

function differences(actual: ReadonlyMap<string, number[]>, expected: ReadonlyMap<string, number[]>) {
  return [...expected].flatMap(([id, values]) =>
    names.flatMap((name, index) => {
      const typescript = values[index] ?? Number.NaN;
      const clickhouse = actual.get(id)?.[index] ?? Number.NaN;
      return Math.abs(typescript - clickhouse) <= 1e-9 * Math.max(1, Math.abs(typescript))
        ? []
        : [{ id, name, typescript, clickhouse }];
    }),
  );
}

describe("random traffic", () => {
  it("gives every attempt the same value of every feature in TypeScript and in ClickHouse", async () => {
    const { events } = randomTraffic("prj_random", 11, 1_500);
    await insertEvents(stores.warehouse, events);
    const expected = replay(riskFeatures, events);
    const actual = await inClickHouse("prj_random");
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    expect(differences(actual, expected).slice(0, 20)).toEqual([]);
    // A feature that is the same in every row would be equal for no reason.
    const still = names.filter((_, at) => new Set([...expected.values()].map((row) => row[at])).size === 1);
    expect(still).toEqual(["lines_count"]);
  });

  it("sees nothing of another project", async () => {
    const mine = randomTraffic("prj_mine", 5, 60);
    await insertEvents(stores.warehouse, [...mine.events, ...randomTraffic("prj_theirs", 6, 200).events]);
    expect(differences(await inClickHouse("prj_mine"), replay(riskFeatures, mine.events))).toEqual([]);
  });
});

describe("the future", () => {
  const moment = Date.UTC(2026, 4, 20, 12);
  const hour = 3_600_000;
  /** Past all that is planted, and less than the shortest window. */
  const aheadMs = 30_000;
  const signals = {
    ...{ device: "device", ip: "ip", network: "network", card: "card", address: "address", email_shape: "shape" },
    account_age_seconds: 60,
  };
  const first = { campaign_uses_28d: 0 };
  const attempted = { customer: "ann", amount: 5_000, discount: 500, codes: ["R1"], signals };
  let past: Event[];
  let planted: Event[];
  let target: string;

  beforeAll(async () => {
    const traffic = new Traffic("prj_future");
    traffic.referral("owner", "R1", moment - 50 * 24 * hour);
    // What is usual takes some redemptions by others, long enough ago for every window but that.
    for (let step = 0; step < 6; step += 1) {
      traffic.redeemed({
        ...attempted,
        at: moment - (20 + step) * 24 * hour,
        customer: `other-${step}`,
        signals: first,
      });
    }
    // Of the same code on days of the week before, for what its last ones are set against.
    for (const days of [3, 4, 5]) {
      traffic.redeemed({ ...attempted, at: moment - days * 24 * hour, customer: "other-6", signals: first });
    }
    target = traffic.redeemed({ ...attempted, at: moment }).redemption_id;
    past = [...traffic.events];
    const codes = ["?1", "R1"];
    // One of each kind, by somebody else and by the same, from a millisecond after the moment on.
    for (let step = 0; step < 8; step += 1) {
      const at = moment + 1 + step * 1_000;
      const who = { ...attempted, at, amount: 90_000, discount: 80_000 };
      traffic.undone(traffic.redeemed(who), at + 1, true);
      traffic.redeemed({ ...who, customer: `new-${step}`, signals: { ...signals, network: `network-${step}` } });
      traffic.redeemed({ ...who, customer: "owner" });
      traffic.ordered({ ...who, codes: [] });
      traffic.rejected({ ...who, codes });
    }
    planted = traffic.events.slice(past.length);
    await insertEvents(stores.warehouse, past);
  });

  it("moves no feature, though a query that looks ahead shows that it would have moved each", async () => {
    const before = (await inClickHouse("prj_future")).get(target);
    await insertEvents(stores.warehouse, planted);
    const after = (await inClickHouse("prj_future")).get(target);
    expect(before).toHaveLength(names.length);
    expect(after).toEqual(before);
    // The same SQL with one change, the end of what it looks at, is caught: every feature that looks at more than the
    // request itself is another one.
    const leaking = (await inClickHouse("prj_future", -aheadMs)).get(target);
    const moved = names.filter((_, at) => leaking?.[at] !== before?.[at]);
    const stored = riskFeatures.features.filter(({ window }) => window !== "the request").map(({ name }) => name);
    expect(moved).toEqual(stored);
  });

  it("is as unknown to the incremental side", () => {
    expect(replay(riskFeatures, [...past, ...planted]).get(target)).toEqual(replay(riskFeatures, past).get(target));
  });
});
