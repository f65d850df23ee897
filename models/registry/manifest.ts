/** What is known of a trained model: enough to train it again, to compare it, and to refuse it. */
import { z } from "zod";
import { referenceSchema } from "../drift/reference.ts";
import { ordinaryRangeSchema } from "../risk/ordinary.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const metrics = z.record(z.string(), z.number());
const counts = z.object({ train: z.int(), validation: z.int(), test: z.int() });
const cell = z.union([z.number(), z.string(), z.null()]);

export const modelNames = ["personalisation", "risk", "uplift"] as const;
export type ModelName = (typeof modelNames)[number];

export const versionName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const shared = {
  version: versionName,
  /** Which code makes and reads the files: a model of another is refused. */
  estimator: z.object({ name: z.string(), version: z.int().positive() }),
  feature_set: z.object({ name: z.string(), hash: sha256 }),
  /** In the order of a row, each with what was usual of it in training, for sentences. */
  features: z.array(z.object({ name: z.string(), usual: z.number() })).min(1),
  data: z.object({
    /** The moments of the first and last example, RFC 3339 UTC. */
    from: z.string(),
    to: z.string(),
    /** Where the held-back days begin: nothing of the model was learnt from them. */
    held_back_from: z.string(),
    /** Over every example in order: the same hash means the same data. */
    hash: sha256,
    /** In order of time. */
    rows: counts,
    positives: counts.nullable(),
  }),
  seed: z.int(),
  /** On the test rows, which neither training nor calibration saw; each with the name of what it is compared with. */
  metrics: z.object({ model: metrics, baselines: z.record(z.string(), metrics) }),
  /** The champion of that time on the same rows; null where none could be asked. */
  champion: z.object({ version: versionName, metrics }).nullable(),
  /** What the model is made of, judged on rows that each part had not seen. */
  members: z.array(z.object({ name: z.string(), weight: z.number(), metrics })),
  /** Rows with the scores that they had when the model was made: whoever loads it asks it again. */
  probe: z
    .array(z.object({ row: z.array(cell), score: z.number() }))
    .min(1)
    .max(20),
  /** Absent in versions from before it was kept: how far they have drifted is not known. */
  reference: referenceSchema.optional(),
  backend: z.enum(["tfjs-node", "wasm"]),
  created_at: z.string(),
  files: z.record(z.string().regex(/^[A-Za-z0-9._/-]{1,100}$/), sha256),
};

const personalisation = z.object({ ...shared, name: z.literal("personalisation") });

const risk = z.object({
  ...shared,
  name: z.literal("risk"),
  /** See `models/risk/combine.ts`. */
  combination: z.object({
    anomaly: ordinaryRangeSchema,
    /** Null until there are enough labels. */
    supervised: z
      .object({ weight: z.number().gt(0), range: ordinaryRangeSchema, both: ordinaryRangeSchema })
      .nullable(),
  }),
});

/** Held back are customers, not days: `data.held_back_from` is when the first of them was put into an arm. */
const uplift = z.object({ ...shared, name: z.literal("uplift") });

export const manifestSchema = z.discriminatedUnion("name", [personalisation, risk, uplift]);
export type Manifest = z.infer<typeof manifestSchema>;
export type PersonalisationManifest = z.infer<typeof personalisation>;
export type RiskManifest = z.infer<typeof risk>;
export type UpliftManifest = z.infer<typeof uplift>;

export const championsSchema = z.partialRecord(z.enum(modelNames), versionName);
export type Champions = z.infer<typeof championsSchema>;

/** What a model consists of beside its manifest, by path. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>;
