import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forward, parseDenseNet } from "../../../models/dense.ts";
import type { OfferInput } from "../../../models/features/personalisation.ts";
import type { RiskInput } from "../../../models/features/risk.ts";
import { trainPersonalisation } from "../../../models/personalisation/train.ts";
import { giveModel } from "../../../models/registry/io.ts";
import type { PersonalisationManifest, RiskManifest } from "../../../models/registry/manifest.ts";
import { writeChampions, writeModel } from "../../../models/registry/store.ts";
import { trainRisk } from "../../../models/risk/train.ts";
import { loadRuntime, type Runtime } from "../../../models/runtime.ts";
import { flagThreshold, loadModels, percentile } from "../../../models/serving.ts";
import { splitByTime, TooLittleData } from "../../../models/training/examples.ts";
import { seeded } from "../../../models/training/random.ts";
import type { Trained } from "../../../models/training/report.ts";
import { offerExamples, riskExamples } from "./synthetic.ts";

const quiet = { say: () => undefined, onEpoch: () => undefined };
const ordinary: RiskInput = {
  orderAmount: 3000,
  discountAmount: 300,
  linesCount: 4,
  itemsQuantity: 5,
  maxUnitAmount: 800,
  codesCount: 1,
  hourOfDay: 14,
  isGuest: false,
  redemptionsLastHour: 0,
  redemptionsLastDay: 0,
  rejectionsLastHour: 0,
  secondsSinceLastRedemption: 20 * 86_400,
};
const stranger: OfferInput = {
  tenureSeconds: null,
  ordersCount: 0,
  ordersAmount: 0,
  secondsSinceLastOrder: null,
  publicationsCount: 0,
  redemptionsCount: 0,
  redemptionsDiscountAmount: 0,
  secondsSinceLastRedemption: null,
  customerMainPublicationsCount: 0,
  customerMainRedemptionsCount: 0,
  campaignPublicationsCount: 0,
  campaignRedemptionsCount: 0,
  campaignDiscountAmount: 0,
  mainPublicationsCount: 0,
  mainRedemptionsCount: 0,
  secondsUntilEnd: null,
};
const regular: OfferInput = {
  ...stranger,
  tenureSeconds: 200 * 86_400,
  ordersCount: 20,
  ordersAmount: 50_000,
  publicationsCount: 100,
  redemptionsCount: 90,
};

let runtime: Runtime;
let offers: Trained<PersonalisationManifest>;
let risk: Trained<RiskManifest>;
let directory: string;

beforeAll(async () => {
  runtime = await loadRuntime();
  offers = await trainPersonalisation(runtime, offerExamples(1200), 7, quiet);
  risk = await trainRisk(runtime, riskExamples(700), 7, quiet);
  directory = await mkdtemp(join(tmpdir(), "tessera-registry-"));
}, 120_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/** A logger that keeps what it was told. */
function listener() {
  const lines: string[] = [];
  const keep = (_: unknown, message?: string) => void lines.push(message ?? "");
  return { lines, log: { info: keep, warn: keep, error: keep } };
}

describe("training", () => {
  it("gives the same weights, metrics and version for the same data and seed", async () => {
    const again = await trainPersonalisation(runtime, offerExamples(1200), 7, quiet);
    expect(again.manifest.metrics).toEqual(offers.manifest.metrics);
    expect(again.manifest.version).toBe(offers.manifest.version);
    expect(again.files.weights).toEqual(offers.files.weights);
    const riskAgain = await trainRisk(runtime, riskExamples(700), 7, quiet);
    expect(riskAgain.manifest.files).toEqual(risk.manifest.files);
    expect(riskAgain.manifest.metrics).toEqual(risk.manifest.metrics);
  }, 120_000);

  it("finds the law behind the rows and promises rates that hold", () => {
    const { model, baselines } = offers.manifest.metrics;
    expect(model.auc).toBeGreaterThan(0.75);
    expect(model.log_loss).toBeLessThan(baselines.base_rate?.log_loss ?? 0);
    expect(model.calibration_error).toBeLessThan(0.08);
    expect(baselines.logistic_regression?.auc).toBeGreaterThan(0.75);
  });

  it("tells made-up abuse from ordinary redemptions and flags few of the ordinary ones", () => {
    const { model } = risk.manifest.metrics;
    expect(model.auc).toBeGreaterThan(0.9);
    expect(model.flagged_share_of_test).toBeLessThan(0.05);
    expect(model.flagged_share_of_made_up_abuse).toBeGreaterThan(0.5);
  });

  it("refuses to train on too little, and says how much there is and how much it takes", async () => {
    await expect(trainPersonalisation(runtime, offerExamples(100), 7, quiet)).rejects.toThrow(/^100 publications.*500/);
    await expect(trainRisk(runtime, riskExamples(10), 7, quiet)).rejects.toThrow(TooLittleData);
    await expect(trainRisk(runtime, [], 7, quiet)).rejects.toThrow(/0 redemptions; it takes 300/);
    const atOnce = riskExamples(400).map((example) => ({ ...example, at: 0 }));
    await expect(trainRisk(runtime, atOnce, 7, quiet)).rejects.toThrow(/cannot be split by time/);
  });

  it("splits by time and never parts the rows of one moment", () => {
    const examples = offerExamples(1000).map((example, index) => ({ ...example, at: Math.floor(index / 130) }));
    const { train, validation, test } = splitByTime(examples);
    expect(train.length + validation.length + test.length).toBe(1000);
    expect(train.at(-1)?.at).toBeLessThan(validation[0]?.at ?? 0);
    expect(validation.at(-1)?.at).toBeLessThan(test[0]?.at ?? 0);
  });
});

describe("plain code", () => {
  it.each(["personalisation", "risk"] as const)("scores like TF.js, within 1e-5: %s", async (name) => {
    const { files } = { personalisation: offers, risk }[name];
    const net = parseDenseNet(JSON.parse(files.modelJson), files.weights);
    const model = await runtime.tf.loadLayersModel(giveModel(files));
    const random = seeded(5);
    const rows = Array.from({ length: 200 }, () =>
      Float32Array.from({ length: net.inputs }, () => (random() - 0.5) * 8),
    );
    const predicted = model.predict(runtime.tf.stack(rows.map((row) => runtime.tf.tensor1d(row))));
    const expected = await (Array.isArray(predicted) ? predicted[0] : predicted)?.data();
    const actual = rows.flatMap((row) => Array.from(forward(net, row)));
    expect(expected).toHaveLength(actual.length);
    for (const [index, value] of actual.entries()) {
      expect(Math.abs(value - (expected?.[index] ?? Number.NaN))).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    }
    model.dispose();
  });

  it("refuses weights that do not fit the architecture", () => {
    const { modelJson, weights } = offers.files;
    expect(() => parseDenseNet(JSON.parse(modelJson), weights.slice(0, -4))).toThrow(/too short/);
    expect(() => parseDenseNet(JSON.parse(modelJson), new Uint8Array([...weights, 0, 0, 0, 0]))).toThrow(/too long/);
    expect(() => parseDenseNet({ format: "graph-model" }, weights)).toThrow();
    expect(() => forward(parseDenseNet(JSON.parse(modelJson), weights), new Float32Array(3))).toThrow(/inputs/);
  });
});

describe("serving", () => {
  it("has nothing to serve in an empty registry: allows, and says that offers are unavailable", async () => {
    const { log, lines } = listener();
    const models = await loadModels({ log, directory: join(directory, "none") });
    expect(models.scoreRisk("prj", ordinary)).toEqual({
      score: null,
      reasons: [],
      model: null,
      features: null,
    });
    expect(models.scoreOffers("prj", [regular])).toBe("unavailable");
    expect(lines).toEqual(["no champion: the fallback serves", "no champion: the fallback serves"]);
  });

  it("loads the champions that are shipped, and finds a newcomer's ordinary basket ordinary", async () => {
    const { log, lines } = listener();
    const models = await loadModels({ log });
    expect(lines).toEqual(["model loaded", "model loaded"]);
    expect(models.scoreRisk("prj", { ...ordinary, secondsSinceLastRedemption: null }).score).toBeLessThan(
      flagThreshold,
    );
    expect(models.scoreOffers("prj", [stranger, regular])).not.toBe("unavailable");
  });

  it("serves the champions, and explains in words what it flags", async () => {
    await promote();
    const models = await loadModels({ log: listener().log, directory });
    const usual = models.scoreRisk("prj", ordinary);
    expect(usual.score).toBeLessThan(flagThreshold);
    expect(usual.model).toBe(`risk@${risk.manifest.version}`);

    const burst = models.scoreRisk("prj", {
      ...ordinary,
      redemptionsLastHour: 9,
      redemptionsLastDay: 20,
      secondsSinceLastRedemption: 30,
    });
    expect(burst.score).toBeGreaterThanOrEqual(flagThreshold);
    expect(burst.reasons.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(burst.score ?? 0, 9);
    expect(burst.reasons.map(({ text }) => text).join(" ")).toMatch(/redemptions by this customer in the last/);
    expect(burst.features?.redemptions_last_hour).toBe(9);

    const scores = models.scoreOffers("prj", [stranger, regular]);
    if (scores === "unavailable") throw new Error("the champion was not served");
    expect(scores.model).toEqual({ name: "personalisation", version: offers.manifest.version });
    const [cold, warm] = scores.offers;
    expect(warm?.probability).toBeGreaterThan(cold?.probability ?? 1);
    expect(warm?.probability).toBeLessThanOrEqual(1);
    expect(warm?.features.redemptions_count).toBe(90);
    const logOdds = (probability = Number.NaN) => Math.log(probability / (1 - probability));
    const sum = (parts: Readonly<Record<string, number>> = {}) => Object.values(parts).reduce((a, b) => a + b, 0);
    expect(sum(warm?.contributions) - sum(cold?.contributions)).toBeCloseTo(
      logOdds(warm?.probability) - logOdds(cold?.probability),
      4,
    );
  });

  it("never throws and never answers nonsense, whatever the numbers", async () => {
    await promote();
    const models = await loadModels({ log: listener().log, directory });
    for (const value of [0, -1, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY]) {
      const score = models.scoreRisk("prj", { ...ordinary, orderAmount: value, discountAmount: value });
      expect(score.score).toBeGreaterThanOrEqual(0);
      expect(score.score).toBeLessThanOrEqual(1);
      const offered = models.scoreOffers("prj", [{ ...regular, ordersAmount: value }]);
      expect(offered === "unavailable" ? null : offered.offers[0]?.probability).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    ["changed weights", "weights.bin", (text: Buffer) => Buffer.concat([text, Buffer.from([1])])],
    ["a changed model", "model.json", (text: Buffer) => Buffer.from(text.toString().replace("relu", "tanh"))],
    ["another feature set", "manifest.json", (text: Buffer) => otherHash(text)],
    ["a broken manifest", "manifest.json", () => Buffer.from("{")],
  ])("refuses %s and falls back, saying so", async (_, file, change) => {
    const folder = await promote();
    const path = join(folder, file);
    await writeFile(path, change(await readFile(path)));
    const { log, lines } = listener();
    const models = await loadModels({ log, directory });
    expect(models.scoreOffers("prj", [regular])).toBe("unavailable");
    expect(models.scoreRisk("prj", ordinary).score).not.toBeNull();
    expect(lines).toContain("the champion was refused: the fallback serves");
  });

  it("places an error among the training errors, from 0 to 1", () => {
    const quantiles = [0, 1, 2, 4, 4, 8];
    expect(percentile(quantiles, -1)).toBe(0);
    expect(percentile(quantiles, 0.5)).toBeCloseTo(0.1, 12);
    expect(percentile(quantiles, 3)).toBeCloseTo(0.5, 12);
    expect(percentile(quantiles, 4)).toBeCloseTo(0.8, 12);
    expect(percentile(quantiles, 8)).toBe(1);
    expect(percentile(quantiles, 1e9)).toBe(1);
  });
});

function otherHash(manifest: Buffer): Buffer {
  const parsed = JSON.parse(manifest.toString());
  return Buffer.from(JSON.stringify({ ...parsed, feature_set: { ...parsed.feature_set, hash: "0".repeat(64) } }));
}

/** @returns the folder of the personalisation champion */
async function promote(): Promise<string> {
  const folder = await writeModel(directory, offers.manifest, offers.files);
  await writeModel(directory, risk.manifest, risk.files);
  await writeChampions(directory, {
    personalisation: offers.manifest.version,
    risk: risk.manifest.version,
  });
  return folder;
}
