/**
 * Rows of a table as points: every number in deviations from the training mean, every category as its surprise (how
 * rare it is) and, for the common ones, as a place of its own. Fitted on the training rows without any label.
 */
import { z } from "zod";
import { arrange, type Column, type ColumnShape, type Row, type Table } from "../table.ts";

/** Common categories of a column that get a place of their own. */
const placesMax = 6;
const placeShareMin = 0.05;
/** Texts that are remembered; the others count as never seen. */
const categoriesMax = 1_000;

const affine = { mean: z.number(), scale: z.number() };
const numericCode = z.object({
  kind: z.literal("numeric"),
  name: z.string(),
  ...affine,
  /** Share of missing values in training; 0: such a value counts as an ordinary one. */
  missing: z.number(),
});
const categoricalCode = z.object({
  kind: z.literal("categorical"),
  name: z.string(),
  ...affine,
  /** Surprise in nats by text; a missing value is a category too, under "missing". */
  surprise: z.record(z.string(), z.number()),
  missing: z.number(),
  unseen: z.number(),
  places: z.array(z.object({ category: z.string(), share: z.number() })),
});
export const codesSchema = z.array(z.discriminatedUnion("kind", [numericCode, categoricalCode])).min(1);
type NumericCode = z.infer<typeof numericCode>;
type CategoricalCode = z.infer<typeof categoricalCode>;
type Code = NumericCode | CategoricalCode;

/** A deviation beyond it says no more: it only overflows. */
const deviationMax = 1e6;

export interface Encoder {
  readonly codes: readonly Code[];
  readonly shapes: readonly ColumnShape[];
  /** Numbers of a point. */
  readonly width: number;
  /** Which column each number comes from. */
  readonly sources: Int32Array;
  /** @param into where the point is written, every number of it; default: room of its own */
  encodeRow(row: Row, into?: Float32Array): Float32Array;
  /** Row after row. @throws RangeError when the table lacks a column. */
  encodeTable(table: Table): Float32Array;
}

export function fitCodes(table: Table): Code[] {
  return table.columns.map((column) => (column.kind === "numeric" ? fitNumeric(column) : fitCategorical(column)));
}

function fitNumeric({ name, values }: Extract<Column, { kind: "numeric" }>): NumericCode {
  const known = values.filter(Number.isFinite);
  const mean = known.length === 0 ? 0 : known.reduce((sum, value) => sum + value / known.length, 0);
  const varianceIn = (unit: number) =>
    known.reduce((sum, value) => sum + (value / unit - mean / unit) ** 2 / known.length, 0);
  const variance = varianceIn(1);
  // Squares of huge numbers overflow.
  const largest = () => known.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const deviation = Number.isFinite(variance) ? Math.sqrt(variance) : Math.sqrt(varianceIn(largest())) * largest();
  // Where nothing ever varied, another value is news: a tenth of the usual one counts as a deviation.
  const scale = deviation > 1e-9 * Math.max(1, Math.abs(mean)) ? deviation : Math.abs(mean) / 10 || 1;
  return { kind: "numeric", name, mean, scale, missing: 1 - known.length / Math.max(1, values.length) };
}

function fitCategorical({ name, values }: Extract<Column, { kind: "categorical" }>): CategoricalCode {
  const counts = new Map<string, number>();
  let missing = 0;
  for (const value of values) {
    if (value === null) missing += 1;
    else counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const rows = Math.max(1, values.length);
  const surpriseOf = (count: number) => -Math.log((count + 0.5) / (rows + 1));
  const ranked = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const surprises = values.map((value) => surpriseOf(value === null ? missing : (counts.get(value) ?? 0)));
  const mean = surprises.reduce((sum, surprise) => sum + surprise / rows, 0);
  const variance = surprises.reduce((sum, surprise) => sum + (surprise - mean) ** 2 / rows, 0);
  return {
    kind: "categorical",
    name,
    mean,
    scale: Math.sqrt(variance) || 1,
    surprise: Object.fromEntries(ranked.slice(0, categoriesMax).map(([text, count]) => [text, surpriseOf(count)])),
    missing: surpriseOf(missing),
    unseen: surpriseOf(0),
    places: ranked
      .filter(([, count]) => count / rows >= placeShareMin && count < rows)
      .slice(0, placesMax)
      .map(([category, count]) => ({ category, share: count / rows })),
  };
}

export function createEncoder(codes: readonly Code[]): Encoder {
  const shapes = codes.map(({ name, kind }) => ({ name, kind }));
  const widths = codes.map((code) => (code.kind === "numeric" ? 1 + Number(code.missing > 0) : 1 + code.places.length));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const sources = Int32Array.from(widths.flatMap((each, column) => new Array<number>(each).fill(column)));
  // Maps, not the parsed objects: a category may be called "constructor".
  const surprises = codes.map((code) => new Map(code.kind === "numeric" ? [] : Object.entries(code.surprise)));

  function put(point: Float32Array, at: number, column: number, value: number | string | null): void {
    const code = codes[column];
    if (code === undefined) return;
    if (code.kind === "numeric") {
      const known = typeof value === "number" && Number.isFinite(value);
      point[at] = known ? bounded((value - code.mean) / code.scale) : 0;
      if (code.missing > 0) point[at + 1] = indicator(!known, code.missing);
      return;
    }
    const surprise = typeof value === "string" ? (surprises[column]?.get(value) ?? code.unseen) : code.missing;
    point[at] = bounded((surprise - code.mean) / code.scale);
    for (const [place, { category, share }] of code.places.entries()) {
      point[at + 1 + place] = indicator(value === category, share) / 2;
    }
  }

  return {
    codes,
    shapes,
    width,
    sources,
    encodeRow: (row, point = new Float32Array(width)) => {
      if (row.length !== codes.length) throw new RangeError(`expected ${codes.length} values, got ${row.length}`);
      let at = 0;
      for (let column = 0; column < codes.length; column += 1) {
        put(point, at, column, row[column] ?? null);
        at += widths[column] ?? 0;
      }
      return point;
    },
    encodeTable: (table) => {
      const columns = arrange(table, shapes);
      const points = new Float32Array(table.rows * width);
      let offset = 0;
      for (const [index, column] of columns.entries()) {
        for (let row = 0; row < table.rows; row += 1) {
          const base = row * width;
          put(points.subarray(base, base + width), offset, index, column.values[row] ?? null);
        }
        offset += widths[index] ?? 0;
      }
      return points;
    },
  };
}

function bounded(deviation: number): number {
  return Math.min(deviationMax, Math.max(-deviationMax, deviation));
}

/** A yes or no in its own deviations; a share of 1 has none. */
function indicator(yes: boolean, share: number): number {
  return (Number(yes) - share) / Math.sqrt(Math.max(share * (1 - share), 1e-6));
}
