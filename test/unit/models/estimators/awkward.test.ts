import { beforeAll, describe, expect, it } from "vitest";
import { fitAnomaly } from "../../../../models/estimators/anomaly/fit.ts";
import { fitRanking } from "../../../../models/estimators/ranking/fit.ts";
import type { Table } from "../../../../models/estimators/table.ts";
import { fitBinary } from "../../../../models/estimators/tabular/fit.ts";
import { fitUplift } from "../../../../models/estimators/uplift/fit.ts";
import { loadRuntime, type Runtime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await loadRuntime();
});

/** A signal among what real tables hold besides: nothing, one value, infinities, and a level of its own for every row. */
function awkward(rows: number, from = 0): { table: Table; labels: Float64Array; arms: Float64Array } {
  const random = seeded(rows + from);
  const x = Float64Array.from({ length: rows }, random);
  const table: Table = {
    rows,
    columns: [
      { name: "signal", kind: "numeric", values: x },
      { name: "constant", kind: "numeric", values: new Float64Array(rows).fill(7) },
      { name: "huge", kind: "numeric", values: x.map((value, row) => (row % 5 === 0 ? Infinity : value * 1e300)) },
      { name: "absent", kind: "numeric", values: new Float64Array(rows).fill(Number.NaN) },
      { name: "one level", kind: "categorical", values: Array.from({ length: rows }, () => "a") },
      { name: "no level", kind: "categorical", values: Array.from({ length: rows }, () => null) },
      { name: "id", kind: "categorical", values: Array.from({ length: rows }, (_, row) => `id "${from + row}"\n`) },
    ],
  };
  const labels = x.map((value) => (value + 0.3 * random() > 0.65 ? 1 : 0));
  return { table, labels, arms: Float64Array.from({ length: rows }, (_, row) => row % 2) };
}

describe.each([3, 30])("a table of %i rows with columns that say nothing, and ids as categories", (rows) => {
  const { table, labels, arms } = awkward(rows);
  const unseen = awkward(40, 1000).table;
  const options = { seed: 1 };

  it("is learnt by every estimator, and rows with unseen ids get finite scores", async () => {
    const scores = [
      (await fitBinary(runtime, table, labels, options)).predict(unseen),
      (await fitRanking(runtime, table, labels, options)).score(unseen),
      (await fitUplift(runtime, table, labels, arms, options)).predict(unseen),
      (await fitAnomaly(runtime, table, options)).score(unseen),
    ];
    for (const each of scores) {
      expect(each.length).toBe(40);
      expect(each.every(Number.isFinite)).toBe(true);
    }
  }, 60_000);

  it("of one class gives every row a probability near it", async () => {
    for (const label of [0, 1]) {
      const model = await fitBinary(runtime, table, new Float64Array(rows).fill(label), options);
      expect(model.predict(unseen).every((p) => Math.abs(p - label) < 0.5)).toBe(true);
    }
  }, 60_000);
});

describe.each([1, 1e40, 1.7e308])("numbers of the size of %d", (size) => {
  const random = seeded(3);
  const labels = Float64Array.from({ length: 200 }, (_, row) => (row % 3 === 0 ? 1 : 0));
  const tableOf = (values: Float64Array): Table => ({
    rows: values.length,
    columns: [{ name: "x", kind: "numeric", values }],
  });

  it("are learnt from, and trees see their order", async () => {
    const table = tableOf(labels.map((label) => size * (0.8 * label + 1.2 * random() - 1)));
    const model = await fitBinary(runtime, table, labels, { seed: 1 });
    expect(model.report.members.map(({ auc }) => auc > 0.85)).toEqual([true, true, true]);
    expect(model.predict(table).every((p) => p > 0 && p < 1)).toBe(true);
  }, 60_000);

  it("are strange where they are far from the others", async () => {
    const table = tableOf(labels.map((_, row) => size * (row < 3 ? 0.9 : 0.1 * random())));
    const model = await fitAnomaly(runtime, table, { seed: 1 });
    const scores = model.score(table);
    expect(Math.min(...scores.subarray(0, 3))).toBeGreaterThan(Math.max(...scores.subarray(3)));
  }, 60_000);
});

it("positives of one group, or of the early days alone, do not make the rest of them improbable", async () => {
  const random = seeded(3);
  const labels = Float64Array.from({ length: 200 }, (_, row) => (row < 40 ? row % 2 : 0));
  const table: Table = {
    rows: 200,
    columns: [{ name: "x", kind: "numeric", values: labels.map((y) => y + random()) }],
  };
  const groups = Array.from(labels, (_, row) => (row < 40 ? "one" : `other ${row % 20}`));
  const times = labels.map((_, row) => row);
  for (const context of [{ groups }, { times }]) {
    const model = await fitBinary(runtime, table, labels, { seed: 1, ...context });
    const rate = model.predict(table).reduce((sum, p) => sum + p, 0) / 200;
    expect(rate).toBeGreaterThan(0.05);
    expect(rate).toBeLessThan(0.2);
  }
}, 60_000);
