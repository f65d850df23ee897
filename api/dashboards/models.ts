/** The models that serve a project, as their manifests tell of them: what they learned from, and how they did. */
import { flagThreshold } from "../../models/serving.ts";
import type { Deps } from "../deps.ts";
import { readModels } from "../models/read.ts";
import { createShippedModels } from "../models/shipped.ts";

export function createModelCards(deps: Deps) {
  const shipped = createShippedModels();
  return async (projectId: string) => {
    const models = await readModels(deps, projectId, await shipped(), Date.now());
    return models.flatMap(({ name, champion, challengers, training, freshness_days, drift }) => {
      if (champion === null) return [];
      const { version, source, trained_at, data, metrics, features } = champion;
      return [
        {
          name,
          version,
          source,
          created_at: trained_at,
          data: { from: data.from, to: data.to, rows: data.rows },
          features,
          /** On examples that training did not see. */
          metrics,
          flagged_from: name === "risk" ? flagThreshold : null,
          challengers: challengers.filter(({ status }) => status === "challenger").length,
          training,
          freshness_days,
          drift,
        },
      ];
    });
  };
}
