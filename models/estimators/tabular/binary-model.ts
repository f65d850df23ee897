/** What a fitted classifier of tables can do. Nothing here, nor in what implements it, needs TF.js. */
import type { ColumnShape, Row, Table } from "../table.ts";

/** Named byte arrays: what the registry stores and hashes. The same model always gives the same bytes. */
export type EstimatorFiles = Readonly<Record<string, Uint8Array>>;

interface MemberReport {
  readonly name: string;
  /** Its weight in the log-odds of the whole. */
  readonly weight: number;
  /** Out of fold, on rows that it had not seen. */
  readonly logLoss: number;
  readonly auc: number;
}

/** What a model card says of the fit. */
export interface BinaryReport {
  readonly rows: number;
  readonly positives: number;
  /** How the rows were split to judge the members: over time, by groups or at random. */
  readonly folds: string;
  readonly members: readonly MemberReport[];
  /** The whole, out of fold. */
  readonly logLoss: number;
  readonly auc: number;
}

export interface BinaryModel {
  /** The order of `predictRow`. */
  readonly columns: readonly ColumnShape[];
  readonly report: BinaryReport;
  /** Log-odds from which the contributions count. */
  readonly base: number;
  /** Calibrated probabilities. @throws RangeError when the table lacks a column of the model */
  predict(table: Table): Float64Array;
  /** The same for one row, fast. @throws RangeError for a row of another width */
  predictRow(row: Row): number;
  /**
   * The same for rows of numbers, one after another, of a model whose columns are all numeric: what ranks many offers.
   *
   * @throws RangeError for rows of another width, or where a column is not numeric
   */
  predictNumbers(values: Float64Array, rows: number): Float64Array;
  /** One number per column, in log-odds; they sum to the row's log-odds − `base`. */
  contributions(table: Table, row: number): Float64Array;
  contributionsOfRow(row: Row): Float64Array;
  toFiles(): EstimatorFiles;
}

export interface BinaryOptions {
  readonly seed: number;
  /** A customer, household or list per row: rows of one are never on both sides of a fold. */
  readonly groups?: readonly string[];
  /** When each row happened, in any unit: folds then judge on what came later. It goes before groups. */
  readonly times?: ArrayLike<number>;
  readonly say?: (message: string) => void;
}
