/**
 * Tree inputs as a linear model or a network takes them: numbers standardised and, beside that, by their rank among the
 * training rows (heavy tails make either alone a poor scale); levels one by one.
 */
import type { Inputs } from "./inputs.ts";

interface LevelPart {
  readonly kind: "levels";
  readonly input: number;
  readonly codes: number;
}

interface NumberPart {
  readonly kind: "number";
  readonly input: number;
  readonly mean: number;
  readonly spread: number;
  /** Quantiles; empty where a rank would add nothing. */
  readonly knots: readonly number[];
  /** Whether a column says that the value is missing. */
  readonly missing: boolean;
}

export interface Design {
  readonly parts: readonly (LevelPart | NumberPart)[];
  readonly width: number;
  /** The tree input that each column of the design comes from. */
  readonly inputOf: Int16Array;
}

const knotsMax = 32;
const clip = 6;

export function fitDesign(inputs: Inputs): Design {
  const parts = inputs.unordered.map((unordered, input): LevelPart | NumberPart => {
    const column = Float64Array.from(
      { length: inputs.rows },
      (_, row) => inputs.values[row * inputs.width + input] ?? 0,
    );
    if (unordered) return { kind: "levels", input, codes: column.reduce((most, code) => Math.max(most, code), 0) + 1 };
    return numberPart(input, column);
  });
  return describeDesign(parts);
}

export function describeDesign(parts: readonly (LevelPart | NumberPart)[]): Design {
  const inputOf = parts.flatMap((part) => new Array<number>(widthOf(part)).fill(part.input));
  return { parts, width: inputOf.length, inputOf: Int16Array.from(inputOf) };
}

function widthOf(part: LevelPart | NumberPart): number {
  return part.kind === "levels" ? part.codes : 1 + (part.knots.length > 0 ? 1 : 0) + (part.missing ? 1 : 0);
}

function numberPart(input: number, column: Float64Array): NumberPart {
  const known = column.filter((value) => !Number.isNaN(value)).sort();
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
  const spread = Math.sqrt(variance);
  const quantiles = Array.from(
    { length: knotsMax + 1 },
    (_, at) => known[Math.round((at / knotsMax) * (known.length - 1))] ?? 0,
  );
  const knots = [...new Set(quantiles)];
  return {
    kind: "number",
    input,
    mean,
    spread: spread > 1e-12 * Math.max(1, Math.abs(mean)) ? spread : 0,
    knots: knots.length > 3 ? knots : [],
    missing: known.length < column.length,
  };
}

/**
 * @param values where the inputs of one row begin at `from`
 * @param into zeros from `offset` on
 */
function writeDesign(design: Design, values: Float64Array, from: number, into: Float32Array, offset: number): void {
  let at = offset;
  for (const part of design.parts) {
    const value = values[from + part.input] as number;
    if (part.kind === "levels") {
      if (value < part.codes) into[at + value] = 1;
      at += part.codes;
      continue;
    }
    const missing = Number.isNaN(value);
    into[at] = missing || part.spread === 0 ? 0 : Math.max(-clip, Math.min(clip, (value - part.mean) / part.spread));
    at += 1;
    if (part.knots.length > 0) {
      into[at] = missing ? 0 : rank(part.knots, value) * 1.7;
      at += 1;
    }
    if (part.missing) {
      into[at] = missing ? 1 : 0;
      at += 1;
    }
  }
}

/** @param row where it is written; default: room of its own */
export function designRow(
  design: Design,
  values: Float64Array,
  row: Float32Array = new Float32Array(design.width),
): Float32Array {
  row.fill(0);
  writeDesign(design, values, 0, row, 0);
  return row;
}

/** Row-major. */
export function designMatrix(
  design: Design,
  { rows, width, values }: Pick<Inputs, "rows" | "width" | "values">,
): Float32Array {
  const matrix = new Float32Array(rows * design.width);
  for (let row = 0; row < rows; row += 1) writeDesign(design, values, row * width, matrix, row * design.width);
  return matrix;
}

/** −1 at the first knot, 1 at the last, linear between neighbours. */
function rank(knots: readonly number[], value: number): number {
  const last = knots.length - 1;
  if (value <= (knots[0] as number)) return -1;
  if (value >= (knots[last] as number)) return 1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((knots[middle] as number) <= value) low = middle;
    else high = middle;
  }
  const from = knots[low] as number;
  return ((low + (value - from) / ((knots[high] as number) - from)) / last) * 2 - 1;
}
