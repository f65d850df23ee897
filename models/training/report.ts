/** What training tells its caller while it works, and what comes out of it. */

import type { ModelFiles } from "../registry/io.ts";
import type { Manifest } from "../registry/manifest.ts";

export interface Progress {
  /** One line about what is being done now. */
  readonly say: (line: string) => void;
  readonly onEpoch: (model: string, epoch: number, loss: number, validationLoss: number) => void;
}

export interface Trained<M extends Manifest> {
  readonly manifest: M;
  readonly files: ModelFiles;
}
