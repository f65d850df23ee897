import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compressed,
  compressReference,
  fitLocalDensity,
  localFactor,
  makeNearest,
  squaresTo,
} from "../../../../models/estimators/anomaly/neighbours.ts";

/** Small whole numbers: many of them are equal. */
const squaresList = fc.array(fc.oneof(fc.nat(9), fc.constant(Number.POSITIVE_INFINITY)), {
  minLength: 1,
  maxLength: 60,
});

const single = fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 });

it("squares of distances are what the plain sum says, whatever the width and however many rows; the own is infinite", () => {
  const shape = fc.record({ width: fc.integer({ min: 1, max: 11 }), rows: fc.integer({ min: 1, max: 7 }) });
  const numbers = fc.array(single, { minLength: 88, maxLength: 88 });
  fc.assert(
    fc.property(shape, numbers, fc.integer({ min: -1, max: 6 }), ({ width, rows }, given, place) => {
      const own = Math.min(place, rows - 1);
      const point = Float64Array.from(given.slice(0, width));
      const points = Float64Array.from(given.slice(width, width + rows * width));
      const squares = new Float64Array(rows).fill(Number.NaN);
      squaresTo({ width, rows, points }, point, own, squares);
      for (let row = 0; row < rows; row += 1) {
        // Places take turns in four sums; what is left over belongs to the first.
        const sums = [0, 0, 0, 0];
        for (let j = 0; j < width; j += 1) {
          const lane = j < width - (width % 4) ? j % 4 : 0;
          const gap = (point[j] ?? 0) - (points[row * width + j] ?? 0);
          sums[lane] = (sums[lane] ?? 0) + gap * gap;
        }
        const [a = 0, b = 0, c = 0, d = 0] = sums;
        expect(squares[row]).toBe(row === own ? Number.POSITIVE_INFINITY : a + b + (c + d));
      }
    }),
  );
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
    const points = Float64Array.of(0, 1, 2, 3, 50);
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
  const reference = { width: 1, rows: 5, points: Float64Array.from(points), order: Int32Array.of(0, 1, 2, 3, 4) };
  expect(compressReference(reference)).toEqual({ ...reference, points: Float64Array.from(room) });
});
