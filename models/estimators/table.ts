/** Tables as estimators take them: by columns, since that is how they are read, binned and encoded. */

interface NumericColumn {
  readonly name: string;
  readonly kind: "numeric";
  /** NaN = missing. */
  readonly values: Float64Array;
}

interface CategoricalColumn {
  readonly name: string;
  readonly kind: "categorical";
  /** null = missing. */
  readonly values: readonly (string | null)[];
}

export type Column = NumericColumn | CategoricalColumn;

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** One row, in the order of the columns; null (or NaN) = missing. */
export type Row = readonly (number | string | null)[];

/** What a model remembers of the columns that it learnt from. */
export interface ColumnShape {
  readonly name: string;
  readonly kind: Column["kind"];
}

export function rowOf(table: Table, index: number): Row {
  return table.columns.map((column) => column.values[index] ?? null);
}

/** The rows at these indices, in this order. */
export function selectRows(table: Table, indices: ArrayLike<number>): Table {
  const order = Array.from(indices);
  const columns = table.columns.map((column): Column => {
    if (column.kind === "numeric") {
      return { ...column, values: Float64Array.from(order, (index) => column.values[index] ?? Number.NaN) };
    }
    return { ...column, values: order.map((index) => column.values[index] ?? null) };
  });
  return { rows: order.length, columns };
}

/** The rows from one index up to another. Numbers are not copied. */
export function sliceRows(table: Table, from: number, to: number): Table {
  const columns = table.columns.map(
    (column): Column =>
      column.kind === "numeric"
        ? { ...column, values: column.values.subarray(from, to) }
        : { ...column, values: column.values.slice(from, to) },
  );
  return { rows: to - from, columns };
}

/**
 * The columns of a table in the order a model expects.
 *
 * @throws RangeError when one is missing or of another kind: a score over the wrong columns is worse than none.
 */
export function arrange(table: Table, shapes: readonly ColumnShape[]): readonly Column[] {
  return shapes.map(({ name, kind }, index) => {
    const here = table.columns[index];
    const column = here?.name === name ? here : table.columns.find((each) => each.name === name);
    if (column === undefined) throw new RangeError(`the table has no column ${name}`);
    if (column.kind !== kind) throw new RangeError(`column ${name} is ${column.kind}, the model learnt it as ${kind}`);
    return column;
  });
}
