import { describe, expect, it } from "vitest";
import { type Arm, armBucket, armOf, arms, drawsOf } from "../../../api/offers/policy.ts";
import { type Choice, rank } from "../../../api/offers/rank.ts";
import type { OfferScores } from "../../../models/serving.ts";

function choice(change: Partial<Choice> & { campaignId: string }): Choice {
  return {
    discountAmount: 500,
    rate: 0.05,
    marginAmount: 1500,
    incremental: { share: 1, isMeasured: false },
    discountPrice: 1,
    kind: { mainId: change.campaignId, template: "discount", categories: new Set() },
    ...change,
  };
}

function scores(...probabilities: number[]): OfferScores {
  return {
    model: { name: "personalisation", version: "1" },
    offers: probabilities.map((probability) => ({ probability, features: {}, contributions: {} })),
  };
}

const plain = {
  arm: "champion" as Arm,
  champion: "unavailable" as const,
  challenger: undefined,
  exploration: 0,
  diversity: 0,
  limit: 10,
  random: () => 0.999,
};
const three = ["a", "b", "c"].map((campaignId) => choice({ campaignId }));
const order = (placed: ReturnType<typeof rank>) => placed.map(({ index }) => index);

describe("rank", () => {
  it("goes by what is expected: probability × (margin − discount)", () => {
    const choices = [
      choice({ campaignId: "a", discountAmount: 1400 }),
      choice({ campaignId: "b", discountAmount: 100 }),
      choice({ campaignId: "c", discountAmount: 1600 }),
    ];
    const placed = rank(choices, { ...plain, champion: scores(0.9, 0.5, 0.9) });
    expect(placed.map(({ index, expectedValueAmount }) => [index, expectedValueAmount])).toEqual([
      [1, 700],
      [0, 90],
      // It costs more than the basket earns: the likelier, the worse.
      [2, -90],
    ]);
  });

  it("counts only what an offer causes where a holdout says so, and tells the uplift", () => {
    const choices = [
      choice({ campaignId: "a", incremental: { share: 0.2, isMeasured: true } }),
      choice({ campaignId: "b" }),
    ];
    const placed = rank(choices, { ...plain, champion: scores(0.5, 0.2) });
    expect(placed).toMatchObject([
      { index: 1, expectedValueAmount: 200, uplift: null },
      { index: 0, expectedValueAmount: -100, uplift: 0.1 },
    ]);
  });

  it("lets a scarce budget's discount cost more, and tells the value without that", () => {
    const choices = [choice({ campaignId: "a", discountPrice: 3 }), choice({ campaignId: "b" })];
    const placed = rank(choices, { ...plain, champion: scores(0.5, 0.4) });
    expect(placed.map(({ index, expectedValueAmount }) => [index, expectedValueAmount])).toEqual([
      [1, 400],
      [0, 500],
    ]);
  });

  it("goes by probability while no basket is known, and by redemption rate without a model", () => {
    const choices = three.map((each) => ({ ...each, marginAmount: null }));
    const placed = rank(choices, { ...plain, champion: scores(0.1, 0.3, 0.2) });
    expect(order(placed)).toEqual([1, 2, 0]);
    expect(placed.every(({ expectedValueAmount }) => expectedValueAmount === null)).toBe(true);
    const rates = three.map((each, index) => ({ ...each, rate: [0.1, 0.2, 0.3][index] ?? 0 }));
    expect(order(rank(rates, plain))).toEqual([2, 1, 0]);
    expect(rank(rates, plain).map(({ probability }) => probability)).toEqual([0.3, 0.2, 0.1]);
  });

  it("has propensities that sum to one at every rank, for every policy, whatever is shown", () => {
    const request = { ...plain, champion: scores(0.1, 0.3, 0.2), challenger: scores(0.5, 0.1, 0.1), exploration: 0.3 };
    for (const arm of arms) {
      // What stands at the first place in each of many draws; every choice comes up.
      const seen = new Map<number, ReturnType<typeof rank>[number]>();
      for (let draw = 0; draw < 300; draw += 1) {
        const [first] = rank(three, { ...request, arm, random: drawsOf(`dec_${draw}`) });
        if (first !== undefined) seen.set(first.index, first);
      }
      expect(seen.size).toBe(3);
      const sum = [...seen.values()].reduce((total, { propensity }) => total + propensity, 0);
      expect(sum).toBeCloseTo(1, 12);
      for (const policy of arms) {
        const of = [...seen.values()].map(
          ({ policies }) => policies.find((each) => each.policy === policy)?.propensity,
        );
        expect(of.reduce((total: number, each) => total + (each ?? Number.NaN), 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it("shows each offer as often as its propensity says, by the draws of decisions", () => {
    const request = { ...plain, champion: scores(0.1, 0.3, 0.2), exploration: 0.4, limit: 2 };
    const counts = [0, 0, 0];
    const decisions = 8_000;
    for (let draw = 0; draw < decisions; draw += 1) {
      const second = rank(three, { ...request, random: drawsOf(`dec_${draw}`) })[1]?.index ?? 0;
      counts[second] = (counts[second] ?? 0) + 1;
    }
    const propensities = [0.4 / 3, 0.4 / 3, 0.6 + 0.4 / 3];
    for (const [index, propensity] of propensities.entries()) {
      const error = Math.sqrt((propensity * (1 - propensity)) / decisions);
      expect(Math.abs((counts[index] ?? 0) / decisions - propensity)).toBeLessThan(4 * error);
    }
  });

  it("is the same again for the same decision, and has nothing to say about nothing", () => {
    const request = { ...plain, exploration: 1 };
    const one = rank(three, { ...request, random: drawsOf("dec_1") });
    expect(rank(three, { ...request, random: drawsOf("dec_1") })).toEqual(one);
    expect(rank([], plain)).toEqual([]);
  });
});

describe("arms", () => {
  it("keep their customers, have the shares they were given, and are independent of each other's projects", () => {
    const shares = { champion: 50, challenger: 20, popularity: 20, random: 10 };
    const counts = new Map<Arm, number>();
    let same = 0;
    for (let customer = 0; customer < 10_000; customer += 1) {
      const arm = armOf("prj_a", `customer-${customer}`, shares);
      expect(armOf("prj_a", `customer-${customer}`, shares)).toBe(arm);
      counts.set(arm, (counts.get(arm) ?? 0) + 1);
      if (armOf("prj_b", `customer-${customer}`, shares) === arm) same += 1;
    }
    for (const arm of arms) expect(Math.abs((counts.get(arm) ?? 0) / 100 - shares[arm])).toBeLessThan(2);
    // 0.5² + 0.2² + 0.2² + 0.1² of two independent lotteries.
    expect(Math.abs(same / 10_000 - 0.34)).toBeLessThan(0.02);
  });

  it("take a larger share of the same customers when they grow", () => {
    const small = { champion: 90, challenger: 0, popularity: 0, random: 10 };
    for (let customer = 0; customer < 500; customer += 1) {
      const identifier = `customer-${customer}`;
      const isChampion = armBucket("prj_a", identifier) < 90;
      expect(armOf("prj_a", identifier, small)).toBe(isChampion ? "champion" : "random");
    }
  });
});
