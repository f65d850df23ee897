/** The cells of a column, kept small: millions of rows have to fit. */

interface Numbers {
  readonly kind: "numbers";
  /** NaN where a cell is empty or unreadable. */
  readonly values: Float64Array;
  /** How many cells are neither empty nor a number, and the first of them. */
  readonly unreadable: number;
  readonly example: string;
}

interface Texts {
  readonly kind: "texts";
  /** An empty cell is "". Equal texts are one string. */
  readonly values: readonly string[];
}

export type Cells = Numbers | Texts;

export interface CellsReader {
  readonly name: string;
  add(cell: string): void;
  all(): Cells;
}

export function readNumbers(name: string): CellsReader {
  const values: number[] = [];
  let unreadable = 0;
  let example = "";
  return {
    name,
    add: (cell) => {
      const value = numberOf(cell);
      values.push(value);
      if (!Number.isNaN(value) || cell.trim() === "") return;
      if (unreadable === 0) example = cell;
      unreadable += 1;
    },
    all: () => ({ kind: "numbers", values: Float64Array.from(values), unreadable, example }),
  };
}

export function readTexts(name: string): CellsReader {
  const values: string[] = [];
  const known = new Map<string, string>();
  return {
    name,
    add: (cell) => {
      const same = known.get(cell);
      if (same === undefined) known.set(cell, cell);
      values.push(same ?? cell);
    },
    all: () => ({ kind: "texts", values }),
  };
}

/** Empty and unreadable cells are missing: NaN. */
export function numberOf(cell: string): number {
  return cell.trim() === "" ? Number.NaN : Number(cell);
}

export function textsOf(cells: Cells): readonly string[] {
  if (cells.kind === "texts") return cells.values;
  return Array.from(cells.values, (value) => (Number.isNaN(value) ? "" : String(value)));
}

export function numbersIn(cells: Cells): Float64Array {
  return cells.kind === "numbers" ? cells.values : Float64Array.from(cells.values, numberOf);
}
