/** How fast budgets are spent. Figures worked out by hand, and an interval that covers what it promises. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const cup = ["cup", "home", 1, 9000] as const;
const day = (offset: number) => new Date(Date.UTC(2026, 2, 1 + offset, 12)).toISOString();

/**
 * Historic: the newest event is of March 28th, and Mnow is looked at as of its end. A redeems 100 and 300 in turn, on
 * all 28 days: mean 200, deviation √(28·100²/27). B, from March 22nd on, redeems 700 on its first day and nothing since.
 * C used 85 of 100, D all of it, and of E's nothing stands. F was over on March 10th. G has not begun. N has no budget.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const redeemed = (campaign: string, at: string, amount: number) => ({
    ...{ id: `red_${campaign}_${at}`, at, customer: "anna", orderId: `${campaign} ${at}`, lines: [cup] },
    codes: [[`${campaign}1`, campaign, amount] as const],
  });
  const undone = redeemed("E", day(5), 50);
  const sub = (id: string, budget_amount: number | null, change = {}) =>
    s.campaign(id, "2026-02-02T00:00:00Z", { budget_amount, status: "active", ...change });
  return [
    s.campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null, budget_amount: 100_000 }),
    sub("A", 10_000, { ends_at: "2026-05-01T00:00:00Z" }),
    sub("B", 10_000, { starts_at: "2026-03-22T00:00:00Z", ends_at: "2026-04-30T00:00:00Z" }),
    sub("C", 100),
    sub("D", 100),
    sub("E", 100),
    sub("F", 1000, { ends_at: "2026-03-11T00:00:00Z" }),
    sub("G", 1000, { starts_at: "2026-04-10T00:00:00Z" }),
    sub("N", null),
    ...Array.from({ length: 28 }, (_, at) => s.redeemed(redeemed("A", day(at), at % 2 === 0 ? 100 : 300))),
    s.redeemed(redeemed("B", day(21), 700)),
    s.redeemed(redeemed("C", day(20), 60)),
    s.redeemed(redeemed("C", day(27), 25)),
    s.redeemed(redeemed("D", day(3), 80)),
    s.redeemed(redeemed("D", day(4), 20)),
    s.redeemed(undone),
    s.rolledBack(undone, day(6), true),
    s.redeemed(redeemed("F", day(8), 100)),
    s.redeemed(redeemed("N", day(8), 100)),
  ];
}

describe("campaign pace", () => {
  const stores = useStores();
  const project = "prj_pace";

  beforeAll(async () => {
    await appendEvents(stores.db, [...tell(project), ...tell("prj_neighbour")]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("what is used, how fast, and when it ends", async () => {
    const rows = await readMart(stores, "campaign_pace", project, "campaign_id");
    expect(
      rows.map((row) => [
        row.campaign_id,
        row.as_of_day,
        row.used_amount,
        row.left_amount,
        row.days_count,
        Number(Number(row.daily_amount).toFixed(4)),
        row.forecast_exhausted_on,
        row.alert,
      ]),
    ).toEqual([
      // 4400 left at 200 a day: 22 days after March 28th, on the last of them.
      ["A", "2026-03-28", 5600, 4400, 28, 200, "2026-04-19", "exhausts_early"],
      // 9300 left at 100 a day: 93 days, after its end.
      ["B", "2026-03-28", 700, 9300, 7, 100, "2026-06-29", ""],
      // 15 left at 85 in 8 days: 1.41 days.
      ["C", "2026-03-28", 85, 15, 8, 10.625, "2026-03-30", "reached_80"],
      ["D", "2026-03-28", 100, 0, 25, 4, null, "reached_100"],
      ["E", "2026-03-28", 0, 100, 23, 0, null, ""],
      ["F", "2026-03-28", 100, 900, 2, 50, null, ""],
      ["G", "2026-03-28", 0, 1000, 0, 0, null, ""],
      ["M", "2026-03-28", 6685, 93_315, 28, 238.75, "2027-04-23", ""],
    ]);
    const [a, b] = rows;
    expect(a?.daily_deviation).toBeCloseTo(Math.sqrt((28 * 100 ** 2) / 27), 9);
    expect(a).toMatchObject({ starts_on: "2026-03-01", ends_on: "2026-04-30", used_share: 0.56 });
    // 33 days until May 1st at 200 a day.
    expect(a?.expected_share_at_end).toBeCloseTo((5600 + 33 * 200) / 10_000, 12);
    // One day of seven: the mean is not clearly above 0, and it may never end.
    expect(b?.daily_deviation).toBeCloseTo(Math.sqrt((600 ** 2 + 6 * 100 ** 2) / 6), 9);
    expect(b).toMatchObject({ starts_on: "2026-03-22", forecast_latest_on: null });
    expect(rows.find((row) => row.campaign_id === "C")).toMatchObject({
      reached_80_on: "2026-03-28",
      reached_100_on: null,
    });
    expect(rows.find((row) => row.campaign_id === "D")).toMatchObject({
      reached_80_on: "2026-03-04",
      reached_100_on: "2026-03-05",
    });
  });

  it("the interval solves n·μ ± t·σ·√(n + n²/D) = left", async () => {
    const a = (await readMart(stores, "campaign_pace", project, "campaign_id"))[0];
    const [mean, deviation, days, left, t] = [200, Math.sqrt((28 * 100 ** 2) / 27), 28, 4400, 2.0518];
    const gap = (n: number, sign: number) => n * mean + sign * t * deviation * Math.sqrt(n + n ** 2 / days) - left;
    const solve = (sign: number) => {
      let [low, high] = [0, 1000];
      while (high - low > 1e-9) {
        const middle = (low + high) / 2;
        if (gap(middle, sign) < 0) low = middle;
        else high = middle;
      }
      return new Date(Date.UTC(2026, 2, 28) + Math.ceil(low) * 86_400_000).toISOString().slice(0, 10);
    };
    expect([a?.forecast_earliest_on, a?.forecast_latest_on]).toEqual([solve(1), solve(-1)]);
  });

  it("the interval covers what happens in about 95 of 100 campaigns", async () => {
    // 1,000 campaigns of a random walk: 28 days of discounts about 1000 ± 400, seen, and the days after, not seen.
    const campaigns = 1_000;
    const budget = 60_000;
    const amount =
      "toInt64(round(greatest(0, 1000 + 400 * sqrt(-2 * log((cityHash64(c, d, 1) % 1000003 + 1) / 1000004)) * cos(2 * pi() * (cityHash64(c, d, 2) % 1000003) / 1000003))))";
    const envelope = "project_id, event_id, type, version, occurred_at, recorded_at, payload";
    await stores.warehouse.command({
      query: `
        INSERT INTO events_raw (${envelope}, campaign_id)
        SELECT 'prj_walks', concat('c', toString(number)), 'campaign.created', 1, toDateTime64('2026-01-01', 3, 'UTC'),
          toDateTime64('2026-01-01', 6, 'UTC'),
          '{"campaign":{"type":"sub","status":"active","budget_amount":${budget}}}', concat('W', toString(number))
        FROM numbers(${campaigns})`,
    });
    await stores.warehouse.command({
      query: `
        INSERT INTO events_raw (${envelope}, redemption_id, codes.code, codes.voucher_id, codes.campaign_id,
          codes.main_campaign_id, codes.discount_amount)
        SELECT 'prj_walks', concat('r', toString(c), '-', toString(d)), 'redemption.succeeded', 1,
          toDateTime64('2026-02-01 12:00:00', 3, 'UTC') + toIntervalDay(d), toDateTime64('2026-02-01', 6, 'UTC'), '{}',
          concat('r', toString(c), '-', toString(d)), ['X'], ['v'], [concat('W', toString(c))], [''], [${amount}]
        FROM (SELECT intDiv(number, 28) AS c, number % 28 AS d FROM numbers(${campaigns * 28}))`,
    });
    const result = await stores.warehouse.query({
      query: `
        WITH after AS
        (
          SELECT concat('W', toString(c)) AS campaign_id, arraySort(groupArray((d, amount))) AS days
          FROM (SELECT intDiv(number, 100) AS c, 28 + number % 100 AS d, ${amount} AS amount FROM numbers(${campaigns * 100}))
          GROUP BY c
        )
        SELECT count() AS campaigns, countIf(reached < forecast_earliest_on) AS before, countIf(reached > forecast_latest_on) AS later
        FROM
        (
          SELECT forecast_earliest_on, forecast_latest_on,
            toDate('2026-02-01') + days[arrayFirstIndex(x -> x >= left_amount, arrayCumSum(arrayMap(x -> x.2, days)))].1 AS reached
          FROM campaign_pace INNER JOIN after USING (campaign_id)
          WHERE project_id = 'prj_walks'
        )`,
      format: "JSONEachRow",
    });
    const counts = z.object({ campaigns: z.number(), before: z.number(), later: z.number() });
    const [seen] = z.array(counts).parse(await result.json());
    expect(seen?.campaigns).toBe(campaigns);
    // Whole days are wider than the walk: outside are at most 5 %, and not much fewer, on either side.
    expect((seen?.before ?? 0) + (seen?.later ?? 0)).toBeLessThan(65);
    expect(seen?.before).toBeGreaterThan(5);
    expect(seen?.later).toBeGreaterThan(5);
  });
});
