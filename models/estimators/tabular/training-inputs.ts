/** The inputs of the rows a model learns from: no row's own label hides in its level's average. */
import { seeded } from "../../training/random.ts";
import type { Table } from "../table.ts";
import { encodeInputs, type InputEncoder, type Inputs, keyOf, mean, smoothed, sumLevels } from "./inputs.ts";

const parts = 5;

/** As `encodeInputs`, but the average of a level is taken over the other four fifths of the rows. */
export function encodeTraining(encoder: InputEncoder, table: Table, targets: ArrayLike<number>, seed: number): Inputs {
  const inputs = encodeInputs(encoder, table);
  const random = seeded(seed);
  const part = Uint8Array.from({ length: table.rows }, () => Math.floor(random() * parts));
  for (const [index, column] of table.columns.entries()) {
    if (column.kind === "numeric" || encoder.tables[index]?.averaged !== true) continue;
    const at = encoder.owners.indexOf(index) + 1;
    const whole = sumLevels(column.values, targets);
    for (let held = 0; held < parts; held += 1) {
      const rows = [...part.keys()].filter((row) => part[row] === held);
      const heldTargets = rows.map((row) => targets[row] as number);
      const heldSums = sumLevels(
        rows.map((row) => column.values[row] ?? null),
        heldTargets,
      );
      const others = targets.length - rows.length;
      const rate =
        others === 0 ? mean(targets) : (mean(targets) * targets.length - mean(heldTargets) * rows.length) / others;
      for (const row of rows) {
        const key = keyOf(column.values[row] ?? null);
        const all = whole.get(key) ?? { count: 0, sum: 0 };
        const here = heldSums.get(key) ?? { count: 0, sum: 0 };
        const rest = { count: all.count - here.count, sum: all.sum - here.sum };
        inputs.values[row * inputs.width + at] = smoothed(rest, rate);
      }
    }
  }
  return inputs;
}
