/** The models that serve a project, as their manifests tell of them: what they learned from, and how they did. */
import { readConsumers } from "../../ingest/consumer-cursor.ts";
import { type Manifest, modelNames } from "../../models/registry/manifest.ts";
import { flagThreshold } from "../../models/serving.ts";
import type { Deps } from "../deps.ts";
import { readServingDrift } from "../models/learned-drift.ts";
import { readVersions } from "../models/read.ts";
import type { ModelVersionWire } from "../models/schemas.ts";
import { createShippedModels } from "../models/shipped.ts";

/** Of each model: those that were champions longest ago are nobody's question. */
const versionsMax = 10;

export function createModelCards(deps: Deps) {
  const shipped = createShippedModels();
  return async (projectId: string) => {
    const known = await shipped();
    const now = Date.now();
    const [models, consumers, learned] = await Promise.all([
      readVersions(deps, projectId, known, now),
      readConsumers(deps.pool),
      Promise.all(
        modelNames.map(async (name) => ({ name, drift: await readServingDrift(deps, projectId, name, known, now) })),
      ),
    ]);
    const store = consumers.find(({ name }) => name === "signals");
    return {
      data: models.flatMap(({ name, champion, serving, challengers, training, freshness_days }) => {
        if (champion === null) return [];
        const { version, source, trained_at, data, metrics, features } = champion;
        const product = known.find((manifest) => manifest.name === name);
        return [
          {
            name,
            version,
            source,
            serving,
            created_at: trained_at,
            data: { from: data.from, to: data.to, rows: data.rows },
            features,
            /** On examples that training did not see. */
            metrics,
            flagged_from: name === "risk" ? flagThreshold : null,
            /** Whatever else could serve, the champion first. */
            versions: [...[champion, ...challengers].slice(0, versionsMax).map(toLine), ...ofProduct(source, product)],
            training,
            freshness_days,
          },
        ];
      }),
      /** How far what each is asked lies from what it learned from. */
      learned,
      /** How far the store that features are read from in a request lies behind; null where nothing fills it. */
      store: store === undefined ? null : { rows: store.rows, seconds: store.seconds },
    };
  };
}

function toLine({ version, status, source, reason, trained_at, metrics, compared_with }: ModelVersionWire) {
  return { version, status, source, reason, trained_at, metrics: metrics.model, compared_with };
}

/** What a project's own champion falls back to. */
function ofProduct(source: ModelVersionWire["source"], product: Manifest | undefined) {
  if (source === "product" || product === undefined) return [];
  const { version, created_at, metrics } = product;
  return [
    {
      ...{ version, status: "fallback" as const, source: "product" as const, reason: null },
      ...{ trained_at: created_at, metrics: metrics.model, compared_with: null },
    },
  ];
}
