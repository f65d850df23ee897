import type { BinaryModel, EstimatorFiles } from "./binary-model.ts";
import { Ensemble } from "./ensemble.ts";
import { readEnsemble } from "./files.ts";

/**
 * A classifier from what `toFiles` gave. Nothing it imports needs TF.js.
 *
 * @throws ZodError for another format, RangeError when the files do not fit together
 */
export function loadBinary(files: EstimatorFiles): BinaryModel {
  return new Ensemble(readEnsemble(files));
}
