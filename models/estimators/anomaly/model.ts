/** What a fitted anomaly detector can be asked. `fit.ts` makes one, `load.ts` reads one back without TF.js. */
import type { Row, Table } from "../table.ts";

export interface AnomalyModel {
  /** Names of the columns, in the order of a row. */
  readonly features: readonly string[];
  /** One score a row: the higher, the stranger. @throws RangeError when a column of the model is absent. */
  score(table: Table): Float64Array;
  /** The same score for one row, in the order of `features`. */
  scoreRow(row: Row): number;
  /** What each feature adds to the strangeness of a row: none is negative, together they are 1. */
  contributions(row: Row): Float64Array;
  /** Both at once, for hardly more than the contributions cost. */
  explainRow(row: Row): { readonly score: number; readonly contributions: Float64Array };
  /** Share of the training rows that are less strange: 0 to 1, never falling with the score. */
  percentile(score: number): number;
  /** The same bytes for the same model. */
  toFiles(): Record<string, Uint8Array>;
}
