/** How far what the serving model is asked lies from what that very version learned from. */
import { type Compared, readLearnedDrift } from "../../models/drift/read-learned.ts";
import { type Manifest, type ModelName, manifestSchema } from "../../models/registry/manifest.ts";
import type { Deps } from "../deps.ts";
import { findManifest } from "./queries.ts";
import type { LearnedDriftWire } from "./schemas.ts";

/** Null while nothing serves, or the warehouse does not answer. */
export async function readServingDrift(
  deps: Pick<Deps, "db" | "models" | "warehouse" | "log">,
  projectId: string,
  name: ModelName,
  shipped: readonly Manifest[],
  now: number,
): Promise<LearnedDriftWire | null> {
  const serving = deps.models.serving(projectId, name);
  if (serving === null) return null;
  const { version, source } = serving;
  try {
    const manifest =
      source === "product"
        ? shipped.find((each) => each.name === name && each.version === version)
        : manifestSchema.safeParse(await findManifest(deps.db, { projectId, name, version })).data;
    if (manifest === undefined) return null;
    const drift = await readLearnedDrift(deps.warehouse, projectId, manifest, now);
    return {
      ...{ version, source, recent_count: drift.recentCount, reference_count: drift.referenceCount },
      score: drift.score && toWire(drift.score),
      features: drift.features.map((each) => ({ feature: each.feature, ...toWire(each) })),
    };
  } catch (error) {
    deps.log.warn({ err: error, model: name }, "drift from training cannot be read");
    return null;
  }
}

function toWire({ psi, level, recentCount, referenceCount }: Compared) {
  return { psi, level, recent_count: recentCount, reference_count: referenceCount };
}
