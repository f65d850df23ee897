/** What an ensemble consists of: numbers and arrays only, as they lie in its files. */
import type { z } from "zod";
import type { codesSchema } from "./encode.ts";
import type { Histograms } from "./histograms.ts";
import type { IsolationForest } from "./isolation-forest.ts";
import type { LocalDensity, Reference } from "./neighbours.ts";

/** A detector's part in the whole: its scores count in deviations from its mean over training rows. */
export interface Part {
  readonly weight: number;
  readonly mean: number;
  readonly deviation: number;
}

interface Scale extends Part {
  /** Rows of a group. */
  readonly size: number;
  /** How far two halves of the features agree on who is strange, see `reliability.ts`. */
  readonly reliability: number;
}

export interface AnomalyParts {
  readonly codes: z.infer<typeof codesSchema>;
  readonly reference: Reference;
  /** In deviations as they are, and compressed. */
  readonly plainScales: readonly Scale[];
  readonly compressedScales: readonly Scale[];
  readonly local: LocalDensity & Part;
  readonly forest: IsolationForest & Part;
  readonly histograms: Histograms & Part;
  /** Scores of training rows at evenly spaced quantiles, ascending. */
  readonly quantiles: Float64Array;
}
