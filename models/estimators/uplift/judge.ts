/** Each way of learning an effect, judged on rows held back: at which capacity it explains them best, by the R-loss. */
import { addLeaves } from "../tabular/forest.ts";
import { mean } from "../tabular/inputs.ts";
import { concatenate } from "../tabular/judge.ts";
import { scoreSparse, sparseOf } from "../tabular/linear.ts";
import type { Held } from "../tabular/prepare.ts";
import { sigmoid } from "./effects.ts";
import {
  type Arms,
  armBooster,
  fitInteractions,
  interactionData,
  type LinearPair,
  residualBooster,
} from "./learners.ts";
import type { EffectsOutOfFold } from "./weigh.ts";

const penalties = [3000, 1000, 300, 100, 30, 10, 3];
const treesMax = 200;
const treesStep = 10;
const patience = 5;

export interface FoldArms {
  readonly arms: Arms;
  readonly held: Held & { readonly treated: Float64Array; readonly outcome: Float64Array };
}

/** What one way of learning says of held-back rows, and the capacity at which it explains them best. */
export interface Judged {
  readonly name: string;
  readonly effects: Float64Array;
  readonly capacity: number;
}

export function judgeInteractions(folds: readonly FoldArms[], held: EffectsOutOfFold): Judged {
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

export function judgeResidual(folds: readonly FoldArms[], held: EffectsOutOfFold, seed: number): Judged {
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

export function judgeArms(folds: readonly FoldArms[], held: EffectsOutOfFold, seed: number): Judged {
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

export function averageEffect(labels: Float64Array, treated: Float64Array): number {
  const rate = (arm: number) => mean(labels.filter((_, row) => treated[row] === arm));
  return rate(1) - rate(0);
}
