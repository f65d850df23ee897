/** What is known of a trained model: enough to train it again, to compare it, and to refuse it. */
import { z } from "zod";
import { normaliserSchema } from "../features/normalise.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const metrics = z.record(z.string(), z.number());

const shared = {
  version: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  feature_set: z.object({ name: z.string(), hash: sha256 }),
  normaliser: normaliserSchema,
  data: z.object({
    /** The moments of the first and last example, RFC 3339 UTC. */
    from: z.string(),
    to: z.string(),
    /** Over every example in order: the same hash means the same data. */
    hash: sha256,
    /** In order of time. Validation rows say when to stop; the personalisation model learns from them too in the end. */
    rows: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
    positives: z.object({ train: z.int(), validation: z.int(), test: z.int() }).nullable(),
  }),
  seed: z.int(),
  epochs: z.int(),
  /** On the test rows, which neither training nor early stopping nor calibration saw. */
  metrics: z.object({ model: metrics, baselines: z.record(z.string(), metrics) }),
  backend: z.enum(["tfjs-node", "wasm"]),
  created_at: z.string(),
  files: z.object({ "model.json": sha256, "weights.bin": sha256 }),
};

const personalisation = z.object({
  ...shared,
  name: z.literal("personalisation"),
  /** probability = sigmoid(slope × logit + intercept): the slope from the validation rows, the level from all but the test. */
  calibration: z.object({ slope: z.number(), intercept: z.number() }),
});

const risk = z.object({
  ...shared,
  name: z.literal("risk"),
  anomaly: z.object({
    /** Reconstruction errors of the training rows at evenly spaced quantiles, ascending. */
    error_quantiles: z.array(z.number()).min(2),
    /** A score at or above it is flagged. */
    flag_quantile: z.number().gt(0).max(1),
  }),
});

export const manifestSchema = z.discriminatedUnion("name", [personalisation, risk]);
export type Manifest = z.infer<typeof manifestSchema>;
export type PersonalisationManifest = z.infer<typeof personalisation>;
export type RiskManifest = z.infer<typeof risk>;
export type ModelName = Manifest["name"];

export const championsSchema = z.partialRecord(z.enum(["personalisation", "risk"]), z.string());
export type Champions = z.infer<typeof championsSchema>;
