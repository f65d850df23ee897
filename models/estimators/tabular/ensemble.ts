/** The fitted classifier: members over one encoding of a row, and the weights at which their log-odds are summed. */
import { type ColumnShape, type Row, rowOf, type Table } from "../table.ts";
import type { BinaryModel, BinaryReport, EstimatorFiles } from "./binary-model.ts";
import { designMatrix, designRow } from "./design.ts";
import { writeParts } from "./files.ts";
import { encodeInputs, encodeNumbers, encodeRow, type Inputs } from "./inputs.ts";
import {
  addMember,
  baseOf,
  creditMember,
  type EncodedRow,
  type Member,
  type MemberParts,
  scoreMember,
} from "./members.ts";

export class Ensemble implements BinaryModel {
  readonly columns: readonly ColumnShape[];
  readonly report: BinaryReport;
  readonly base: number;
  readonly #parts: MemberParts;
  readonly #needsDesign: boolean;
  /** Where a row is encoded: made once, as there is one row at a time, and a request must leave no garbage. */
  readonly #room: EncodedRow;

  constructor(parts: MemberParts, report: BinaryReport) {
    const { members, weights, intercept, reference } = parts;
    this.#parts = parts;
    this.#needsDesign = members.some(({ kind }) => kind !== "forest");
    this.#room = {
      inputs: new Float64Array(parts.encoder.owners.length),
      design: new Float32Array(this.#needsDesign ? parts.design.width : 0),
    };
    this.columns = parts.encoder.columns;
    this.report = report;
    this.base = members.reduce((sum, member, at) => sum + (weights[at] ?? 0) * baseOf(member, reference), intercept);
  }

  predict(table: Table): Float64Array {
    return this.#predict(encodeInputs(this.#parts.encoder, table));
  }

  predictNumbers(values: Float64Array, rows: number): Float64Array {
    const width = this.columns.length;
    return this.#predict({ rows, width, values: encodeNumbers(this.#parts.encoder, values, rows) });
  }

  predictRow(row: Row): number {
    return sigmoid(this.#logit(this.#encoded(row)));
  }

  contributions(table: Table, row: number): Float64Array {
    const columns = this.columns.map(({ name }) => table.columns.findIndex((column) => column.name === name));
    const cells = rowOf(table, row);
    return this.contributionsOfRow(columns.map((at) => cells[at] ?? null));
  }

  contributionsOfRow(row: Row): Float64Array {
    const { encoder, design, reference, members, weights } = this.#parts;
    const encoded = this.#encoded(row);
    const byInput = new Float64Array(encoder.owners.length);
    const byDesign = new Float64Array(design.width);
    for (const [at, member] of members.entries()) {
      creditMember(member, encoded, reference, weights[at] ?? 0, byInput, byDesign);
    }
    const byColumn = new Float64Array(this.columns.length);
    const add = (input: number, credit: number) => {
      const column = encoder.owners[input] as number;
      byColumn[column] = (byColumn[column] as number) + credit;
    };
    for (const [input, credit] of byInput.entries()) add(input, credit);
    for (const [at, credit] of byDesign.entries()) add(design.inputOf[at] as number, credit);
    return byColumn;
  }

  toFiles(): EstimatorFiles {
    const report = new TextEncoder().encode(JSON.stringify(this.report));
    return { ...writeParts(this.#parts), "report.json": report };
  }

  #predict(inputs: Pick<Inputs, "rows" | "width" | "values">): Float64Array {
    const { design, members, weights, intercept } = this.#parts;
    const matrix = this.#needsDesign ? designMatrix(design, inputs) : new Float32Array(0);
    const rows = { inputs: inputs.values, width: inputs.width, design: matrix, wide: design.width };
    const logits = new Float64Array(inputs.rows).fill(intercept);
    for (const [at, member] of members.entries()) addMember(member, rows, weights[at] as number, logits);
    return logits.map(sigmoid);
  }

  /** The next row overwrites it. */
  #encoded(row: Row): EncodedRow {
    const { encoder, design } = this.#parts;
    encodeRow(encoder, row, this.#room.inputs);
    if (this.#needsDesign) designRow(design, this.#room.inputs, this.#room.design);
    return this.#room;
  }

  #logit(row: EncodedRow): number {
    const { members, weights, intercept } = this.#parts;
    let sum = intercept;
    for (let at = 0; at < members.length; at += 1) {
      sum += (weights[at] as number) * scoreMember(members[at] as Member, row);
    }
    return sum;
  }
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
