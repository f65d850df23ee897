/**
 * What trees ask about. A numeric column is one input as it is. A categorical one is a code (asked for equality), and
 * beside it what the level did on average in training and how often it occurs, both of which also cover columns with
 * more levels than there are codes (Micci-Barreca 2001).
 */
import { arrange, type Column, type ColumnShape, type Row, type Table } from "../table.ts";

/** Row-major; NaN = missing. */
export interface Inputs {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
  /** Inputs that are codes of levels without an order. */
  readonly unordered: readonly boolean[];
}

interface Level {
  readonly code: number;
  readonly mean: number;
  readonly count: number;
}

export interface LevelTable {
  /** By level; a missing value is the level "" with the prefix that no value has. */
  readonly levels: ReadonlyMap<string, Level>;
  /** For levels never seen. */
  readonly unseen: Level;
  /** More levels than codes can tell apart, or so many that how often one occurs may matter. */
  readonly counted: boolean;
  readonly averaged: boolean;
}

export interface InputEncoder {
  readonly columns: readonly ColumnShape[];
  /** One per column; undefined for numeric ones. */
  readonly tables: readonly (LevelTable | undefined)[];
  /** The column each input comes from. */
  readonly owners: Int16Array;
  readonly unordered: readonly boolean[];
}

const codesMax = 40;
const rowsPerCode = 3;
/** Rows at the overall rate that each level's average is mixed with. */
const priorRows = 12;
const countedFrom = 8;

export function keyOf(value: string | number | null): string {
  return value === null ? "" : `=${value}`;
}

export interface LevelSums {
  count: number;
  sum: number;
}

export function sumLevels(values: readonly (string | null)[], targets: ArrayLike<number>): Map<string, LevelSums> {
  const sums = new Map<string, LevelSums>();
  for (const [row, value] of values.entries()) {
    const key = keyOf(value);
    const found = sums.get(key) ?? { count: 0, sum: 0 };
    found.count += 1;
    found.sum += targets[row] ?? 0;
    sums.set(key, found);
  }
  return sums;
}

export function smoothed(sums: LevelSums | undefined, rate: number): number {
  return ((sums?.sum ?? 0) + priorRows * rate) / ((sums?.count ?? 0) + priorRows);
}

function levelTable(values: readonly (string | null)[], targets: ArrayLike<number>, rate: number): LevelTable {
  const sums = sumLevels(values, targets);
  // The most frequent get the codes; names break ties, so that the order of rows does not matter.
  const order = [...sums].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
  const coded = order.filter(([, { count }]) => count >= rowsPerCode).slice(0, codesMax);
  const codes = new Map(coded.map(([key], index) => [key, index + 1]));
  const levels = new Map(
    order.map(([key, found]) => [
      key,
      { code: codes.get(key) ?? 0, mean: smoothed(found, rate), count: Math.log1p(found.count) },
    ]),
  );
  return {
    levels,
    unseen: { code: 0, mean: rate, count: 0 },
    counted: sums.size > countedFrom,
    averaged: sums.size > 2,
  };
}

export function fitInputEncoder(table: Table, targets: ArrayLike<number>): InputEncoder {
  const rate = mean(targets);
  const tables = table.columns.map((column) =>
    column.kind === "numeric" ? undefined : levelTable(column.values, targets, rate),
  );
  const columns = table.columns.map(({ name, kind }) => ({ name, kind }));
  return describeInputs(columns, tables);
}

export function describeInputs(
  columns: readonly ColumnShape[],
  tables: readonly (LevelTable | undefined)[],
): InputEncoder {
  const owners: number[] = [];
  const unordered: boolean[] = [];
  for (const [index, levels] of tables.entries()) {
    owners.push(index);
    unordered.push(levels !== undefined);
    for (const more of [levels?.averaged, levels?.counted]) {
      if (more !== true) continue;
      owners.push(index);
      unordered.push(false);
    }
  }
  return { columns, tables, owners: Int16Array.from(owners), unordered };
}

export function encodeInputs(encoder: InputEncoder, table: Table): Inputs {
  const width = encoder.owners.length;
  const values = new Float64Array(table.rows * width);
  let offset = 0;
  for (const [index, column] of arrange(table, encoder.columns).entries()) {
    offset = writeColumn(encoder.tables[index], column, values, width, offset);
  }
  return { rows: table.rows, width, values, unordered: encoder.unordered };
}

function writeColumn(
  levels: LevelTable | undefined,
  column: Column,
  into: Float64Array,
  width: number,
  offset: number,
): number {
  if (levels === undefined || column.kind === "numeric") {
    for (let row = 0; row < column.values.length; row += 1) {
      into[row * width + offset] = finite(column.values[row] as number);
    }
    return offset + 1;
  }
  const countAt = offset + 1 + (levels.averaged ? 1 : 0);
  for (const [row, value] of column.values.entries()) {
    const level = levels.levels.get(keyOf(value)) ?? levels.unseen;
    into[row * width + offset] = level.code;
    if (levels.averaged) into[row * width + offset + 1] = level.mean;
    if (levels.counted) into[row * width + countAt] = level.count;
  }
  return countAt + (levels.counted ? 1 : 0);
}

/**
 * @param inputs where the row is written, every number of it; default: room of its own
 * @throws RangeError for a row of another width, or with a text where a number belongs
 */
export function encodeRow(
  encoder: InputEncoder,
  row: Row,
  inputs: Float64Array = new Float64Array(encoder.owners.length),
): Float64Array {
  const { columns, tables } = encoder;
  if (row.length !== columns.length) throw new RangeError(`expected ${columns.length} values, got ${row.length}`);
  let offset = 0;
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index] ?? null;
    const levels = tables[index];
    if (levels === undefined) {
      if (typeof value === "string") throw new RangeError(`column ${columns[index]?.name} takes a number`);
      inputs[offset] = value === null ? Number.NaN : finite(value);
      offset += 1;
      continue;
    }
    const level = levels.levels.get(keyOf(value)) ?? levels.unseen;
    inputs[offset] = level.code;
    offset += 1;
    if (levels.averaged) {
      inputs[offset] = level.mean;
      offset += 1;
    }
    if (levels.counted) {
      inputs[offset] = level.count;
      offset += 1;
    }
  }
  return inputs;
}

/**
 * Rows of numbers one after another, where all columns are numeric: an input is then a column.
 *
 * @throws RangeError where they are not, or for rows of another width
 */
export function encodeNumbers({ columns, owners }: InputEncoder, values: Float64Array, rows: number): Float64Array {
  const width = columns.length;
  if (values.length !== rows * width) throw new RangeError(`expected ${rows} × ${width} values, got ${values.length}`);
  const text = columns.find(({ kind }) => kind !== "numeric");
  if (text !== undefined || owners.length !== width) throw new RangeError(`column ${text?.name} takes no number`);
  const inputs = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) inputs[at] = finite(values[at] as number);
  return inputs;
}

/** Beyond it neither the single precision of cuts nor the square of a deviation can hold a number. */
const ordinaryMax = 1e30;

/** An infinity is as good as unknown. Numbers too large to reckon with keep their order. */
function finite(value: number): number {
  const size = Math.abs(value);
  if (size <= ordinaryMax) return value;
  return Number.isFinite(value) ? Math.sign(value) * ordinaryMax * (1 + Math.log(size / ordinaryMax)) : Number.NaN;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index] as number;
  return values.length === 0 ? 0 : sum / values.length;
}
