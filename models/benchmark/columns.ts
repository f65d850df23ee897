/** Columns of a task as estimators take them. */
import type { Column, Table } from "../estimators/table.ts";
import { type Cells, numberOf, numbersIn, textsOf } from "./cells.ts";
import { type Part, TaskError, type TaskManifest } from "./read-task.ts";

/**
 * The features and nothing else: not the label, the treatment, ids or timestamps, whatever the manifest lists.
 *
 * @throws TaskError
 */
export function featureTable(manifest: TaskManifest, part: Part): Table {
  const types = new Map(manifest.columns.map(({ name, type }) => [name, type]));
  const others = new Set([manifest.label, manifest.treatment]);
  const usable = (name: string) => {
    const type = types.get(name);
    return (type === "numeric" || type === "categorical") && !others.has(name);
  };
  const names = (manifest.features ?? manifest.columns.map(({ name }) => name)).filter(usable);
  if (names.length === 0) throw new TaskError("none of the features is a numeric or categorical column");
  const columns = names.map((name): Column => {
    if (types.get(name) === "numeric") return { name, kind: "numeric", values: numbersOf(part, name) };
    return { name, kind: "categorical", values: cellsOf(part, name).map((cell) => (cell === "" ? null : cell)) };
  });
  return { rows: part.rows, columns };
}

/** As texts. @throws TaskError */
export function cellsOf(part: Part, name: string): readonly string[] {
  return textsOf(columnOf(part, name));
}

/** Empty and unreadable cells are missing: NaN. @throws TaskError */
export function numbersOf(part: Part, name: string): Float64Array {
  return numbersIn(columnOf(part, name));
}

function columnOf(part: Part, name: string): Cells {
  const cells = part.columns.get(name);
  if (cells === undefined) throw new TaskError(`${part.file} has no column ${name}`);
  return cells;
}

/** @throws TaskError when a cell is not a number, or there is no such column */
export function labelsOf(part: Part, name: string | null | undefined, which: string): Float64Array {
  if (name === null || name === undefined) throw new TaskError(`the task names no ${which}`);
  if (!part.columns.has(name)) throw new TaskError(`${part.file} has no ${which} column ${name}`);
  const values = numbersOf(part, name);
  const bad = values.findIndex((value) => Number.isNaN(value));
  if (bad >= 0) throw new TaskError(`the ${which} ${name} of row ${bad + 1} of ${part.file} is not a number`);
  return values;
}

/** A moment per row as a number that grows: a date, or a number. Undefined when a row has none. */
export function timesOf(part: Part, name: string | null | undefined): Float64Array | undefined {
  const cells = name === null || name === undefined ? undefined : part.columns.get(name);
  if (cells === undefined) return undefined;
  const momentIn = (cell: string) => {
    const number = numberOf(cell);
    return Number.isNaN(number) ? momentOf(cell) : number;
  };
  const times = cells.kind === "numbers" ? cells.values : Float64Array.from(cells.values, momentIn);
  return times.some((time) => Number.isNaN(time)) ? undefined : times;
}

/** Epoch ms, NaN where it is no date. One without a zone is in UTC, whatever the machine's clock says. */
export function momentOf(cell: string): number {
  const text = cell.trim();
  const isZoned = /(?:[a-z]|\d[+-]\d{2}:?\d{2})$/i.test(text);
  return Date.parse(!isZoned && text.includes(":") ? `${text}Z` : text);
}
