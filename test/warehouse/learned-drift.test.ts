/** What a model is asked against what it learned from: SQL over logged vectors against the rows themselves. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Event } from "../../ingest/events/events.ts";
import { countsOf, type Histogram, stabilityIndex } from "../../models/drift/histogram.ts";
import { readLearnedDrift } from "../../models/drift/read-learned.ts";
import { named } from "../../models/features/feature.ts";
import { riskFeatures } from "../../models/features/risk.ts";
import { loadModel } from "../../models/loaded.ts";
import type { RiskManifest } from "../../models/registry/manifest.ts";
import { loadRuntime } from "../../models/runtime.ts";
import { trainRisk } from "../../models/training/risk.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import { scoredRedemption } from "../support/scored.ts";
import { useStores } from "../support/stores.ts";
import { riskExamples } from "../unit/models/synthetic.ts";
import { quietly } from "../unit/models/trained.ts";

const stores = useStores();
const day = 86_400_000;
const now = Date.UTC(2026, 10, 20);
const planted = "account_age_days";
const rows = 400;

let manifest: RiskManifest;
let score: (row: readonly number[]) => number;

beforeAll(async () => {
  const trained = await trainRisk(quietly(await loadRuntime()), riskExamples(1_200));
  const loaded = loadModel(trained);
  if (loaded.name !== "risk") throw new Error("another model");
  ({ manifest } = trained);
  ({ score } = loaded.scorer);
}, 240_000);

/** Vectors by the law that the model learned, with one feature moved. */
function asked(moved: string | null, count = rows): number[][] {
  const at = riskFeatures.features.findIndex(({ name }) => name === moved);
  return riskExamples(count, 9).map(({ features }) =>
    at === -1 ? [...features] : features.with(at, (features[at] ?? 0) + 120),
  );
}

const own = () => `risk@${manifest.version}`;

function log(project: string, vectors: readonly (readonly number[])[], model = own(), from = now - day): Event[] {
  return vectors.map((vector, index) =>
    scoredRedemption(project, `${model}${index}`, from - index * 60_000, {
      ...{ score: score(vector), model, features: named(riskFeatures, vector) },
    }),
  );
}

function indexOf(histogram: Histogram | undefined, values: readonly number[]): number {
  if (histogram === undefined) throw new Error("nothing was kept of it");
  const counts = histogram.counts.map(() => 0);
  for (const value of values) {
    const bin = histogram.edges.filter((edge) => value > edge).length;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return stabilityIndex(countsOf(histogram), [...counts, 0]);
}

describe("drift from what a model learned", () => {
  it("tells of exactly the feature that was moved, with the index of the rows themselves", async () => {
    const vectors = asked(planted);
    const tooEarly = log("prj_moved", asked("discount_share"), "risk@earlier", now - 8 * day);
    await insertEvents(stores.warehouse, [...log("prj_moved", vectors), ...tooEarly]);
    await insertEvents(stores.warehouse, log("prj_elsewhere", asked("discount_share")));
    const drift = await readLearnedDrift(stores.warehouse, "prj_moved", manifest, now);
    expect(drift).toMatchObject({ referenceCount: 960, recentCount: rows });
    const levels = drift.features.map(({ feature, level }) => [feature, level] as const);
    expect(levels.filter(([, level]) => level !== "none")).toEqual([[planted, "much"]]);
    expect(levels).toHaveLength(riskFeatures.features.length);
    for (const [at, { name }] of riskFeatures.features.entries()) {
      const values = vectors.map((vector) => vector[at] ?? 0);
      const found = drift.features.find(({ feature }) => feature === name);
      expect(found?.psi, name).toBeCloseTo(indexOf(manifest.reference?.features[at], values), 9);
    }
    const scores = vectors.map((vector) => score(vector));
    expect(drift.score?.psi).toBeCloseTo(indexOf(manifest.reference?.score, scores), 9);
    expect(drift.score).toMatchObject({ referenceCount: 240, recentCount: rows });
  });

  it("hardly any is told where custom is as it was", async () => {
    await insertEvents(stores.warehouse, log("prj_same", asked(null)));
    const drift = await readLearnedDrift(stores.warehouse, "prj_same", manifest, now);
    expect(new Set(drift.features.map(({ level }) => level))).toEqual(new Set(["none"]));
    expect(drift.score?.level).toBe("none");
  });

  it("takes scores of this version only, without what rules have added", async () => {
    const vectors = asked(null);
    const raised = log("prj_rules", vectors).map((event, index): Event => {
      if (event.type !== "redemption.succeeded" || index % 2 === 0) return event;
      const { risk } = event.payload;
      const left = 1 - (risk?.score ?? 0);
      const reason = { feature: "rule:rul_1", value: 1, contribution: left * 0.9, text: "A rule." };
      const together = { ...risk, score: (risk?.score ?? 0) + left * 0.9, reasons: [reason], rules: ["rul_1"] };
      return { ...event, payload: { ...event.payload, risk: together as typeof risk } };
    });
    await insertEvents(stores.warehouse, [...raised, ...log("prj_rules", asked(planted), "risk@another")]);
    const drift = await readLearnedDrift(stores.warehouse, "prj_rules", manifest, now);
    expect(drift.recentCount).toBe(2 * rows);
    expect(drift.score?.recentCount).toBe(rows);
    expect(drift.score?.psi).toBeCloseTo(
      indexOf(
        manifest.reference?.score,
        vectors.map((vector) => score(vector)),
      ),
      6,
    );
  });

  it("counts what has no value as such", async () => {
    const without = log("prj_holes", asked(null)).map((event): Event => {
      if (event.type !== "redemption.succeeded") return event;
      const { [planted]: _, ...features } = event.payload.risk?.features ?? {};
      return { ...event, payload: { ...event.payload, risk: { ...event.payload.risk, features } as never } };
    });
    await insertEvents(stores.warehouse, without);
    const drift = await readLearnedDrift(stores.warehouse, "prj_holes", manifest, now);
    expect(drift.features.filter(({ level }) => level !== "none").map(({ feature }) => feature)).toEqual([planted]);
  });

  it("is not known of fewer than 200 rows, nor of a version that keeps no reference", async () => {
    await insertEvents(stores.warehouse, log("prj_few", asked(planted, 199)));
    const few = await readLearnedDrift(stores.warehouse, "prj_few", manifest, now);
    expect(few.recentCount).toBe(199);
    expect(few.features.every(({ psi, level }) => psi === null && level === null)).toBe(true);
    expect(few.score?.psi).toBeNull();
    const { reference: _, ...older } = manifest;
    const unknown = await readLearnedDrift(stores.warehouse, "prj_few", older, now);
    expect(unknown).toEqual({ referenceCount: null, recentCount: 199, score: null, features: [] });
  });

  it("is kept in a few kilobytes", () => {
    expect(JSON.stringify(manifest.reference).length).toBeLessThan(16_000);
  });
});
