/** Small tables with a known truth. */
import type { Table } from "../../../../models/estimators/table.ts";
import { seeded } from "../../../../models/training/random.ts";

export interface Labelled {
  readonly table: Table;
  readonly labels: Float64Array;
}

/** The label follows `size`, `colour` and an interaction of both; `noise` says nothing; every tenth cell is missing. */
export function shapes(rows: number, seed: number): Labelled {
  const random = seeded(seed);
  const size = new Float64Array(rows);
  const noise = new Float64Array(rows);
  const colour: (string | null)[] = [];
  const labels = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = random() * 10;
    const shade = ["red", "green", "blue", "grey"][Math.floor(random() * 4)] ?? "red";
    const logit = 0.8 * (value - 5) + (shade === "red" ? 2 : 0) - (shade === "blue" && value > 6 ? 5 : 0);
    labels[row] = random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    size[row] = random() < 0.1 ? Number.NaN : value;
    noise[row] = random();
    colour.push(random() < 0.1 ? null : shade);
  }
  const table: Table = {
    rows,
    columns: [
      { name: "size", kind: "numeric", values: size },
      { name: "noise", kind: "numeric", values: noise },
      { name: "colour", kind: "categorical", values: colour },
      { name: "constant", kind: "numeric", values: new Float64Array(rows).fill(7) },
    ],
  };
  return { table, labels };
}
