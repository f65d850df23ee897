import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKnown, measure } from "../../../../models/benchmark/named-metrics.ts";

const of = (...values: number[]) => Float64Array.from(values);

describe("metrics by the names of tasks", () => {
  // Ranks by falling score: + − (+ −) −, the pair in brackets has one score.
  const scored = { actual: of(1, 0, 1, 0, 0), scores: of(0.9, 0.8, 0.5, 0.5, 0.1) };

  it("are what they are by hand", () => {
    // Six pairs of a positive and a negative: 1 wins 3; the other wins 1, ties 1, loses 1.
    expect(measure("auc", scored)).toBeCloseTo(4.5 / 6, 12);
    // Precision at the first positive 1; the tied pair is one step: 2 of 4.
    expect(measure("ap", scored)).toBeCloseTo((1 + 2 / 4) / 2, 12);
    expect(measure("accuracy", scored)).toBeCloseTo(3 / 5, 12);
    expect(measure("logloss", scored)).toBeCloseTo(
      -(Math.log(0.9) + Math.log(0.2) + 2 * Math.log(0.5) + Math.log(0.9)) / 5,
      12,
    );
    expect(measure("precision@40%", scored)).toBeCloseTo(1 / 2, 12);
    expect(measure("precision@3", scored)).toBeCloseTo(2 / 3, 12);
    expect(measure("precision@n", scored)).toBeCloseTo(1 / 2, 12);
    expect(measure("f1@0.5", scored)).toBeCloseTo((2 * 2) / (4 + 2), 12);
    expect(measure("lift@40%", scored)).toBeCloseTo(0.5 / 0.4, 12);
  });

  it("rank within groups, leaving out groups of one kind", () => {
    const groups = ["a", "a", "a", "b", "b"];
    const here = { actual: of(0, 1, 0, 0, 0), scores: of(0.9, 0.8, 0.1, 0.5, 0.4), groups };
    expect(measure("ndcg@50 per campaign", here)).toBeCloseTo(1 / Math.log2(3), 12);
    expect(measure("ndcg@1 per campaign", here)).toBe(0);
    expect(measure("mrr per campaign", here)).toBe(0.5);
    // Of one score: the gain gets the mean discount of the three ranks.
    const tied = { ...here, scores: of(1, 1, 1, 0, 0) };
    expect(measure("ndcg@3 per x", tied)).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / Math.log2(4)) / 3, 12);
  });

  it("take graded gains", () => {
    const graded = { actual: of(3, 2, 0), scores: of(2, 3, 1), groups: ["a", "a", "a"] };
    expect(measure("ndcg per list", graded)).toBeCloseTo((2 + 3 / Math.log2(3)) / (3 + 2 / Math.log2(3)), 12);
  });

  it("count a card once a day, by its highest score, and no more once it was caught", () => {
    const cards = {
      actual: of(1, 0, 0, 1, 1, 0),
      scores: of(0.2, 0.9, 0.5, 0.9, 0.8, 0.1),
      groups: ["x", "x", "y", "x", "y", "z"],
      days: ["1", "1", "1", "2", "2", "2"],
    };
    // Day 1: x (0.9, fraud) and y; day 2: x is gone, so y (fraud) and z.
    expect(measure("card_precision@1", cards)).toBe(1);
    expect(measure("card_precision@2", cards)).toBe(0.5);
  });

  it("measure effects", () => {
    // Sorted: treated +, control −, treated −, control +.
    const uplift = { actual: of(1, 0, 0, 1), scores: of(4, 3, 2, 1), treated: of(1, 0, 1, 0) };
    // Qini curve 0, 1, 1, 1, 0 over the line 0 → 0: area 3; the perfect order: 0 1 1 1 0 as well.
    expect(measure("qini", uplift)).toBeCloseTo(1, 12);
    expect(measure("uplift@50%", uplift)).toBe(1);
    const worst = { ...uplift, scores: of(1, 2, 3, 4) };
    expect(measure("qini", worst)).toBeLessThan(0);
  });

  it("compare counts with forecasts", () => {
    const forecast = { actual: of(0, 2, 4), scores: of(1, 2, 3) };
    expect(measure("rmse", forecast)).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(measure("mae", forecast)).toBeCloseTo(2 / 3, 12);
    expect(measure("correlation", forecast)).toBeCloseTo(1, 12);
    expect(measure("total/actual", forecast)).toBeCloseTo(1, 12);
    expect(measure("top34%_capture", forecast)).toBeCloseTo(4 / 6, 12);
  });

  it("are null when unknown, when the rows do not define them, or when a column is missing", () => {
    expect(measure("harmony", scored)).toBeNull();
    expect(isKnown("harmony")).toBe(false);
    expect(measure("auc", { actual: of(0, 0), scores: of(1, 2) })).toBeNull();
    expect(measure("ndcg@5 per campaign", scored)).toBeNull();
    expect(measure("qini", scored)).toBeNull();
  });

  it("depend on the order of scores alone where they rank", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1 })),
          {
            minLength: 2,
            maxLength: 40,
          },
        ),
        (rows) => {
          const actual = Float64Array.from(rows, ([label]) => label);
          const treated = Float64Array.from(rows, ([, , arm]) => arm);
          const scores = Float64Array.from(rows, ([, score]) => score);
          const stretched = scores.map((score) => Math.exp(score) - 3);
          for (const name of ["auc", "ap", "precision@30%", "qini", "auuc", "uplift@30%"]) {
            expect(measure(name, { actual, scores: stretched, treated })).toBe(
              measure(name, { actual, scores, treated }),
            );
          }
        },
      ),
    );
  });
});
