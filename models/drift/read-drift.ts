/** How far what a model is asked about has moved: the mart `feature_drift`, which says how it is computed. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { ModelName } from "../registry/manifest.ts";
import { type DriftLevel, levelOf } from "./levels.ts";

/** How the scores stand among the features. */
const scoreFeature = "(score)";

const rowSchema = z.object({
  feature: z.string(),
  reference_count: z.int(),
  recent_count: z.int(),
  psi: z.number().nullable(),
  reference_mean: z.number().nullable(),
  recent_mean: z.number().nullable(),
  reference_p50: z.number().nullable(),
  recent_p50: z.number().nullable(),
  last_seen_at: z.string().transform((text) => new Date(text).toISOString()),
});

export interface FeatureDrift extends z.output<typeof rowSchema> {
  /** Null where there is too little to say. */
  readonly level: DriftLevel | null;
}

export interface Drift {
  /** Of the scores; null where there is too little to say. */
  readonly score: FeatureDrift | null;
  /** What moved most comes first. */
  readonly features: readonly FeatureDrift[];
}

const featuresMost = 500;

export async function readDrift(warehouse: ClickHouseClient, projectId: string, model: ModelName): Promise<Drift> {
  const result = await warehouse.query({
    query: `
      SELECT feature, toInt64(reference_count) AS reference_count, toInt64(recent_count) AS recent_count, psi,
             reference_mean, recent_mean, reference_p50, recent_p50, last_seen_at
      FROM feature_drift
      WHERE project_id = {project: String} AND model = {model: String}
      ORDER BY psi DESC NULLS LAST, feature LIMIT ${featuresMost}`,
    query_params: { project: projectId, model },
    format: "JSONEachRow",
    clickhouse_settings: {
      max_execution_time: 30,
      date_time_output_format: "iso",
      output_format_json_quote_64bit_integers: 0,
      output_format_json_quote_denormals: 0,
    },
  });
  const rows = z.array(rowSchema).parse(await result.json());
  const all = rows.map((row): FeatureDrift => ({ ...row, level: levelOf(row.psi) }));
  return {
    score: all.find(({ feature }) => feature === scoreFeature) ?? null,
    features: all.filter(({ feature }) => feature !== scoreFeature),
  };
}
