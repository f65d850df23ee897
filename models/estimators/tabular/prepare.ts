/** A table in all the shapes that members learn from. */
import { selectRows, type Table } from "../table.ts";
import { type BinnedInput, binInputs } from "./bins.ts";
import { type Design, designMatrix, fitDesign } from "./design.ts";
import type { Fold } from "./folds.ts";
import { encodeInputs, fitInputEncoder, type InputEncoder, type Inputs, mean } from "./inputs.ts";
import { encodeTraining } from "./training-inputs.ts";

export interface Prepared {
  readonly encoder: InputEncoder;
  readonly inputs: Inputs;
  readonly bins: readonly BinnedInput[];
  readonly design: Design;
  /** The design of all rows, row-major. */
  readonly matrix: Float32Array;
  readonly labels: Float64Array;
  /** Log-odds of the share of positives. */
  readonly start: number;
}

export interface Held {
  readonly inputs: Inputs;
  readonly matrix: Float32Array;
  readonly labels: Float64Array;
}

export interface PreparedFold {
  readonly train: Prepared;
  readonly held: Held;
}

export function prepare(table: Table, labels: Float64Array, seed: number): Prepared {
  const encoder = fitInputEncoder(table, labels);
  const inputs = encodeTraining(encoder, table, labels, seed);
  const design = fitDesign(inputs);
  return {
    encoder,
    inputs,
    bins: binInputs(inputs, labels),
    design,
    matrix: designMatrix(design, inputs),
    labels,
    start: startOf(labels),
  };
}

/** What the held-back rows look like to a model that knows only the others. */
export function prepareFold(table: Table, labels: Float64Array, { train, held }: Fold, seed: number): PreparedFold {
  const known = prepare(selectRows(table, train), pick(labels, train), seed);
  const inputs = encodeInputs(known.encoder, selectRows(table, held));
  return {
    train: known,
    held: { inputs, matrix: designMatrix(known.design, inputs), labels: pick(labels, held) },
  };
}

export function pick(values: ArrayLike<number>, rows: Uint32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row] as number);
}

/** Half a row of each kind keeps it finite when all are of one. */
function startOf(labels: Float64Array): number {
  const positives = mean(labels) * labels.length;
  return Math.log((positives + 0.5) / (labels.length - positives + 0.5));
}

/** The mean of the design. */
export function averageRow({ matrix, design, labels }: Prepared): Float32Array {
  const sums = new Float64Array(design.width);
  for (let at = 0; at < matrix.length; at += 1) {
    const column = at % design.width;
    sums[column] = (sums[column] as number) + (matrix[at] as number);
  }
  return Float32Array.from(sums, (sum) => sum / Math.max(1, labels.length));
}
