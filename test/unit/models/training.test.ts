import { beforeAll, describe, expect, it } from "vitest";
import { riskFeatures } from "../../../models/features/risk.ts";
import { loadModel } from "../../../models/loaded.ts";
import type { PersonalisationManifest, RiskManifest } from "../../../models/registry/manifest.ts";
import { disguise, disguises } from "../../../models/risk/abuse.ts";
import { loadRuntime, type Runtime } from "../../../models/runtime.ts";
import { flagThreshold } from "../../../models/serving.ts";
import { decide } from "../../../models/training/decide.ts";
import { splitByTime, TooLittleData } from "../../../models/training/examples.ts";
import { trainPersonalisation } from "../../../models/training/personalisation.ts";
import type { Trained } from "../../../models/training/report.ts";
import { trainRisk } from "../../../models/training/risk.ts";
import { offerExamples, riskExamples } from "./synthetic.ts";
import { quietly, trainOffers, trainOrdinary } from "./trained.ts";

let runtime: Runtime;
let offers: Trained<PersonalisationManifest>;
let risk: Trained<RiskManifest>;

beforeAll(async () => {
  runtime = await loadRuntime();
  offers = await trainOffers();
  risk = await trainOrdinary();
}, 240_000);

describe("training", () => {
  it("gives the same files, metrics and version for the same data and seed", async () => {
    for (const [first, again] of [
      [offers, await trainOffers()],
      [risk, await trainOrdinary()],
    ] as const) {
      expect(again.files).toEqual(first.files);
      const { created_at: _, ...rest } = again.manifest;
      expect(first.manifest).toMatchObject(rest);
    }
  }, 240_000);

  it("finds the law behind the rows and promises rates that hold", () => {
    const { model, baselines } = offers.manifest.metrics;
    expect(model.auc).toBeGreaterThan(0.72);
    expect(model.log_loss).toBeLessThan(baselines.base_rate?.log_loss ?? 0);
    expect(model.calibration_error).toBeLessThan(0.12);
    expect(baselines.logistic_regression?.auc).toBeGreaterThan(0.7);
    expect(offers.manifest.members.length).toBeGreaterThan(0);
  });

  it("tells made-up abuse from ordinary redemptions and flags few of the ordinary ones", () => {
    const { model } = risk.manifest.metrics;
    expect(model.auc).toBeGreaterThan(0.9);
    expect(model.flagged_share).toBeLessThan(0.05);
    expect(model.flagged_share_of_made_up_abuse).toBeGreaterThan(0.5);
    expect(risk.manifest.combination.supervised).toBeNull();
  });

  it("keeps confirmed abuse out of what is ordinary, learns from it, and finds more of it", async () => {
    const examples = riskExamples(1200, 3);
    // Every eighth is abuse of a kind that the anomaly alone hardly sees, and reviewers have confirmed it.
    const share = riskFeatures.features.findIndex(({ name }) => name === "discount_share");
    const lines = riskFeatures.features.findIndex(({ name }) => name === "lines_count");
    const labelled = examples.map((example, index) =>
      index % 8 === 0
        ? { ...example, label: 1, features: example.features.with(share, 0.149).with(lines, 6) }
        : example,
    );
    const alone = loadModel(risk);
    const { manifest, files } = await trainRisk(quietly(runtime, alone), labelled);
    expect(manifest.combination.supervised).not.toBeNull();
    expect(manifest.data.positives?.test).toBeGreaterThan(10);
    const { model } = manifest.metrics;
    expect(model.confirmed_average_precision).toBeGreaterThan(
      manifest.champion?.metrics.confirmed_average_precision ?? 1,
    );
    const loaded = loadModel({ manifest, files });
    if (loaded.name !== "risk") throw new Error("another model");
    const [row] = manifest.probe;
    const parts = loaded.scorer.contributions(row?.row as number[]);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(row?.score ?? -1, 9);
    expect(loaded.scorer.score(row?.row as number[])).toBeCloseTo(row?.score ?? -1, 12);
  }, 240_000);

  it("refuses to train on too little, and says how much there is and how much it takes", async () => {
    const context = quietly(runtime);
    await expect(trainPersonalisation(context, offerExamples(100))).rejects.toThrow(/^100 publications.*500/);
    await expect(trainRisk(context, riskExamples(10))).rejects.toThrow(TooLittleData);
    await expect(trainRisk(context, [])).rejects.toThrow(/0 redemptions; it takes 300/);
    const atOnce = riskExamples(400).map((example) => ({ ...example, at: 0 }));
    await expect(trainRisk(context, atOnce)).rejects.toThrow(/cannot be split by time/);
  });

  it("splits by time and never parts the rows of one moment", () => {
    const examples = offerExamples(1000).map((example, index) => ({ ...example, at: Math.floor(index / 130) }));
    const { train, validation, test } = splitByTime(examples);
    expect(train.length + validation.length + test.length).toBe(1000);
    expect(train.at(-1)?.at).toBeLessThan(validation[0]?.at ?? 0);
    expect(validation.at(-1)?.at).toBeLessThan(test[0]?.at ?? 0);
  });

  it("makes up abuse of features that there are, and only of those", () => {
    const names = new Set(riskFeatures.features.map(({ name }) => name));
    for (const [way, change] of Object.entries(disguises)) {
      expect([way, Object.keys(change({})).filter((name) => !names.has(name))]).toEqual([way, []]);
    }
    const rows = riskExamples(50);
    const changed = disguise(rows, 7);
    expect(changed.every(({ features }, at) => features.some((value, to) => value !== rows[at]?.features[to]))).toBe(
      true,
    );
  });
});

describe("promotion", () => {
  const champion = { version: "before", metrics: { log_loss: 0.3, average_precision: 0.9 } };
  const metrics = (model: Record<string, number>, baseline: Record<string, number>) => ({
    model,
    baselines: { rule: baseline },
  });

  it("takes what beats every baseline and the champion by the margin", () => {
    const better = { ...offers.manifest, champion, metrics: metrics({ log_loss: 0.29 }, { log_loss: 0.31 }) };
    expect(decide(better)).toMatchObject({ promote: true, reason: expect.stringContaining("before") });
  });

  it.each([
    ["only the baseline", { log_loss: 0.305 }, { log_loss: 0.31 }],
    ["only the champion", { log_loss: 0.29 }, { log_loss: 0.28 }],
    ["nobody by more than noise", { log_loss: 0.2999 }, { log_loss: 0.31 }],
    ["nobody, having no metric", {}, { log_loss: 0.31 }],
  ])("leaves what beats %s, and says why", (_, model: Record<string, number>, baseline) => {
    const verdict = decide({ ...offers.manifest, champion, metrics: metrics(model, baseline) });
    expect(verdict.promote).toBe(false);
    expect(verdict.reason).toMatch(/log loss|log_loss/);
  });

  it("leaves a risk model that flags more than one ordinary attempt in a hundred", () => {
    const model = { average_precision: 0.99, flagged_share: 0.011 };
    const verdict = decide({ ...risk.manifest, champion, metrics: metrics(model, { average_precision: 0.5 }) });
    expect(verdict).toEqual({ promote: false, reason: expect.stringContaining("1.10 %") });
    expect(
      decide({ ...risk.manifest, champion, metrics: metrics({ ...model, flagged_share: 0.004 }, {}) }),
    ).toMatchObject({ promote: true });
  });

  it("goes by what reviewers confirmed once there is enough of it", () => {
    const model = { average_precision: 0.99, confirmed_average_precision: 0.4, flagged_share: 0 };
    const rule = { average_precision: 0.5, confirmed_average_precision: 0.6 };
    expect(decide({ ...risk.manifest, champion: null, metrics: metrics(model, rule) }).promote).toBe(false);
  });
});

describe("the verdict on a model of effects", () => {
  const judged = (qini: number, lead: number, champion: number | null) =>
    decide({
      ...offers.manifest,
      name: "uplift",
      champion: champion === null ? null : { version: "before", metrics: { qini: champion, qini_lead_low: -1 } },
      metrics: { model: { qini }, baselines: { no_model: { qini: 0, qini_lead_low: lead } } },
    });

  it("takes what orders customers better than every baseline beyond chance, and than the champion", () => {
    expect(judged(0.1, 0.01, null)).toEqual({
      promote: true,
      reason: "its Qini of 0.1000 beats no model (0.0000) beyond chance",
    });
    expect(judged(0.1, 0.01, 0.08).promote).toBe(true);
  });

  it("leaves what chance could have made, and what orders no better than the champion", () => {
    expect(judged(0.1, -0.01, null)).toEqual({
      promote: false,
      reason: "its Qini of 0.1000 does not beat no model (0.0000) beyond chance",
    });
    expect(judged(0.1, 0.01, 0.1)).toMatchObject({ promote: false, reason: expect.stringContaining("before") });
  });
});

it("flags by a threshold that ordinary held-back rows seldom reach", () => {
  expect(flagThreshold).toBe(0.995);
});
