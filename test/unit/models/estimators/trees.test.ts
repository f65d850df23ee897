import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binInputs } from "../../../../models/estimators/tabular/bins.ts";
import { Booster, logisticDerivatives } from "../../../../models/estimators/tabular/boost.ts";
import { makeFolds } from "../../../../models/estimators/tabular/folds.ts";
import {
  addLeaves,
  averageOf,
  creditInputs,
  type Forest,
  joinForests,
  sumLeaves,
} from "../../../../models/estimators/tabular/forest.ts";
import { encodeInputs, fitInputEncoder, type Inputs } from "../../../../models/estimators/tabular/inputs.ts";
import { encodeTraining } from "../../../../models/estimators/tabular/training-inputs.ts";
import { shapes } from "./tables.ts";

const options = {
  depth: 4,
  rate: 0.2,
  ridge: 1,
  hessianMin: 0.5,
  gainMin: 0,
  rowShare: 0.7,
  inputShare: 0.7,
  seed: 3,
};

function grow(inputs: Inputs, labels: Float64Array, trees: number, change = {}): Forest {
  const booster = new Booster(binInputs(inputs, labels), 0, logisticDerivatives(labels), { ...options, ...change });
  for (let tree = 0; tree < trees; tree += 1) booster.grow();
  return booster.forest();
}

function inputsOf(columns: readonly (readonly number[])[], unordered: readonly boolean[]): Inputs {
  const width = columns.length;
  const rows = columns[0]?.length ?? 0;
  const values = Float64Array.from(
    { length: rows * width },
    (_, at) => columns[at % width]?.[Math.floor(at / width)] ?? 0,
  );
  return { rows, width, values, unordered };
}

describe("boosted trees", () => {
  it("find the one cut there is, and put missing values on the side that fits", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, Number.NaN, Number.NaN];
    const labels = Float64Array.of(0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
    const forest = grow(inputsOf([values], [false]), labels, 1, { depth: 1, rowShare: 1, inputShare: 1, rate: 1 });
    expect(forest.threshold[0]).toBe(4.5);
    expect(sumLeaves(forest, Float64Array.of(4.4), 0)).toBeLessThan(0);
    expect(sumLeaves(forest, Float64Array.of(4.6), 0)).toBeGreaterThan(0);
    expect(sumLeaves(forest, Float64Array.of(Number.NaN), 0)).toBeGreaterThan(0);
  });

  it("take one level from the others where levels have no order", () => {
    const codes = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
    const labels = Float64Array.from(codes, (code) => (code === 2 ? 1 : 0));
    const forest = grow(inputsOf([codes], [true]), labels, 1, { depth: 1, rowShare: 1, inputShare: 1 });
    const [zero, one, two, three, unseen] = [0, 1, 2, 3, 9].map((code) => sumLeaves(forest, Float64Array.of(code), 0));
    expect(two).toBeGreaterThan(0);
    expect([zero, one, three, unseen]).toEqual([zero, zero, zero, zero]);
  });

  it("leaves are what Newton's step says: −Σg / (Σh + ridge), shrunk", () => {
    const labels = Float64Array.of(0, 0, 1, 1);
    const forest = grow(inputsOf([[1, 1, 2, 2]], [false]), labels, 1, {
      depth: 1,
      rowShare: 1,
      inputShare: 1,
      hessianMin: 0,
    });
    // Two rows at p = 0.5: Σg = ±1, Σh = 0.5.
    expect(sumLeaves(forest, Float64Array.of(2), 0)).toBeCloseTo((0.2 * 1) / 1.5, 6);
    expect(sumLeaves(forest, Float64Array.of(1), 0)).toBeCloseTo((-0.2 * 1) / 1.5, 6);
  });

  it("by blocks, one by one, or joined from parts, give the same sums; credits add up to them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const { table, labels } = shapes(80, seed);
        const encoder = fitInputEncoder(table, labels);
        const inputs = encodeTraining(encoder, table, labels, seed);
        const forest = grow(inputs, labels, 6);
        const twice = joinForests([forest, forest], 0.5);
        const sums = new Float64Array(80);
        addLeaves(forest, inputs.values, inputs.width, sums);
        for (let row = 0; row < 80; row += 1) {
          const values = inputs.values.slice(row * inputs.width, (row + 1) * inputs.width);
          const sum = sumLeaves(forest, values, 0);
          expect(sum).toBe(sums[row]);
          expect(sumLeaves(twice, values, 0)).toBeCloseTo(sum, 5);
          const credits = new Float64Array(inputs.width);
          creditInputs(forest, values, 1, credits);
          expect(credits.reduce((total, credit) => total + credit, averageOf(forest))).toBeCloseTo(sum, 6);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("answer rows that agree in some inputs, or in all, as they answer each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 255 }), (seed, shared) => {
        const { table, labels } = shapes(80, seed);
        const encoder = fitInputEncoder(table, labels);
        const inputs = encodeTraining(encoder, table, labels, seed);
        const forest = grow(inputs, labels, 6);
        const { width } = inputs;
        const values = inputs.values.map((value, at) => {
          const input = at % width;
          return (shared >> input) % 2 === 1 ? (inputs.values[input] as number) : value;
        });
        const sums = new Float64Array(80).fill(0.5);
        addLeaves(forest, values, width, sums);
        const each = Array.from(sums, (_, row) => sumLeaves(forest, values.slice(row * width, (row + 1) * width), 0.5));
        expect([...sums]).toEqual(each);
      }),
      { numRuns: 40 },
    );
  });

  it("fit the rows better with every tree", () => {
    const { table, labels } = shapes(200, 8);
    const inputs = encodeTraining(fitInputEncoder(table, labels), table, labels, 1);
    const loss = (trees: number) => {
      const sums = new Float64Array(200);
      addLeaves(grow(inputs, labels, trees, { rowShare: 1 }), inputs.values, inputs.width, sums);
      return sums.reduce((sum, score, row) => sum + Math.log1p(Math.exp(labels[row] === 1 ? -score : score)), 0);
    };
    const losses = [1, 5, 20, 60].map(loss);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
  });
});

describe("encoded rows", () => {
  it("hide each row's own label from the average of its level", () => {
    const labels = Float64Array.from({ length: 40 }, (_, row) => row % 2);
    const values = Array.from({ length: 40 }, (_, row) => `only ${row}`);
    const table = { rows: 40, columns: [{ name: "id", kind: "categorical" as const, values }] };
    const encoder = fitInputEncoder(table, labels);
    const at = 1;
    const open = encodeInputs(encoder, table);
    const hidden = encodeTraining(encoder, table, labels, 1);
    const averageBy = (inputs: Inputs, label: number) => {
      const rows = [...labels.keys()].filter((row) => labels[row] === label);
      return rows.reduce((sum, row) => sum + (inputs.values[row * inputs.width + at] ?? 0), 0) / rows.length;
    };
    expect(averageBy(open, 1) - averageBy(open, 0)).toBeGreaterThan(0.05);
    expect(Math.abs(averageBy(hidden, 1) - averageBy(hidden, 0))).toBeLessThan(0.05);
  });

  it("of a value and of the text that looks like a missing one differ", () => {
    const values = ["", null, "x", "", null, "x"];
    const table = { rows: 6, columns: [{ name: "c", kind: "categorical" as const, values }] };
    const encoder = fitInputEncoder(table, Float64Array.of(1, 0, 0, 1, 0, 1));
    expect(encoder.tables[0]?.levels.size).toBe(3);
  });
});

describe("folds", () => {
  const labels = Float64Array.from({ length: 100 }, (_, row) => (row % 3 === 0 ? 1 : 0));

  it("over time judge on what came later, and keep rows of one moment together", () => {
    const times = Array.from({ length: 100 }, (_, row) => Math.floor(((row * 37) % 100) / 10));
    const { kind, folds } = makeFolds(labels, { seed: 1, times });
    expect(kind).toBe("over time");
    expect(folds.length).toBeGreaterThan(1);
    for (const { train, held } of folds) {
      const latest = Math.max(...Array.from(train, (row) => times[row] ?? 0));
      expect(Math.min(...Array.from(held, (row) => times[row] ?? 0))).toBeGreaterThan(latest);
    }
  });

  it("by groups never part a group", () => {
    const groups = Array.from({ length: 100 }, (_, row) => `household ${row % 17}`);
    const { kind, folds } = makeFolds(labels, { seed: 1, groups });
    expect(kind).toBe("by groups");
    for (const { train, held } of folds) {
      const known = new Set(Array.from(train, (row) => groups[row]));
      expect(Array.from(held).some((row) => known.has(groups[row]))).toBe(false);
    }
  });

  it("at random hold every row back once, with equal shares of positives", () => {
    const { folds } = makeFolds(labels, { seed: 1 });
    const held = folds.flatMap((fold) => [...fold.held]).sort((a, b) => a - b);
    expect(held).toEqual([...labels.keys()]);
    for (const fold of folds) {
      const positives = fold.held.reduce((sum, row) => sum + (labels[row] ?? 0), 0);
      expect(Math.abs(positives - 34 / 5)).toBeLessThan(1);
    }
  });

  it("are none where one class has a single row, or where all happened at once in vain", () => {
    const lonely = Float64Array.from({ length: 30 }, (_, row) => (row === 0 ? 1 : 0));
    expect(makeFolds(lonely, { seed: 1 }).folds).toEqual([]);
    const sameTime = makeFolds(labels, { seed: 1, times: new Array<number>(100).fill(5) });
    expect(sameTime.kind).toBe("at random");
  });
});
