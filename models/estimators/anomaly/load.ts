import { createModel } from "./ensemble.ts";
import { readParts } from "./files.ts";
import type { AnomalyModel } from "./model.ts";

/** @throws ZodError for another format, RangeError when the files do not fit together. */
export function loadAnomaly(files: Readonly<Record<string, Uint8Array>>): AnomalyModel {
  return createModel(readParts(files));
}
