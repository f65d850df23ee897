import { expect, it } from "vitest";
import { drawByLabel, drawRows } from "../../../../models/estimators/tabular/bound.ts";

function narrow(rows: number) {
  return { rows, columns: [{ name: "x", kind: "numeric" as const, values: new Float64Array(rows) }] };
}

it("tables of ordinary size are learnt from whole", () => {
  const table = narrow(100_000);
  expect(drawByLabel(table, new Float64Array(table.rows), 1)).toBeUndefined();
  expect(drawRows(table, 1)).toBeUndefined();
});

it("of very large tables rare positives are all kept, and by how much that raises the odds is told", () => {
  const table = narrow(600_000);
  const labels = Float64Array.from({ length: table.rows }, (_, row) => (row % 1000 === 7 ? 1 : 0));
  const drawn = drawByLabel(table, labels, 1);
  const again = drawByLabel(table, labels, 1);
  const { rows, shift } = drawn ?? { rows: new Uint32Array(0), shift: 0 };
  expect(rows.length).toBe(400_000);
  expect(rows.every((row, at) => row === again?.rows[at])).toBe(true);
  expect(rows.every((row, at) => at === 0 || row > (rows[at - 1] as number))).toBe(true);
  expect(rows.filter((row) => labels[row] === 1).length).toBe(600);
  const odds = 600 / (rows.length - 600);
  expect(Math.exp(Math.log(odds) - shift)).toBeCloseTo(600 / (table.rows - 600), 10);
});

it("of very large tables common positives are drawn as often as others, and one class alone is no trouble", () => {
  const table = narrow(500_000);
  const labels = Float64Array.from({ length: table.rows }, (_, row) => (row % 5 < 2 ? 1 : 0));
  const { rows, shift } = drawByLabel(table, labels, 1) ?? { rows: new Uint32Array(0), shift: 1 };
  expect(shift).toBeCloseTo(0, 4);
  expect(rows.reduce((sum, row) => sum + (labels[row] as number), 0) / rows.length).toBeCloseTo(0.4, 4);
  for (const label of [0, 1]) {
    expect(drawByLabel(table, new Float64Array(table.rows).fill(label), 1)).toMatchObject({ shift: 0 });
  }
});
