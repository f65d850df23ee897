/**
 * What a logistic regression expects of actions, cross-fitted: rows are judged by a model that saw none of their cluster.
 * A model that had seen a row's reward would hide from the doubly robust estimate the very error that it corrects.
 */
import { fitLogistic, type Logistic } from "../training/logistic.ts";
import { seeded } from "../training/random.ts";

export interface CrossFitOptions {
  readonly folds: number;
  /** L2 penalty on the weights. */
  readonly ridge: number;
  readonly seed: number;
}

/** @returns for each row the model that may judge it */
export function crossFit(
  vectors: readonly ArrayLike<number>[],
  rewards: readonly number[],
  clusters: readonly (string | number)[],
  { folds, ridge, seed }: CrossFitOptions,
): Logistic[] {
  const random = seeded(seed);
  const foldOf = new Map<string | number, number>();
  for (const cluster of clusters) {
    if (!foldOf.has(cluster)) foldOf.set(cluster, Math.floor(random() * folds));
  }
  const models = Array.from({ length: folds }, (_, fold) => {
    const others = vectors.flatMap((_, index) => (foldOf.get(clusters[index] ?? "") === fold ? [] : [index]));
    return fitLogistic(
      others.map((index) => vectors[index] ?? []),
      others.map((index) => rewards[index] ?? 0),
      ridge,
    );
  });
  return clusters.map((cluster) => {
    const model = models[foldOf.get(cluster) ?? 0];
    if (model === undefined) throw new RangeError("every fold has a model");
    return model;
  });
}
