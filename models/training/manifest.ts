/** The parts of a manifest that every model has. */
import type { FeatureSet } from "../features/feature.ts";
import type { Normaliser } from "../features/normalise.ts";
import type { ModelFiles } from "../registry/io.ts";
import { sha256 } from "../registry/store.ts";
import type { Backend } from "../runtime.ts";
import { type Example, hashExamples, positives, type Split } from "./examples.ts";

export interface Training {
  readonly examples: readonly Example[];
  readonly split: Split;
  readonly labelled: boolean;
  readonly normaliser: Normaliser;
  readonly seed: number;
  readonly epochs: number;
  readonly backend: Backend;
  readonly files: ModelFiles;
}

/** The version follows from data, features and weights: training again gives the same one. */
export function describeTraining(set: FeatureSet<never>, training: Training) {
  const { examples, split, files } = training;
  const dataHash = hashExamples(examples);
  const hashes = { "model.json": sha256(files.modelJson), "weights.bin": sha256(files.weights) };
  const to = new Date(examples.at(-1)?.at ?? 0).toISOString();
  const fingerprint = sha256(`${set.hash} ${dataHash} ${training.seed} ${hashes["weights.bin"]}`);
  const counts = (count: (part: readonly Example[]) => number) => ({
    train: count(split.train),
    validation: count(split.validation),
    test: count(split.test),
  });
  return {
    version: `${to.slice(0, 10)}-${fingerprint.slice(0, 8)}`,
    feature_set: { name: set.name, hash: set.hash },
    normaliser: training.normaliser,
    data: {
      from: new Date(examples[0]?.at ?? 0).toISOString(),
      to,
      hash: dataHash,
      rows: counts((part) => part.length),
      positives: training.labelled ? counts(positives) : null,
    },
    seed: training.seed,
    epochs: training.epochs,
    backend: training.backend,
    created_at: new Date().toISOString(),
    files: hashes,
  };
}
