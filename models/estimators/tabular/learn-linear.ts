/** Logistic regression as a member: the penalty that is best on the held-back rows, then the same over all rows. */
import { concatenate, type Judged, lossOf } from "./judge.ts";
import { fitLinear, scoreSparse, sparseOf } from "./linear.ts";
import type { Prepared, PreparedFold } from "./prepare.ts";

/** From weak to strong would undo warm starts: a strong penalty's solution is near the next weaker one's. */
const penalties = [1000, 300, 100, 30, 10, 3, 1];
/** With so many rows the penalty hardly matters any more, and every one costs a fit per fold. */
const coarsePenalties = [100, 10, 1];
const coarseFrom = 20_000;

/** While penalties are compared the last digits do not matter. */
const roughly = 40;

export function judgeLinear(folds: readonly PreparedFold[]): Judged {
  const learners = folds.map(({ train, held }) => ({
    known: sparseOf(train.matrix, train.design.width),
    labels: train.labels,
    held: sparseOf(held.matrix, train.design.width),
    weights: startWeights(train),
  }));
  const labels = concatenate(folds.map(({ held }) => held.labels));
  let best: Judged = { logits: new Float64Array(0), loss: Number.POSITIVE_INFINITY, capacity: 0 };
  for (const penalty of labels.length < coarseFrom ? penalties : coarsePenalties) {
    for (const learner of learners) {
      const { known, labels: targets, weights } = learner;
      learner.weights = fitLinear(known, targets, new Float64Array(known.width).fill(penalty), weights, roughly);
    }
    const logits = concatenate(learners.map(({ held, weights }) => scoreSparse(held, weights)));
    const loss = lossOf(logits, labels);
    if (loss < best.loss) best = { logits, loss, capacity: penalty };
    else if (loss > best.loss * 1.02) break;
  }
  return best;
}

export function fitLinearMember(prepared: Prepared, penalty: number): { intercept: number; weights: Float64Array } {
  const { width } = prepared.design;
  const data = sparseOf(prepared.matrix, width);
  const fitted = fitLinear(data, prepared.labels, new Float64Array(width).fill(penalty), startWeights(prepared));
  return { intercept: fitted[width] as number, weights: fitted.slice(0, width) };
}

function startWeights({ design, start }: Prepared): Float64Array {
  const weights = new Float64Array(design.width + 1);
  weights[design.width] = start;
  return weights;
}
