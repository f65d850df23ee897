/** The parts of a manifest that every model has. */
import { describeReference } from "../drift/reference.ts";
import type { FeatureSet } from "../features/feature.ts";
import { estimators } from "../loaded.ts";
import type { Manifest, ModelFiles, ModelName } from "../registry/manifest.ts";
import { sha256 } from "../registry/refuse.ts";
import { type Example, hashExamples, positives, type Split } from "./examples.ts";
import type { TrainingContext } from "./report.ts";

export interface Training {
  readonly name: ModelName;
  readonly set: FeatureSet<never>;
  readonly examples: readonly Example[];
  readonly split: Split;
  readonly labelled: boolean;
  readonly files: ModelFiles;
  readonly members: Manifest["members"];
  readonly metrics: Manifest["metrics"];
  readonly champion: Manifest["champion"];
  /** The score that the files give a row. */
  readonly score: (row: readonly number[]) => number;
}

const probes = 5;

/** The version follows from data, features and files: training again gives the same one. */
export function describeTraining(context: TrainingContext, training: Training) {
  const { name, set, examples, split } = training;
  const dataHash = hashExamples(examples);
  const files = Object.fromEntries(Object.entries(training.files).map(([path, bytes]) => [path, sha256(bytes)]));
  const instant = (example: Example | undefined) => new Date(example?.at ?? 0).toISOString();
  const to = instant(examples.at(-1));
  const estimator = estimators[name];
  const fingerprint = sha256(JSON.stringify([estimator, set.hash, dataHash, context.seed, files]));
  const counts = (count: (part: readonly Example[]) => number) => ({
    train: count(split.train),
    validation: count(split.validation),
    test: count(split.test),
  });
  return {
    version: `${to.slice(0, 10)}-${fingerprint.slice(0, 8)}`,
    estimator: { ...estimator },
    feature_set: { name: set.name, hash: set.hash },
    features: set.features.map((feature, at) => ({ name: feature.name, usual: median(split.train, at) })),
    data: {
      from: instant(examples[0]),
      to,
      held_back_from: instant(split.test[0]),
      hash: dataHash,
      rows: counts((part) => part.length),
      positives: training.labelled ? counts(positives) : null,
    },
    seed: context.seed,
    metrics: {
      model: finite(training.metrics.model),
      baselines: Object.fromEntries(
        Object.entries(training.metrics.baselines).map(([key, metrics]) => [key, finite(metrics)]),
      ),
    },
    champion: training.champion && { ...training.champion, metrics: finite(training.champion.metrics) },
    members: training.members.map(({ metrics, ...member }) => ({ ...member, metrics: finite(metrics) })),
    probe: spread(split.test).map(({ features }) => ({ row: [...features], score: training.score(features) })),
    reference: describeReference(
      set.features.length,
      [...split.train, ...split.validation].map(({ features }) => features),
      split.test.map(({ features }) => training.score(features)),
    ),
    backend: context.runtime.backend,
    created_at: new Date().toISOString(),
    files,
  };
}

/** A metric without a value, such as an AUC of one class alone, is left out. */
function finite(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

function median(examples: readonly Example[], at: number): number {
  const values = Float64Array.from(examples, ({ features }) => features[at] ?? 0).sort();
  return values[values.length >> 1] ?? 0;
}

function spread(examples: readonly Example[]): Example[] {
  const step = Math.max(1, Math.floor(examples.length / probes));
  return examples.filter((_, index) => index % step === 0).slice(0, probes);
}
