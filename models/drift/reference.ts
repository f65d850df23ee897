/** What a model learned from, kept in its manifest so that what it is asked later can be held against it. */
import { z } from "zod";
import { fitHistogram, histogramSchema } from "./histogram.ts";

export const referenceSchema = z.object({
  /** Of the rows that it learned from or was calibrated on, in the order of the features. */
  features: z.array(histogramSchema),
  /** Of its scores of the held-back rows: on rows that it has learned it is surer than it will ever be again. */
  score: histogramSchema,
});
export type Reference = z.infer<typeof referenceSchema>;

/** @param learned rows as they are scored, features in the order of the set. */
export function describeReference(
  features: number,
  learned: readonly (readonly number[])[],
  scores: readonly number[],
): Reference {
  return {
    features: Array.from({ length: features }, (_, at) => fitHistogram(learned.map((row) => row[at] ?? Number.NaN))),
    score: fitHistogram(scores),
  };
}
