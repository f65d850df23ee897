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
import { addLeaves } from "../tabular/forest.ts";
import { encodeInputs, mean } from "../tabular/inputs.ts";
import { concatenate } from "../tabular/judge.ts";
import { fitLinearMember } from "../tabular/learn-linear.ts";
import { scoreSparse, sparseOf } from "../tabular/linear.ts";
import type { Member } from "../tabular/members.ts";
import { averageRow, type Held, type Prepared, pick, prepare } from "../tabular/prepare.ts";
import { type Effect, Effects, sigmoid } from "./effects.ts";
import {
  type Arms,
  armBooster,
  fitInteractions,
  grown,
  interactionData,
  type LinearPair,
  mainPenalty,
  residualBooster,
} from "./learners.ts";
import type { UpliftModel, UpliftOptions } from "./uplift-model.ts";
import { type EffectsOutOfFold, weighEffects } from "./weigh.ts";

const penalties = [3000, 1000, 300, 100, 30, 10, 3];
const treesMax = 200;
const treesStep = 10;
const patience = 5;

interface FoldArms {
  readonly arms: Arms;
  readonly held: Held & { readonly treated: Float64Array; readonly outcome: Float64Array };
}

/** What one way of learning says of held-back rows, and the capacity at which it explains them best. */
interface Judged {
  readonly name: string;
  readonly effects: Float64Array;
  readonly capacity: number;
}

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

function judgeInteractions(folds: readonly FoldArms[], held: EffectsOutOfFold): Judged {
  const learners = folds.map(({ arms, held: rows }) => ({
    data: interactionData(arms),
    rows: sparseOf(rows.matrix, arms.prepared.design.width),
    weights: undefined as Float64Array | undefined,
  }));
  let best: Judged & { loss: number } = {
    name: "interactions",
    effects: new Float64Array(0),
    capacity: 0,
    loss: Infinity,
  };
  for (const penalty of penalties) {
    const effects = concatenate(
      learners.map((learner) => {
        const { weights, pair } = fitInteractions(learner.data, penalty, learner.weights);
        learner.weights = weights;
        return differences(learner.rows, pair);
      }),
    );
    const loss = residualLoss(effects, held);
    if (loss < best.loss) best = { ...best, effects, capacity: penalty, loss };
  }
  return best;
}

function differences(rows: Parameters<typeof scoreSparse>[0], { treated, control }: LinearPair): Float64Array {
  const score = ({ intercept, weights }: LinearPair["treated"]) =>
    scoreSparse(rows, Float64Array.of(...weights, intercept));
  const without = score(control);
  return score(treated).map((value, row) => sigmoid(value) - sigmoid(without[row] as number));
}

function judgeResidual(folds: readonly FoldArms[], held: EffectsOutOfFold, seed: number): Judged {
  return judgeGrowing(
    "residual trees",
    held,
    folds.map(({ arms, held: rows }) => {
      const average = averageEffect(arms.prepared.labels, arms.treated);
      const booster = residualBooster(arms, average, seed);
      const scores = new Float64Array(rows.labels.length).fill(average);
      return (from: number, to: number) => {
        for (let tree = from; tree < to; tree += 1) booster.grow();
        addLeaves(booster.forest(from, to), rows.inputs.values, rows.inputs.width, scores);
        return scores.slice();
      };
    }),
  );
}

function judgeArms(folds: readonly FoldArms[], held: EffectsOutOfFold, seed: number): Judged {
  return judgeGrowing(
    "trees of each arm",
    held,
    folds.map(({ arms, held: rows }) => {
      const { start } = arms.prepared;
      const sides = ([1, 0] as const).map((arm) => ({
        booster: armBooster(arms, arm, start, seed),
        scores: new Float64Array(rows.labels.length).fill(start),
      }));
      return (from: number, to: number) => {
        for (const { booster, scores } of sides) {
          for (let tree = from; tree < to; tree += 1) booster.grow();
          addLeaves(booster.forest(from, to), rows.inputs.values, rows.inputs.width, scores);
        }
        const [treated, control] = sides.map(({ scores }) => scores);
        return Float64Array.from(treated ?? [], (value, row) => sigmoid(value) - sigmoid(control?.[row] as number));
      };
    }),
  );
}

type Grower = (from: number, to: number) => Float64Array;

function judgeGrowing(name: string, held: EffectsOutOfFold, growers: readonly Grower[]): Judged {
  let best: Judged & { loss: number } = { name, effects: new Float64Array(0), capacity: 0, loss: Infinity };
  for (let trees = treesStep; trees <= treesMax && trees - best.capacity <= treesStep * patience; trees += treesStep) {
    const effects = concatenate(growers.map((grow) => grow(trees - treesStep, trees)));
    const loss = residualLoss(effects, held);
    if (loss < best.loss) best = { name, effects, capacity: trees, loss };
  }
  return best;
}

function residualLoss(effects: Float64Array, { residual, sign }: EffectsOutOfFold): number {
  let sum = 0;
  for (let row = 0; row < effects.length; row += 1) {
    sum += ((residual[row] as number) - (sign[row] as number) * (effects[row] as number)) ** 2;
  }
  return sum / effects.length;
}

function averageEffect(labels: Float64Array, treated: Float64Array): number {
  const rate = (arm: number) => mean(labels.filter((_, row) => treated[row] === arm));
  return rate(1) - rate(0);
}

function checked(table: Table, values: ArrayLike<number>, which: string): Float64Array {
  if (values.length !== table.rows)
    throw new RangeError(`${values.length} values of the ${which} for ${table.rows} rows`);
  const bad = Float64Array.from(values).find((value) => value !== 0 && value !== 1);
  if (bad !== undefined) throw new RangeError(`the ${which} is 0 or 1, not ${bad}`);
  return Float64Array.from(values);
}
