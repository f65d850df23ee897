/**
 * How many rows a model of tables learns from. Time and memory grow with rows × columns, and what is learnt hardly does
 * beyond some hundred thousand rows: larger tables are drawn from by chance, so that every table is done in minutes.
 */
import { permutation, seeded } from "../../training/random.ts";
import type { Table } from "../table.ts";

/** Cells that trees look at, and cells of the design that regression and network take. */
const cellsMax = 8_000_000;
const designCellsMax = 40_000_000;
/** A wide table keeps at least so many rows, a narrow one at most. */
const rowsMin = 20_000;
const rowsMax = 400_000;
/** A level more than these has no place of its own in the design. */
const placesMax = 42;
const placesOfNumber = 3;
/** So many rows tell how many levels a column has. */
const looked = 20_000;

function rowsFor(table: Table): number {
  const width = table.columns.reduce((sum, column) => sum + (column.kind === "numeric" ? 1 : 2), 0);
  const places = table.columns.reduce((sum, column) => {
    if (column.kind === "numeric") return sum + placesOfNumber;
    return sum + Math.min(placesMax, new Set(column.values.slice(0, looked)).size + 2);
  }, 0);
  const room = Math.min(cellsMax / Math.max(1, width), designCellsMax / Math.max(1, places));
  return Math.floor(Math.min(rowsMax, Math.max(rowsMin, room)));
}

interface Drawn {
  /** In their order. */
  readonly rows: Uint32Array;
  /** By how much the log-odds of a positive are higher among them than among all. */
  readonly shift: number;
}

/** Rows of the rarer class are taken up to this share: where there are few positives, all of them. */
const rarerShare = 0.25;

/**
 * @param labels 0 or 1 per row
 * @returns undefined when all rows can be learnt from
 */
export function drawByLabel(table: Table, labels: Float64Array, seed: number): Drawn | undefined {
  const wanted = rowsFor(table);
  if (table.rows <= wanted) return undefined;
  const order = permutation(table.rows, seeded(seed));
  const [negatives, positives] = [order.filter((row) => labels[row] === 0), order.filter((row) => labels[row] === 1)];
  const rarer = Math.min(negatives.length, positives.length);
  const fair = Math.round((rarer / table.rows) * wanted);
  const ofRarer = Math.min(rarer, Math.max(fair, Math.floor(wanted * rarerShare)));
  const ofPositives = rarer === positives.length ? ofRarer : wanted - ofRarer;
  const rows = new Uint32Array(wanted);
  rows.set(positives.subarray(0, ofPositives));
  rows.set(negatives.subarray(0, wanted - ofPositives), ofPositives);
  const odds = (of: number, others: number) => (of === 0 || others === 0 ? 0 : Math.log(of / others));
  const shift = odds(ofPositives, wanted - ofPositives) - odds(positives.length, negatives.length);
  return { rows: rows.sort(), shift };
}

/** The rows to learn from, whatever their labels, in their order; undefined when all can be. */
export function drawRows(table: Table, seed: number): Uint32Array | undefined {
  const wanted = rowsFor(table);
  return table.rows <= wanted ? undefined : permutation(table.rows, seeded(seed)).slice(0, wanted).sort();
}
