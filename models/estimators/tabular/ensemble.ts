/** The fitted classifier: members over one encoding of a row, and the weights at which their log-odds are summed. */
import { type ColumnShape, type Row, rowOf, type Table } from "../table.ts";
import type { BinaryModel, BinaryReport, EstimatorFiles } from "./binary-model.ts";
import { designMatrix, designRow } from "./design.ts";
import { writeParts } from "./files.ts";
import { encodeInputs, encodeRow } from "./inputs.ts";
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

  constructor(parts: MemberParts, report: BinaryReport) {
    const { members, weights, intercept, reference } = parts;
    this.#parts = parts;
    this.#needsDesign = members.some(({ kind }) => kind !== "forest");
    this.columns = parts.encoder.columns;
    this.report = report;
    this.base = members.reduce((sum, member, at) => sum + (weights[at] ?? 0) * baseOf(member, reference), intercept);
  }

  predict(table: Table): Float64Array {
    const { encoder, design, members, weights, intercept } = this.#parts;
    const inputs = encodeInputs(encoder, table);
    const matrix = this.#needsDesign ? designMatrix(design, inputs) : new Float32Array(0);
    const rows = { inputs: inputs.values, width: inputs.width, design: matrix, wide: design.width };
    const logits = new Float64Array(table.rows).fill(intercept);
    for (const [at, member] of members.entries()) addMember(member, rows, weights[at] as number, logits);
    return logits.map(sigmoid);
  }

  predictRow(row: Row): number {
    return sigmoid(this.#logit(this.#encoded(encodeRow(this.#parts.encoder, row))));
  }

  contributions(table: Table, row: number): Float64Array {
    const columns = this.columns.map(({ name }) => table.columns.findIndex((column) => column.name === name));
    const cells = rowOf(table, row);
    return this.contributionsOfRow(columns.map((at) => cells[at] ?? null));
  }

  contributionsOfRow(row: Row): Float64Array {
    const { encoder, design, reference, members, weights } = this.#parts;
    const encoded = this.#encoded(encodeRow(encoder, row));
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

  #encoded(inputs: Float64Array): EncodedRow {
    return { inputs, design: this.#needsDesign ? designRow(this.#parts.design, inputs) : new Float32Array(0) };
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
