/** What a fitted model of a treatment's effect can do. Nothing here needs TF.js. */
import type { ColumnShape, Row, Table } from "../table.ts";
import type { EstimatorFiles } from "../tabular/binary-model.ts";

export interface UpliftReport {
  readonly rows: number;
  readonly treated: number;
  readonly averageEffect: number;
  /** Out of fold: how far knowing the member's effects explains outcomes beyond the average effect (Nie & Wager 2021). */
  readonly members: readonly { readonly name: string; readonly weight: number; readonly gain: number }[];
}

export interface UpliftModel {
  readonly columns: readonly ColumnShape[];
  readonly report: UpliftReport;
  /** Gain in probability from treating each row. */
  predict(table: Table): Float64Array;
  predictRow(row: Row): number;
  toFiles(): EstimatorFiles;
}

export interface UpliftOptions {
  readonly seed: number;
  readonly say?: (message: string) => void;
}
