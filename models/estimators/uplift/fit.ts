/**
 * The effect of a treatment on each row, from a randomised comparison. Each way of learning it is judged by the R-loss on
 * rows held back: how well (w − e)·effect explains what main effects leave of the outcome (Nie & Wager 2021). It is the
 * one loss of an effect that can be computed without seeing both outcomes of a row.
 */
import type { Runtime } from "../../runtime.ts";
import { selectRows, type Table } from "../table.ts";
import { drawRows } from "../tabular/bound.ts";
import { designMatrix } from "../tabular/design.ts";
import { makeFolds } from "../tabular/folds.ts";
import { encodeInputs, mean } from "../tabular/inputs.ts";
import { concatenate } from "../tabular/judge.ts";
import { fitLinearMember } from "../tabular/learn-linear.ts";
import { scoreSparse, sparseOf } from "../tabular/linear.ts";
import type { Member } from "../tabular/members.ts";
import { averageRow, type Prepared, pick, prepare } from "../tabular/prepare.ts";
import { type Effect, Effects, sigmoid } from "./effects.ts";
import { averageEffect, type FoldArms, type Judged, judgeArms, judgeInteractions, judgeResidual } from "./judge.ts";
import {
  type Arms,
  armBooster,
  fitInteractions,
  grown,
  interactionData,
  mainPenalty,
  residualBooster,
} from "./learners.ts";
import type { UpliftModel, UpliftOptions } from "./uplift-model.ts";
import { type EffectsOutOfFold, weighEffects } from "./weigh.ts";

/**
 * @param labels 0 or 1 per row
 * @param treated 0 or 1 per row, drawn by chance
 * @throws RangeError when they do not fit the rows, or an arm is empty
 */
export async function fitUplift(
  _runtime: Runtime,
  table: Table,
  labels: ArrayLike<number>,
  treated: ArrayLike<number>,
  options: UpliftOptions,
): Promise<UpliftModel> {
  const y = checked(table, labels, "label");
  const w = checked(table, treated, "treatment");
  const drawn = drawRows(table, options.seed);
  if (drawn === undefined) return fitRows(table, y, w, options);
  options.say?.(`learns from ${drawn.length} of ${table.rows} rows`);
  return fitRows(selectRows(table, drawn), pick(y, drawn), pick(w, drawn), options);
}

function fitRows(table: Table, y: Float64Array, w: Float64Array, options: UpliftOptions): UpliftModel {
  const share = mean(w);
  if (share === 0 || share === 1) throw new RangeError("an effect takes rows that were treated and rows that were not");
  const { seed, say = () => undefined } = options;
  // Equal shares of treated rows in every fold; those of positives follow closely enough.
  const { folds } = makeFolds(w, { seed });
  const prepared = folds.map((fold) => {
    const train = prepare(selectRows(table, fold.train), pick(y, fold.train), seed);
    return foldArms(train, pick(w, fold.train), selectRows(table, fold.held), pick(y, fold.held), pick(w, fold.held));
  });
  const held: EffectsOutOfFold = {
    residual: concatenate(
      prepared.map((fold) => fold.held.labels.map((label, row) => label - (fold.held.outcome[row] as number))),
    ),
    sign: concatenate(prepared.map((fold) => fold.held.treated.map((arm) => arm - fold.arms.share))),
  };
  const judged =
    prepared.length === 0
      ? []
      : [judgeInteractions(prepared, held), judgeResidual(prepared, held, seed), judgeArms(prepared, held, seed)];
  const { weights, intercept, gains } = weighEffects(
    judged.map(({ effects }) => effects),
    held,
  );
  for (const [at, { name, capacity }] of judged.entries()) {
    say(`${name}: gain ${gains[at]?.toExponential(2)} at ${capacity}, weight ${weights[at]?.toFixed(2)}`);
  }
  return fitAll(table, y, w, judged, { weights, intercept, gains }, seed);
}

function fitAll(
  table: Table,
  y: Float64Array,
  w: Float64Array,
  judged: readonly Judged[],
  stack: { readonly weights: readonly number[]; readonly intercept: number; readonly gains: readonly number[] },
  seed: number,
): UpliftModel {
  const all = armsOf(prepare(table, y, seed), w);
  const members: Member[] = [];
  const effects: Effect[] = [];
  const seeds = [0, 1, 2, 3].map((index) => seed + index);
  for (const [at, { name, capacity }] of judged.entries()) {
    const weight = stack.weights[at] ?? 0;
    if (weight === 0) continue;
    const first = members.length;
    if (name === "interactions") {
      const { pair } = fitInteractions(interactionData(all), capacity);
      members.push(
        { kind: "linear", name: "treated", ...pair.treated },
        { kind: "linear", name: "control", ...pair.control },
      );
      effects.push({ kind: "difference", weight, treated: first, control: first + 1 });
    } else if (name === "residual trees") {
      const average = averageEffect(y, w);
      const forest = grown(
        seeds.map((each) => residualBooster(all, average, each)),
        capacity,
      );
      members.push({ kind: "forest", name, start: average, forest });
      effects.push({ kind: "direct", weight, member: first });
    } else {
      for (const arm of [1, 0] as const) {
        const { start } = all.prepared;
        const forest = grown(
          seeds.map((each) => armBooster(all, arm, start, each)),
          capacity,
        );
        members.push({ kind: "forest", name: arm === 1 ? "treated" : "control", start, forest });
      }
      effects.push({ kind: "difference", weight, treated: first, control: first + 1 });
    }
  }
  const { encoder, design } = all.prepared;
  const parts = {
    encoder,
    design,
    reference: averageRow(all.prepared),
    members,
    weights: members.map(() => 1),
    intercept: 0,
  };
  return new Effects(parts, effects, judged.length === 0 ? averageEffect(y, w) : stack.intercept, {
    rows: table.rows,
    treated: w.reduce((sum, arm) => sum + arm, 0),
    averageEffect: averageEffect(y, w),
    members: judged.map(({ name }, at) => ({ name, weight: stack.weights[at] ?? 0, gain: stack.gains[at] ?? 0 })),
  });
}

function armsOf(prepared: Prepared, treated: Float64Array): Arms {
  const { intercept, weights } = fitLinearMember(prepared, mainPenalty);
  return {
    prepared,
    treated,
    share: mean(treated),
    outcome: outcomes(prepared.matrix, prepared.design.width, intercept, weights),
  };
}

function foldArms(
  train: Prepared,
  treated: Float64Array,
  table: Table,
  labels: Float64Array,
  heldTreated: Float64Array,
): FoldArms {
  const { intercept, weights } = fitLinearMember(train, mainPenalty);
  const { width } = train.design;
  const inputs = encodeInputs(train.encoder, table);
  const matrix = designMatrix(train.design, inputs);
  return {
    arms: {
      prepared: train,
      treated,
      share: mean(treated),
      outcome: outcomes(train.matrix, width, intercept, weights),
    },
    held: { inputs, matrix, labels, treated: heldTreated, outcome: outcomes(matrix, width, intercept, weights) },
  };
}

function outcomes(matrix: Float32Array, width: number, intercept: number, weights: Float64Array): Float64Array {
  return scoreSparse(sparseOf(matrix, width), Float64Array.of(...weights, intercept)).map(sigmoid);
}

function checked(table: Table, values: ArrayLike<number>, which: string): Float64Array {
  if (values.length !== table.rows)
    throw new RangeError(`${values.length} values of the ${which} for ${table.rows} rows`);
  const bad = Float64Array.from(values).find((value) => value !== 0 && value !== 1);
  if (bad !== undefined) throw new RangeError(`the ${which} is 0 or 1, not ${bad}`);
  return Float64Array.from(values);
}
