/** What a fitted ranker of the rows of a list can do. Nothing here needs TF.js. */
import type { ColumnShape, Row, Table } from "../table.ts";
import type { EstimatorFiles } from "../tabular/binary-model.ts";

export interface RankingModel {
  readonly columns: readonly ColumnShape[];
  /** Expected gain: higher goes first. */
  score(table: Table): Float64Array;
  scoreRow(row: Row): number;
  toFiles(): EstimatorFiles;
}
