import { z } from "zod";
import type { BinaryModel, EstimatorFiles } from "./binary-model.ts";
import { Ensemble } from "./ensemble.ts";
import { readParts } from "./files.ts";

const reportSchema = z.object({
  rows: z.int(),
  positives: z.int(),
  folds: z.string(),
  members: z.array(z.object({ name: z.string(), weight: z.number(), logLoss: z.number(), auc: z.number() })),
  logLoss: z.number(),
  auc: z.number(),
});

/**
 * A classifier from what `toFiles` gave. Nothing it imports needs TF.js.
 *
 * @throws ZodError for another format, RangeError when the files do not fit together
 */
export function loadBinary(files: EstimatorFiles): BinaryModel {
  const report = files["report.json"];
  if (report === undefined) throw new RangeError("report.json is missing");
  return new Ensemble(readParts(files), reportSchema.parse(JSON.parse(new TextDecoder().decode(report))));
}
