/** Models on the wire. */
import { z } from "@hono/zod-openapi";
import { modelNames } from "../../models/registry/manifest.ts";
import { instant } from "../http/schemas.ts";

const metrics = z.record(z.string(), z.number());
const parts = z.object({ train: z.int(), validation: z.int(), test: z.int() });

export const modelName = z.enum(modelNames);

const measured = {
  data: z
    .object({
      from: instant,
      to: instant,
      held_back_from: instant,
      rows: parts,
      positives: parts.nullable(),
    })
    .openapi({ description: "What it learned from; the rows from `held_back_from` on only judged it" }),
  metrics: z.object({ model: metrics, baselines: z.record(z.string(), metrics) }),
  compared_with: z
    .object({ version: z.string(), metrics })
    .nullable()
    .openapi({ description: "The champion of that time, on the same rows" }),
  estimator: z.object({ name: z.string(), version: z.int() }),
  features: z.int().openapi({ description: "How many" }),
  seed: z.int(),
  trained_at: instant,
};

const modelVersionWire = z
  .object({
    version: z.string(),
    status: z.enum(["challenger", "champion", "retired"]),
    source: z
      .enum(["project", "product"])
      .openapi({ description: "Trained for this project, or what comes with the product" }),
    reason: z.string().nullable().openapi({ description: "Why it was promoted, or was not" }),
    promoted_at: instant.nullable(),
    ...measured,
  })
  .openapi("ModelVersion");

const driftWire = z
  .object({
    feature: z.string(),
    psi: z.number().nullable().openapi({ description: "Population stability index of the last days against before" }),
    level: z
      .enum(["none", "some", "much"])
      .nullable()
      .openapi({ description: "Null where there is too little to say" }),
    recent_count: z.int(),
    reference_count: z.int(),
    last_seen_at: instant,
  })
  .openapi("FeatureDrift");

const compared = {
  psi: z.number().nullable().openapi({
    description: "Population stability index; null where fewer than 200 rows are there on either side",
  }),
  level: z
    .enum(["none", "some", "much"])
    .nullable()
    .openapi({ description: "Below 0.1, below 0.25, or from there on; null: not known" }),
  recent_count: z.int(),
  reference_count: z.int(),
};

const learnedDriftWire = z
  .object({
    version: z.string().openapi({ description: "What serves, and is compared with" }),
    source: z.enum(["project", "product"]),
    recent_count: z.int().openapi({ description: "Vectors logged in the last 7 days, the newest 20,000 or so" }),
    reference_count: z.int().nullable().openapi({
      description: "Rows that it learned from; null where the version is from before they were kept: nothing is known",
    }),
    score: z.object(compared).nullable().openapi({
      description: "Scores of this version, without rules, against those that it gave held-back rows",
    }),
    features: z
      .array(z.object({ feature: z.string(), ...compared }))
      .openapi({ description: "What moved most comes first" }),
  })
  .openapi("LearnedDrift");

const modelWire = z
  .object({
    name: modelName,
    champion: modelVersionWire.nullable().openapi({ description: "Chosen to serve; null: the fallback" }),
    serving: z
      .object({ version: z.string(), source: z.enum(["project", "product"]) })
      .nullable()
      .openapi({ description: "What the process that answers serves: another one where the champion was refused" }),
    challengers: z.array(modelVersionWire).openapi({ description: "The newest, and those that were champions" }),
    training: z
      .object({
        at: instant,
        outcome: z.enum(["promoted", "kept", "too_little_data", "failed"]),
        version: z.string().nullable(),
        detail: z.string(),
      })
      .nullable()
      .openapi({ description: "The last training by the schedule" }),
    freshness_days: z.number().nullable().openapi({ description: "Since the last example that the champion saw" }),
    drift: z
      .object({ score: driftWire.nullable(), features: z.array(driftWire) })
      .nullable()
      .openapi({
        description:
          "The last 7 days against the 28 before. What moved most comes first, 20 at most; null while the warehouse does not answer",
      }),
    learned_drift: learnedDriftWire.nullable().openapi({
      description:
        "The last 7 days against what the serving version learned from; null: nothing serves, or the warehouse does not answer",
    }),
  })
  .openapi("Model");

export const modelsWire = z.object({ data: z.array(modelWire) }).openapi("Models");

export const changedWire = z
  .object({ name: modelName, champion: z.string().nullable() })
  .openapi("ModelChange", { description: "The version that serves from now on; null: what comes with the product" });

export type ModelWire = z.output<typeof modelWire>;
export type ModelVersionWire = z.output<typeof modelVersionWire>;
export type LearnedDriftWire = z.output<typeof learnedDriftWire>;
