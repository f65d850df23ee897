/** What is kept of what a model learned from, and the index that compares with it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countsOf, fitHistogram, histogramSchema, stabilityIndex } from "../../../models/drift/histogram.ts";
import { levelOf } from "../../../models/drift/levels.ts";
import { manifestSchema } from "../../../models/registry/manifest.ts";
import { readChampions, readModelManifest, registryDirectory } from "../../../models/registry/store.ts";
import { seeded } from "../../../models/training/random.ts";

function binsOf(edges: readonly number[], values: readonly number[]): number[] {
  const counts = edges.map(() => 0).concat(0);
  for (const value of values) {
    const bin = edges.filter((edge) => value > edge).length;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

describe("the histogram of a feature", () => {
  it("counts every row once, in a dozen bins at most, whatever the values are", () => {
    const values = fc.array(
      fc.oneof(fc.double(), fc.constantFrom(0, 0, 0, 1, Number.NaN, Number.POSITIVE_INFINITY), fc.integer()),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(values, (rows) => {
        const histogram = fitHistogram(rows);
        expect(histogramSchema.safeParse(histogram).success).toBe(true);
        expect(countsOf(histogram).reduce((sum, count) => sum + count, 0)).toBe(rows.length);
        expect(binsOf(histogram.edges, rows.filter(Number.isFinite))).toEqual(histogram.counts);
        // None is lost by way of JSON.
        expect(histogramSchema.parse(JSON.parse(JSON.stringify(histogram)))).toEqual(histogram);
      }),
    );
  });

  it("has the deciles of what is spread, and in each a tenth", () => {
    const random = seeded(1);
    const { edges, counts } = fitHistogram(Array.from({ length: 1_000 }, () => random()));
    expect(edges).toHaveLength(9);
    expect(counts).toEqual(counts.map(() => 100));
  });

  it("has a bin for each of a few counts, between whole numbers, and one for what never was", () => {
    const rows = [...Array.from({ length: 80 }, () => 0), ...Array.from({ length: 20 }, (_, at) => 1 + (at % 2))];
    const { edges, counts, missing } = fitHistogram(rows);
    expect(edges).toEqual([-1e-6, 0.5, 1.5, 2.000002]);
    expect([counts, missing]).toEqual([[0, 80, 10, 10, 0], 0]);
  });

  it("sets apart the value that most rows have, at either end or in the middle", () => {
    const mostly = (value: number, rest: number[]) => [...Array.from({ length: 95 }, () => value), ...rest];
    expect(fitHistogram(mostly(1, [0, 0, 0, 0, 0])).counts).toEqual([0, 5, 95, 0]);
    expect(fitHistogram(mostly(0, [1, 1, 1, 1, 1])).counts).toEqual([0, 95, 5, 0]);
    expect(fitHistogram(mostly(0, [-2, -1, 1, 2, 3])).counts).toEqual([2, 95, 3]);
  });

  it("takes the same value with another last digit for the same", () => {
    const third = 1 / 3;
    const { edges, counts } = fitHistogram(Array.from({ length: 100 }, (_, at) => (at < 50 ? third : 0.7)));
    expect(binsOf(edges, [third + Number.EPSILON, third - Number.EPSILON])).toEqual([0, 2, 0, 0]);
    expect(counts).toEqual([0, 50, 50, 0]);
  });

  it("sees what has never changed begin to", () => {
    const reference = fitHistogram(Array.from({ length: 500 }, () => 1));
    for (const other of [0, 0.999, 1.001, 7]) {
      const recent = Array.from({ length: 300 }, (_, at) => (at % 5 === 0 ? other : 1));
      const index = stabilityIndex(countsOf(reference), [...binsOf(reference.edges, recent), 0]);
      expect(levelOf(index)).toBe("much");
    }
  });
});

describe("the population stability index", () => {
  it("is Σ (p − q) ln(p / q), with half a row in every bin that anybody is in", () => {
    // Worked by hand: 10.5/40.5, 20.5/40.5, 9.5/40.5 before, 15.5/30.5, 5.5/30.5, 9.5/30.5 after; the first bin is empty on both sides.
    const expected = [
      [10, 15],
      [20, 5],
      [9, 9],
    ].map(([before = 0, now = 0]) => {
      const [q, p] = [(before + 0.5) / 40.5, (now + 0.5) / 30.5];
      return (p - q) * Math.log(p / q);
    });
    const sum = expected.reduce((all, part) => all + part, 0);
    expect(stabilityIndex([0, 10, 20, 9], [0, 15, 5, 9])).toBeCloseTo(sum, 12);
    expect(sum).toBeCloseTo(0.5257, 4);
  });

  it("is never negative, nothing for what is the same, and the same from either side", () => {
    const pair = fc.integer({ min: 1, max: 12 }).chain((bins) => {
      const counts = fc.array(fc.nat({ max: 500 }), { minLength: bins, maxLength: bins });
      return fc.tuple(counts, counts);
    });
    fc.assert(
      fc.property(pair, ([before, now]) => {
        expect(stabilityIndex(before, now)).toBeGreaterThanOrEqual(0);
        expect(stabilityIndex(before, before)).toBeCloseTo(0, 12);
        expect(stabilityIndex(before, now)).toBeCloseTo(stabilityIndex(now, before), 9);
      }),
    );
  });

  it("of 200 rows that have not moved stays below what is called some, as chance would have it", () => {
    const random = seeded(11);
    const drawn = (count: number) => Array.from({ length: count }, () => random());
    const reference = fitHistogram(drawn(5_000));
    const indices = Array.from({ length: 400 }, () =>
      stabilityIndex(reference.counts, binsOf(reference.edges, drawn(200))),
    );
    const passing = (threshold: number) => indices.filter((index) => index > threshold).length / indices.length;
    // Yurdakul, 2018: (1/200 + 1/5000) × the 95 % quantile of a chi-square of nine degrees, 16.92.
    expect(passing(0.088)).toBeGreaterThan(0.02);
    expect(passing(0.088)).toBeLessThan(0.09);
    expect(passing(0.25)).toBe(0);
  });
});

it("is in no manifest of before it was kept, and those are read all the same", async () => {
  const champions = await readChampions(registryDirectory);
  const manifest = await readModelManifest(registryDirectory, "risk", champions.risk ?? "");
  const { reference: _, ...older } = manifest;
  expect(manifestSchema.parse(older).reference).toBeUndefined();
  const broken = { ...older, reference: { features: [], score: { edges: [1, 0], counts: [1, 1, 1], missing: 0 } } };
  expect(manifestSchema.safeParse(broken).success).toBe(false);
});
