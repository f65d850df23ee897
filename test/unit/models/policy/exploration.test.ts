import { describe, expect, it } from "vitest";
import { explore, propensityOf } from "../../../../models/policy/exploration.ts";
import { seeded } from "../../../../models/training/random.ts";

const candidates = 5;
const greedy = [3, 0, 4];

describe("a ranking that explores", () => {
  it("has propensities that sum to one at every place", () => {
    for (const share of [0, 0.05, 0.5, 1]) {
      for (const choice of greedy) {
        const sum = Array.from({ length: candidates }, (_, one) => propensityOf(one === choice, candidates, share));
        expect(sum.reduce((total, each) => total + each, 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it("shows each candidate at each place as often as its propensity says", () => {
    const random = seeded(5);
    const share = 0.3;
    const draws = 60_000;
    const seen = greedy.map(() => new Array<number>(candidates).fill(0));
    for (let draw = 0; draw < draws; draw += 1) {
      const { order } = explore(greedy, candidates, share, random);
      expect(new Set(order).size).toBe(greedy.length);
      for (const [place, one] of order.entries()) (seen[place] ?? [])[one] = (seen[place]?.[one] ?? 0) + 1;
    }
    for (const [place, counts] of seen.entries()) {
      for (const [one, count] of counts.entries()) {
        const propensity = propensityOf(greedy[place] === one, candidates, share);
        // Four standard errors.
        const error = Math.sqrt((propensity * (1 - propensity)) / draws);
        expect(Math.abs(count / draws - propensity)).toBeLessThan(4 * error);
      }
    }
  });

  it("is the ranking itself without exploration, and the same again for the same draws", () => {
    const never = () => {
      throw new Error("nothing is drawn");
    };
    expect(explore(greedy, candidates, 0, never)).toEqual({ order: greedy, explored: false });
    const one = seeded(9);
    const again = seeded(9);
    for (let time = 0; time < 50; time += 1) {
      expect(explore(greedy, candidates, 0.5, one)).toEqual(explore(greedy, candidates, 0.5, again));
    }
  });

  it("is certain of a single candidate", () => {
    expect(propensityOf(true, 1, 0.05)).toBeCloseTo(1, 12);
  });
});
