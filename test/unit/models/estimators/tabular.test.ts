import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { areaUnderRoc } from "../../../../models/benchmark/metrics.ts";
import { rowOf } from "../../../../models/estimators/table.ts";
import type { BinaryModel } from "../../../../models/estimators/tabular/binary-model.ts";
import { fitBinary } from "../../../../models/estimators/tabular/fit.ts";
import { loadBinary } from "../../../../models/estimators/tabular/load.ts";
import { loadRuntime, type Runtime } from "../../../../models/runtime.ts";
import { shapes } from "./tables.ts";

let runtime: Runtime;
let model: BinaryModel;
const known = shapes(400, 1);
const later = shapes(400, 2);

beforeAll(async () => {
  runtime = await loadRuntime();
  model = await fitBinary(runtime, known.table, known.labels, { seed: 1 });
}, 120_000);

describe("a classifier of tables", () => {
  it("tells rows apart that it has not seen", () => {
    expect(areaUnderRoc(later.labels, model.predict(later.table))).toBeGreaterThan(0.8);
  });

  it("promises about as many positives as there are", () => {
    const promised = model.predict(later.table).reduce((sum, p) => sum + p, 0);
    const found = later.labels.reduce((sum, label) => sum + label, 0);
    expect(promised / found).toBeGreaterThan(0.8);
    expect(promised / found).toBeLessThan(1.25);
  });

  it("predicts the same, to the last bit, after its files were read back", () => {
    const again = loadBinary(model.toFiles());
    expect(again.predict(later.table)).toEqual(model.predict(later.table));
    expect(again.base).toBe(model.base);
    expect(again.report).toEqual(model.report);
    expect(again.toFiles()).toEqual(model.toFiles());
  });

  it("gives the same files for the same rows and seed", async () => {
    const small = shapes(120, 3);
    const files = async () => (await fitBinary(runtime, small.table, small.labels, { seed: 5 })).toFiles();
    expect(await files()).toEqual(await files());
  }, 120_000);

  it("scores a single row as it scores a table", () => {
    const whole = model.predict(later.table);
    for (const row of [0, 7, 42, 399]) expect(model.predictRow(rowOf(later.table, row))).toBe(whole[row]);
  });

  it("scores rows of numbers as it scores each, to the last bit", async () => {
    const columns = known.table.columns.filter(({ kind }) => kind === "numeric");
    const numeric = await fitBinary(runtime, { ...known.table, columns }, known.labels, { seed: 2 });
    const rows = Array.from({ length: 70 }, (_, row) => columns.map(({ values }) => Number(values[row] ?? Number.NaN)));
    rows[3] = columns.map(() => Number.POSITIVE_INFINITY);
    const scores = numeric.predictNumbers(Float64Array.from(rows.flat()), rows.length);
    expect([...scores]).toEqual(rows.map((row) => numeric.predictRow(row)));
    expect(new Set(scores).size).toBeGreaterThan(10);
    expect(() => numeric.predictNumbers(new Float64Array(3), 2)).toThrow(/expected 2/);
    expect(() => model.predictNumbers(new Float64Array(8), 2)).toThrow(/takes no number/);
  }, 120_000);

  it("explains every row: the contributions of its columns sum to its log-odds less the base", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: false }), fc.constant(null)),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.oneof(fc.constantFrom("red", "green", "blue"), fc.string(), fc.constant(null)),
        (size, noise, colour) => {
          const row = [size, noise, colour, 7];
          const p = model.predictRow(row);
          const sum = model.contributionsOfRow(row).reduce((total, each) => total + each, 0);
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThan(1);
          expect(sum + model.base).toBeCloseTo(Math.log(p / (1 - p)), 6);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("credits what decides and not what is constant", () => {
    const sums = new Float64Array(4);
    for (let row = 0; row < 100; row += 1) {
      for (const [at, credit] of model.contributions(later.table, row).entries()) {
        sums[at] = (sums[at] ?? 0) + Math.abs(credit);
      }
    }
    const [size = 0, noise = 0, colour = 0, constant = 0] = sums;
    expect(size).toBeGreaterThan(3 * noise);
    expect(colour).toBeGreaterThan(noise);
    expect(constant).toBe(0);
  });

  it("takes the columns of a table by name, in any order", () => {
    const turned = { ...later.table, columns: later.table.columns.toReversed() };
    expect(model.predict(turned)).toEqual(model.predict(later.table));
    expect(model.contributions(turned, 3)).toEqual(model.contributions(later.table, 3));
  });

  it("refuses a table without one of its columns, or with a text where a number was", () => {
    const [, ...others] = later.table.columns;
    expect(() => model.predict({ ...later.table, columns: others })).toThrow(/no column size/);
    expect(() => model.predictRow(["big", 1, "red", 7])).toThrow(/size takes a number/);
    expect(() => model.predictRow([1, 1, "red"])).toThrow(/expected 4 values/);
  });

  it("refuses files that were cut short, lengthened, or point a tree outside itself", () => {
    const files = model.toFiles();
    const bytes = files["model.bin"] ?? new Uint8Array(0);
    expect(() => loadBinary({ ...files, "model.bin": bytes.slice(0, -8) })).toThrow(/too short/);
    expect(() => loadBinary({ ...files, "model.bin": Uint8Array.from([...bytes, 0]) })).toThrow(/too long/);
    const { "model.bin": _bin, ...rest } = files;
    expect(() => loadBinary(rest)).toThrow(/belong together/);
    expect(() => loadBinary({ ...files, "model.bin": bytes.map(() => 255) })).toThrow();
  });

  it("says how its members did on rows held back, and their weights", () => {
    expect(model.report.members.map(({ name }) => name)).toEqual([
      "shallow trees",
      "deep trees",
      "logistic regression",
      "network",
    ]);
    expect(model.report.members.every(({ weight }) => weight >= 0)).toBe(true);
    expect(model.report.auc).toBeGreaterThan(0.75);
    expect(model.report.folds).toBe("5 at random");
  });
});

describe("tables with little in them", () => {
  it("answers with about the rate when all labels are of one kind", async () => {
    const { table } = shapes(60, 4);
    const certain = await fitBinary(runtime, table, new Float64Array(60), { seed: 1 });
    expect(Math.max(...certain.predict(table))).toBeLessThan(0.02);
  });

  it("learns from 60 rows of categories alone, one of them a different one in each row", async () => {
    const { labels, table } = shapes(60, 5);
    const names = Array.from({ length: 60 }, (_, row) => `person ${row}`);
    const columns = [
      { name: "colour", kind: "categorical" as const, values: table.columns[2]?.values as (string | null)[] },
      { name: "person", kind: "categorical" as const, values: names },
      { name: "nothing", kind: "categorical" as const, values: new Array<null>(60).fill(null) },
    ];
    const fitted = await fitBinary(runtime, { rows: 60, columns }, labels, { seed: 1 });
    const p = fitted.predictRow(["a colour never seen", "a person never seen", "something"]);
    expect(p).toBeGreaterThan(0);
    expect(p).toBeLessThan(1);
  }, 60_000);

  it("refuses labels that are not 0 or 1, or not one per row", async () => {
    const { table, labels } = shapes(20, 6);
    await expect(fitBinary(runtime, table, labels.subarray(1), { seed: 1 })).rejects.toThrow(/19 labels for 20 rows/);
    await expect(
      fitBinary(
        runtime,
        table,
        labels.map(() => 2),
        { seed: 1 },
      ),
    ).rejects.toThrow(/0 or 1/);
  });
});
