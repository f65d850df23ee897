/** What training tells its caller while it works, and what comes out of it. */
import type { Loaded } from "../loaded.ts";
import type { Manifest, ModelFiles } from "../registry/manifest.ts";
import type { Runtime } from "../runtime.ts";

export interface TrainingContext {
  readonly runtime: Runtime;
  readonly seed: number;
  /** One line about what is being done now. */
  readonly say: (line: string) => void;
  /** Serves now, and is judged beside the new one; null: there is none that fits. */
  readonly champion: Loaded | null;
}

export interface Trained<M extends Manifest = Manifest> {
  readonly manifest: M;
  readonly files: ModelFiles;
}
