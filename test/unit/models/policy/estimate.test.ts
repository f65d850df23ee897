import { describe, expect, it } from "vitest";
import { diagnose } from "../../../../models/policy/diagnose.ts";
import { estimateValue, type LoggedAction } from "../../../../models/policy/estimate.ts";
import { simulate } from "../../../../models/policy/simulate.ts";

const plain = { resamples: 0, seed: 1 };

/** Two contexts, three actions: everything that a log of one decision can be, with its probability. */
const world = [0, 1].flatMap((context) =>
  [0, 1, 2].flatMap((action) =>
    [0, 1].map((reward) => {
      const logging = [
        [0.6, 0.3, 0.1],
        [0.2, 0.2, 0.6],
      ];
      const target = [
        [0.1, 0.1, 0.8],
        [0.5, 0.5, 0],
      ];
      const rewards = [
        [0.2, 0.5, 0.7],
        [0.9, 0.1, 0.4],
      ];
      // A reward model that is wrong everywhere.
      const guesses = [
        [0.5, 0.5, 0.1],
        [0.3, 0.6, 0.8],
      ];
      const chance = rewards[context]?.[action] ?? 0;
      const propensity = logging[context]?.[action] ?? 0;
      const row: LoggedAction = {
        decision: 1,
        cluster: 1,
        reward,
        propensity,
        target: target[context]?.[action] ?? 0,
        predicted: guesses[context]?.[action] ?? 0,
        predictedOfTarget: [0, 1, 2].reduce(
          (sum, other) => sum + (target[context]?.[other] ?? 0) * (guesses[context]?.[other] ?? 0),
          0,
        ),
      };
      const value = [0, 1, 2].reduce(
        (sum, other) => sum + (target[context]?.[other] ?? 0) * (rewards[context]?.[other] ?? 0),
        0,
      );
      return { row, value, probability: 0.5 * propensity * (reward === 1 ? chance : 1 - chance) };
    }),
  ),
);

const expected = (of: (one: (typeof world)[number]) => number) =>
  world.reduce((sum, one) => sum + one.probability * of(one), 0);

describe("estimates of a policy's value", () => {
  it("are right on average over all logs that there can be: IPS, and DR with a reward model that is wrong", () => {
    const truth = world.reduce((sum, { value, probability }) => sum + probability * value, 0);
    expect(expected(({ row }) => estimateValue([row], plain).ips.value)).toBeCloseTo(truth, 12);
    expect(expected(({ row }) => estimateValue([row], plain).dr.value)).toBeCloseTo(truth, 12);
    // The direct method is as wrong as its model.
    expect(Math.abs(expected(({ row }) => estimateValue([row], plain).dm.value) - truth)).toBeGreaterThan(0.05);
  });

  it("are the log's own mean for the policy that logged", () => {
    const rows = world.map(({ row }, index) => ({ ...row, target: row.propensity, decision: index, cluster: index }));
    const mean = rows.reduce((sum, { reward }) => sum + reward, 0) / rows.length;
    const { ips, snips } = estimateValue(rows, plain);
    expect(ips.value).toBeCloseTo(mean, 12);
    expect(snips.value).toBeCloseTo(mean, 12);
    // The standard error of a mean.
    const variance = rows.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0) / (rows.length - 1);
    expect(ips.standardError).toBeCloseTo(Math.sqrt(variance / rows.length), 12);
    expect(snips.standardError).toBeCloseTo(ips.standardError, 12);
  });

  it("are per decision: the places of one add up", () => {
    const place = { propensity: 0.5, target: 0.5, predicted: 0, predictedOfTarget: 0.25 };
    const rows = [0, 1].flatMap((decision) =>
      [1, 0, 1].map((reward) => ({ ...place, decision, cluster: decision, reward })),
    );
    const { ips, snips, dm } = estimateValue(rows, plain);
    expect([ips.value, snips.value, dm.value]).toEqual([2, 2, 0.75]);
  });

  it("take clusters for what is independent: the same rows of fewer customers say less", () => {
    const rows = Array.from({ length: 400 }, (_, index) => ({
      decision: index,
      cluster: index,
      // Customers of four decisions each, all alike.
      reward: Math.floor(index / 4) % 3 === 0 ? 1 : 0,
      propensity: 0.5,
      target: 0.5,
      predicted: 0,
      predictedOfTarget: 0,
    }));
    const options = { resamples: 200, seed: 3 };
    const alone = estimateValue(rows, options).ips;
    const together = estimateValue(
      rows.map((row) => ({ ...row, cluster: Math.floor(row.decision / 4) })),
      options,
    ).ips;
    expect(together.value).toBeCloseTo(alone.value, 12);
    expect(together.standardError / alone.standardError).toBeCloseTo(2, 1);
    const width = (each: typeof alone) => (each.bootstrap?.high ?? 0) - (each.bootstrap?.low ?? 0);
    expect(width(together)).toBeGreaterThan(1.5 * width(alone));
    expect(estimateValue(rows, options).ips).toEqual(alone);
  });

  it("cut weights only when told", () => {
    const rows = [
      { decision: 1, cluster: 1, reward: 1, propensity: 0.01, target: 1, predicted: 0, predictedOfTarget: 0 },
      { decision: 2, cluster: 2, reward: 1, propensity: 0.5, target: 0.5, predicted: 0, predictedOfTarget: 0 },
    ];
    expect(estimateValue(rows, plain).ips.value).toBe(50.5);
    expect(estimateValue(rows, { ...plain, clip: 5 }).ips.value).toBe(3);
    expect(diagnose(rows, 5).clippedShare).toBeCloseTo(95 / 101, 12);
  });

  it("refuse a log without rows and an action that could not have been logged", () => {
    expect(() => estimateValue([], plain)).toThrow(RangeError);
    const row = { decision: 1, cluster: 1, reward: 1, propensity: 0, target: 1, predicted: 0, predictedOfTarget: 0 };
    expect(() => estimateValue([row], plain)).toThrow(/propensity above 0/);
  });
});

describe("a diagnosis", () => {
  const row = (propensity: number, target: number) => ({
    ...{ decision: 1, cluster: 1, reward: 0, predicted: 0, predictedOfTarget: 0 },
    propensity,
    target,
  });

  it("tells a policy that the log covers from one that does what the log never did, and from one it hardly did", () => {
    const covered = Array.from({ length: 400 }, (_, index) => row(0.5, index % 2));
    expect(diagnose(covered)).toMatchObject({ meanWeight: 1, effectiveRows: 200, support: "good" });
    const other = Array.from({ length: 400 }, (_, index) => row(0.5, (index % 2) * 0.5));
    expect(diagnose(other)).toMatchObject({ meanWeight: 0.5, support: "unsupported" });
    const scarce = Array.from({ length: 400 }, (_, index) => row(0.01, index < 4 ? 1 : 0));
    expect(diagnose(scarce)).toMatchObject({ meanWeight: 1, effectiveRows: 4, support: "scarce" });
    expect(diagnose([row(0.5, 0)]).support).toBe("unsupported");
  });
});

describe("simulated shops", () => {
  it("have a truth that IPS, SNIPS and DR meet on average, and whose intervals hold it", () => {
    const results = simulate({ runs: 30, decisions: 1200, places: 2, seed: 11 });
    for (const { estimator, truth, bias, rootMeanSquare, bootstrapCoverage } of results) {
      if (estimator !== "ips" && estimator !== "snips" && estimator !== "dr") continue;
      // The bias of thirty runs is within four standard errors of nothing.
      expect(Math.abs(bias), estimator).toBeLessThan((4 * rootMeanSquare) / Math.sqrt(30) + 0.01 * truth);
      expect(bootstrapCoverage, estimator).toBeGreaterThanOrEqual(0.8);
    }
    expect(results.map(({ estimator }) => estimator)).toContain("ips, weights cut at 20");
  }, 60_000);
});
