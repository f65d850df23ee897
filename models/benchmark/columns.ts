/** Columns of a task as estimators take them. */
import type { Column, Table } from "../estimators/table.ts";
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
    const cells = cellsOf(part, name);
    if (types.get(name) === "numeric") return { name, kind: "numeric", values: numbers(cells) };
    return { name, kind: "categorical", values: cells.map((cell) => (cell === "" ? null : cell)) };
  });
  return { rows: part.rows, columns };
}

/** @throws TaskError */
export function cellsOf(part: Part, name: string): readonly string[] {
  const cells = part.cells.get(name);
  if (cells === undefined) throw new TaskError(`${part.file} has no column ${name}`);
  return cells;
}

/** Empty and unreadable cells are missing: NaN. */
export function numbers(cells: readonly string[]): Float64Array {
  return Float64Array.from(cells, (cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
}

/** @throws TaskError when a cell is not a number, or there is no such column */
export function labelsOf(part: Part, name: string | null | undefined, which: string): Float64Array {
  if (name === null || name === undefined) throw new TaskError(`the task names no ${which}`);
  if (!part.cells.has(name)) throw new TaskError(`${part.file} has no ${which} column ${name}`);
  const values = numbers(cellsOf(part, name));
  const bad = values.findIndex((value) => Number.isNaN(value));
  if (bad >= 0) throw new TaskError(`the ${which} ${name} of row ${bad + 1} of ${part.file} is not a number`);
  return values;
}

/** A moment per row as a number that grows: a date, or a number. Undefined when a row has none. */
export function timesOf(part: Part, name: string | null | undefined): Float64Array | undefined {
  const cells = name === null || name === undefined ? undefined : part.cells.get(name);
  if (cells === undefined) return undefined;
  const times = Float64Array.from(cells, (cell) => {
    const number = cell.trim() === "" ? Number.NaN : Number(cell);
    return Number.isNaN(number) ? momentOf(cell) : number;
  });
  return times.some((time) => Number.isNaN(time)) ? undefined : times;
}

/** Epoch ms, NaN where it is no date. One without a zone is in UTC, whatever the machine's clock says. */
export function momentOf(cell: string): number {
  const text = cell.trim();
  const isZoned = /(?:[a-z]|\d[+-]\d{2}:?\d{2})$/i.test(text);
  return Date.parse(!isZoned && text.includes(":") ? `${text}Z` : text);
}
