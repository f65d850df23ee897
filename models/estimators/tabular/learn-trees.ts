/** Boosted trees as a member: how many trees are best on the held-back rows, then so many over all rows. */
import { Booster, type BoostOptions, logisticDerivatives } from "./boost.ts";
import { addLeaves, type Forest, joinForests } from "./forest.ts";
import { concatenate, type Judged, lossOf } from "./judge.ts";
import type { Prepared, PreparedFold } from "./prepare.ts";

export interface TreesConfig extends Omit<BoostOptions, "seed"> {
  readonly treesMax: number;
}

const step = 10;
const patience = 6;

/** All folds grow together and stop when their common loss has not fallen for a while. */
export function judgeTrees(folds: readonly PreparedFold[], config: TreesConfig, seed: number): Judged {
  const growers = folds.map(({ train, held }) => ({
    booster: new Booster(train.bins, train.start, logisticDerivatives(train.labels), { ...config, seed }),
    scores: new Float64Array(held.labels.length).fill(train.start),
    held,
  }));
  const labels = concatenate(folds.map(({ held }) => held.labels));
  let best: Judged = { logits: new Float64Array(0), loss: Number.POSITIVE_INFINITY, capacity: 0 };
  for (let trees = step; trees <= config.treesMax && trees - best.capacity <= step * patience; trees += step) {
    for (const { booster, scores, held } of growers) {
      for (let tree = 0; tree < step; tree += 1) booster.grow();
      addLeaves(booster.forest(trees - step, trees), held.inputs.values, held.inputs.width, scores);
    }
    const logits = concatenate(growers.map(({ scores }) => scores));
    const loss = lossOf(logits, labels);
    if (loss < best.loss) best = { logits, loss, capacity: trees };
  }
  return best;
}

/** The mean of several forests that saw other rows and inputs. */
export function fitTrees(prepared: readonly Prepared[], config: TreesConfig, trees: number, seed: number): Forest {
  const forests = prepared.map(({ bins, start, labels }, index) => {
    const booster = new Booster(bins, start, logisticDerivatives(labels), { ...config, seed: seed + index });
    for (let tree = 0; tree < trees; tree += 1) booster.grow();
    return booster.forest();
  });
  return joinForests(forests, 1 / forests.length);
}
