/** What a project is served by, what else it could be, and how good and how fresh each is. */
import { type FeatureDrift, readDrift } from "../../models/drift/read-drift.ts";
import { type Manifest, type ModelName, manifestSchema, modelNames } from "../../models/registry/manifest.ts";
import type { Deps } from "../deps.ts";
import { readServingDrift } from "./learned-drift.ts";
import { listTrainings, listVersions, type TrainingRow, type VersionRow } from "./queries.ts";
import type { ModelVersionWire, ModelWire } from "./schemas.ts";

export async function readModels(
  deps: Pick<Deps, "db" | "models" | "warehouse" | "log">,
  projectId: string,
  shipped: readonly Manifest[],
  now: number,
): Promise<ModelWire[]> {
  const [models, drifts, learned] = await Promise.all([
    readVersions(deps, projectId, shipped, now),
    Promise.all(modelNames.map((name) => driftOf(deps, projectId, name))),
    Promise.all(modelNames.map((name) => readServingDrift(deps, projectId, name, shipped, now))),
  ]);
  return models.map((model, index) => ({
    ...model,
    drift: drifts[index] ?? null,
    learned_drift: learned[index] ?? null,
  }));
}

/** The same without what only the warehouse knows. */
export async function readVersions(
  deps: Pick<Deps, "db" | "models">,
  projectId: string,
  shipped: readonly Manifest[],
  now: number,
): Promise<Omit<ModelWire, "drift" | "learned_drift">[]> {
  const [versions, trainings] = await Promise.all([
    listVersions(deps.db, projectId),
    listTrainings(deps.db, projectId),
  ]);
  return modelNames.map((name) => {
    const own = versions.filter((row) => row.name === name).flatMap(toWire);
    const product = shipped.find((manifest) => manifest.name === name);
    const champion = own.find(({ status }) => status === "champion") ?? (product ? ofProduct(product) : null);
    return {
      name,
      champion,
      serving: deps.models.serving(projectId, name),
      challengers: own.filter(({ status }) => status !== "champion"),
      training: lastTraining(trainings, name),
      freshness_days: champion === null ? null : Math.max(0, (now - Date.parse(champion.data.to)) / 86_400_000),
    };
  });
}

const driftsMax = 20;

/** A warehouse that is away leaves the rest of the answer as it is. */
async function driftOf(
  { warehouse, log }: Pick<Deps, "warehouse" | "log">,
  projectId: string,
  name: ModelName,
): Promise<ModelWire["drift"]> {
  try {
    const { score, features } = await readDrift(warehouse, projectId, name);
    return { score: score && toDrift(score), features: features.slice(0, driftsMax).map(toDrift) };
  } catch (error) {
    log.warn({ err: error, model: name }, "drift cannot be read");
    return null;
  }
}

function toDrift({ feature, psi, level, recent_count, reference_count, last_seen_at }: FeatureDrift) {
  return { feature, psi, level, recent_count, reference_count, last_seen_at };
}

function toWire(row: VersionRow): ModelVersionWire[] {
  const parsed = manifestSchema.safeParse(row.manifest);
  // A version of another format: it cannot serve, so it is not listed.
  if (!parsed.success) return [];
  return [
    {
      version: row.version,
      status: row.status,
      source: "project",
      reason: row.reason,
      promoted_at: row.promoted_at?.toISOString() ?? null,
      ...measured(parsed.data),
    },
  ];
}

function ofProduct(manifest: Manifest): ModelVersionWire {
  return {
    version: manifest.version,
    status: "champion",
    source: "product",
    reason: null,
    promoted_at: null,
    ...measured(manifest),
  };
}

function measured({ data, metrics, champion, estimator, features, seed, created_at }: Manifest) {
  const { hash: _, ...window } = data;
  return {
    ...{ data: window, metrics, compared_with: champion, estimator, features: features.length, seed },
    trained_at: created_at,
  };
}

function lastTraining(trainings: readonly TrainingRow[], name: ModelName): ModelWire["training"] {
  const row = trainings.find((each) => each.name === name);
  if (row === undefined) return null;
  return { at: row.trained_at.toISOString(), outcome: row.outcome, version: row.version, detail: row.detail };
}
