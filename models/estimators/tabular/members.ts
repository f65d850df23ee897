/** The members of an ensemble: each gives a row log-odds, and says which inputs they came from. */
import type { DenseNet } from "../../dense.ts";
import type { Design } from "./design.ts";
import { addLeaves, averageOf, creditInputs, type Forest, sumLeaves } from "./forest.ts";
import type { InputEncoder } from "./inputs.ts";
import { creditNet, netOutput } from "./net-credit.ts";

interface ForestMember {
  readonly kind: "forest";
  readonly name: string;
  /** The log-odds that the trees begin at. */
  readonly start: number;
  readonly forest: Forest;
}

interface LinearMember {
  readonly kind: "linear";
  readonly name: string;
  readonly intercept: number;
  /** Per column of the design. */
  readonly weights: Float64Array;
}

interface NetworkMember {
  readonly kind: "network";
  readonly name: string;
  readonly nets: readonly DenseNet[];
}

export type Member = ForestMember | LinearMember | NetworkMember;

/** Members over one encoding of a row, and the weights at which what they say is summed. */
export interface MemberParts {
  readonly encoder: InputEncoder;
  readonly design: Design;
  /** The mean of the design over the training rows, from which contributions of linear members and networks count. */
  readonly reference: Float32Array;
  readonly members: readonly Member[];
  readonly weights: readonly number[];
  readonly intercept: number;
}

/** One row as the members take it. */
export interface EncodedRow {
  readonly inputs: Float64Array;
  readonly design: Float32Array;
}

export function scoreMember(member: Member, { inputs, design }: EncodedRow): number {
  switch (member.kind) {
    case "forest":
      return sumLeaves(member.forest, inputs, member.start);
    case "linear":
      return linearScore(member, design, 0, design.length);
    case "network":
      return networkScore(member, design, 0);
  }
}

/** Of the row of a design that begins at `from`. */
function linearScore({ intercept, weights }: LinearMember, design: Float32Array, from: number, width: number): number {
  let score = intercept;
  for (let at = 0; at < width; at += 1) {
    const value = design[from + at] as number;
    if (value !== 0) score += value * (weights[at] as number);
  }
  return score;
}

function networkScore({ nets }: NetworkMember, design: Float32Array, from: number): number {
  let sum = 0;
  for (const net of nets) sum += netOutput(net, design, from);
  return sum / nets.length;
}

/** Adds `weight` times the member's scores of many rows, each to the last bit that of `scoreMember`. */
export function addMember(
  member: Member,
  rows: { readonly inputs: Float64Array; readonly width: number; readonly design: Float32Array; readonly wide: number },
  weight: number,
  into: Float64Array,
): void {
  const scores = new Float64Array(into.length);
  const { inputs, width, design, wide } = rows;
  if (member.kind === "forest") {
    scores.fill(member.start);
    addLeaves(member.forest, inputs, width, scores);
  } else if (member.kind === "linear") {
    for (let row = 0; row < into.length; row += 1) scores[row] = linearScore(member, design, row * wide, wide);
  } else {
    for (let row = 0; row < into.length; row += 1) scores[row] = networkScore(member, design, row * wide);
  }
  for (let row = 0; row < into.length; row += 1) into[row] = (into[row] as number) + weight * (scores[row] as number);
}

/** The score from which a member's credits count. */
export function baseOf(member: Member, reference: Float32Array): number {
  if (member.kind === "forest") return member.start + averageOf(member.forest);
  return scoreMember(member, { inputs: new Float64Array(0), design: reference });
}

/** Adds `weight` times the member's credits: by tree input, or by column of the design. */
export function creditMember(
  member: Member,
  row: EncodedRow,
  reference: Float32Array,
  weight: number,
  byInput: Float64Array,
  byDesign: Float64Array,
): void {
  switch (member.kind) {
    case "forest":
      creditInputs(member.forest, row.inputs, weight, byInput);
      return;
    case "linear":
      for (let at = 0; at < byDesign.length; at += 1) {
        const change = (row.design[at] as number) - (reference[at] as number);
        byDesign[at] = (byDesign[at] as number) + weight * change * (member.weights[at] as number);
      }
      return;
    case "network":
      for (const net of member.nets) creditNet(net, row.design, reference, weight / member.nets.length, byDesign);
  }
}
