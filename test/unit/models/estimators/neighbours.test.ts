import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compressed,
  fitLocalDensity,
  localFactor,
  makeNearest,
} from "../../../../models/estimators/anomaly/neighbours.ts";

/** Small whole numbers: many of them are equal. */
const squaresList = fc.array(fc.oneof(fc.nat(9), fc.constant(Number.POSITIVE_INFINITY)), {
  minLength: 1,
  maxLength: 60,
});

describe("nearest rows", () => {
  it("are those that a stable sort puts first, without those infinitely far", () => {
    fc.assert(
      fc.property(squaresList, fc.integer({ min: 1, max: 20 }), (squares, wanted) => {
        const nearest = makeNearest(wanted);
        const one = new Float64Array(squares.length).fill(1);
        const local = { reach: one, density: one, neighbours: wanted };
        const factor = localFactor(Float64Array.from(squares), local, nearest);
        const sorted = [...squares.entries()]
          .filter(([, square]) => square !== Number.POSITIVE_INFINITY)
          .sort(([, a], [, b]) => a - b)
          .slice(0, wanted);
        expect(nearest.count).toBe(sorted.length);
        expect([...nearest.rows.subarray(0, nearest.count)]).toEqual(sorted.map(([row]) => row));
        expect([...nearest.gaps.subarray(0, nearest.count)]).toEqual(sorted.map(([, square]) => Math.sqrt(square)));
        const mean = sorted.reduce((sum, [, square]) => sum + Math.max(1, Math.sqrt(square)), 0) / sorted.length;
        expect(factor).toBeCloseTo(sorted.length === 0 ? 1 : mean, 9);
      }),
    );
  });

  it("say nothing of the row asked about before", () => {
    const points = Float32Array.of(0, 1, 2, 3, 50);
    const reference = { width: 1, rows: 5, points, order: Int32Array.of(0, 1, 2, 3, 4) };
    const local = fitLocalDensity(reference);
    const squares = (at: number) => Float64Array.from(points, (point) => (point - at) ** 2);
    const nearest = makeNearest(local.neighbours);
    const fresh = localFactor(squares(1.5), local, makeNearest(local.neighbours));
    expect(localFactor(squares(400), local, nearest)).toBeGreaterThan(fresh);
    expect(localFactor(squares(1.5), local, nearest)).toBe(fresh);
  });
});

it("large deviations are compressed alike into room of their own and into room given", () => {
  const points = Float32Array.of(0, -1, 1000, -1e6, 0.25);
  const room = new Float32Array(5).fill(9);
  expect(compressed(points, room)).toBe(room);
  expect([...room]).toEqual([...points].map((value) => Math.fround(Math.sign(value) * Math.log1p(Math.abs(value)))));
  expect(compressed(points)).toEqual(room);
});
