import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type OfferInput, personalisationFeatures } from "../../../models/features/personalisation.ts";
import { riskFeatures } from "../../../models/features/risk.ts";
import { loadModel } from "../../../models/loaded.ts";
import type { Manifest, PersonalisationManifest, RiskManifest } from "../../../models/registry/manifest.ts";
import { sha256 } from "../../../models/registry/refuse.ts";
import { writeChampions, writeModel } from "../../../models/registry/store.ts";
import { flagThreshold, loadModels } from "../../../models/serving.ts";
import type { Trained } from "../../../models/training/report.ts";
import { burst, ordinary, regular, stranger } from "./synthetic.ts";
import { trainOffers, trainOrdinary } from "./trained.ts";

let offers: Trained<PersonalisationManifest>;
let risk: Trained<RiskManifest>;
let directory: string;

beforeAll(async () => {
  offers = await trainOffers();
  risk = await trainOrdinary();
  directory = await mkdtemp(join(tmpdir(), "tessera-registry-"));
}, 240_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A logger that keeps what it was told. */
function listener() {
  const lines: string[] = [];
  const keep = (about: { err?: Error } | undefined, message?: string) =>
    void lines.push(`${message ?? ""} ${about?.err?.message ?? ""}`.trim());
  return { lines, log: { info: keep, warn: keep, error: keep } };
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

const noChampion = "no champion: the fallback serves";
const refused = "the champion was refused: the fallback serves";

describe("serving", () => {
  it("has nothing to serve in an empty registry: no score, and offers are unavailable", async () => {
    const { log, lines } = listener();
    const models = await loadModels({ log, directory: join(directory, "none") });
    expect(models.scoreRisk("prj", ordinary)).toEqual({ score: null, reasons: [], model: null, features: null });
    expect(models.scoreOffers("prj", [regular])).toBe("unavailable");
    expect(models.scoreShares?.("prj", [regular])).toBe("unavailable");
    expect(models.serving("prj", "risk")).toBeNull();
    expect(lines).toEqual([noChampion, noChampion, noChampion]);
  });

  it("serves the champions, and says in words what moved a score, the same every time", async () => {
    await promote();
    const models = await loadModels({ log: listener().log, directory });
    const usual = models.scoreRisk("prj", ordinary);
    expect(usual.score).toBeLessThan(flagThreshold);
    expect(usual.model).toBe(`risk@${risk.manifest.version}`);
    expect(models.serving("prj", "risk")).toEqual({ version: risk.manifest.version, source: "product" });

    const score = models.scoreRisk("prj", burst);
    expect(score.score).toBeGreaterThanOrEqual(flagThreshold);
    expect(score.reasons.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(score.score ?? 0, 9);
    expect(score.reasons.slice(0, 3).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^Redemptions by this customer in the last .*: \d+; usual is 0\.$/),
    );
    expect(score.features?.customer_redeemed_hour).toBe(9);
    const again = models.scoreRisk("prj", burst);
    expect([again.score, again.model, again.features, again.reasons]).toEqual([
      score.score,
      score.model,
      score.features,
      score.reasons,
    ]);
  });

  it("gives offers probabilities, each with what its features add in log-odds", async () => {
    await promote();
    const models = await loadModels({ log: listener().log, directory });
    const scores = models.scoreOffers("prj", [stranger, regular]);
    if (scores === "unavailable") throw new Error("the champion was not served");
    expect(scores.model).toEqual({ name: "personalisation", version: offers.manifest.version });
    const [cold, warm] = scores.offers;
    expect(warm?.probability).toBeGreaterThan(cold?.probability ?? 1);
    expect(warm?.probability).toBeLessThanOrEqual(1);
    expect(warm?.features.redemptions_count).toBe(90);
    const logOdds = (probability = Number.NaN) => Math.log(probability / (1 - probability));
    const sum = (parts: Readonly<Record<string, number>> | null = {}) =>
      Object.values(parts ?? {}).reduce((a, b) => a + b, 0);
    expect(sum(warm?.contributions) - sum(cold?.contributions)).toBeCloseTo(
      logOdds(warm?.probability) - logOdds(cold?.probability),
      6,
    );
  });

  it("ranks many offers at once as one by one, to the last bit", async () => {
    await promote();
    const models = await loadModels({ log: listener().log, directory, limits: { clock: () => 0 } });
    const many = Array.from({ length: 70 }, (_, index) => ({
      ...(index % 3 === 0 ? stranger : regular),
      campaignRedemptionsCount: index,
      campaignPublicationsCount: 100,
      basketAmount: index % 2 === 0 ? null : 100 * index,
    }));
    const scored = (inputs: readonly OfferInput[]) => {
      const scores = models.scoreOffers("prj", inputs);
      if (scores === "unavailable") throw new Error("the champion was not served");
      return scores.offers.map(({ probability, features, contributions }) => ({
        probability,
        features,
        contributions,
      }));
    };
    expect(scored(many)).toEqual(many.flatMap((one) => scored([one])));
    const [first] = scored(many);
    expect(Object.keys(first?.features ?? {})).toEqual(personalisationFeatures.features.map(({ name }) => name));
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

  it("keeps a score whose reasons cannot be had", async () => {
    await promote();
    const { log, lines } = listener();
    const models = await loadModels({ log, directory });
    const offered = models.scoreOffers("prj", [regular]);
    if (offered === "unavailable") throw new Error("the champion was not served");
    const score = models.scoreRisk("prj", burst);
    const broken = () => {
      throw new Error("it has no words");
    };
    vi.spyOn(riskFeatures.features[0] as { text: (value: number, usual: number) => string }, "text").mockImplementation(
      broken,
    );
    vi.spyOn(Object.getPrototypeOf(Float64Array.prototype), "subarray").mockImplementation(broken);
    const told = [score.reasons, offered.offers[0]?.contributions];
    vi.restoreAllMocks();
    expect(told).toEqual([[], null]);
    expect(score.score).toBeGreaterThanOrEqual(flagThreshold);
    const line = "explaining failed: the score goes without reasons it has no words";
    expect(lines.slice(-2)).toEqual([line, line]);
  });

  it("gives up on offers that take too long, puts a slow model aside, and tries it again", async () => {
    await promote();
    const { log, lines } = listener();
    let now = 0;
    let step = 0;
    const clock = () => {
      now += step;
      return now;
    };
    const models = await loadModels({ log, directory, limits: { clock, riskMs: 5, offersMs: 25 } });
    const many = Array.from({ length: 150 }, () => regular);
    expect(models.scoreOffers("prj", many)).not.toBe("unavailable");
    // From here on whatever is timed takes 30 ms.
    step = 30;
    expect(models.scoreOffers("prj", many)).toBe("unavailable");
    for (let attempt = 0; attempt < 5; attempt += 1) expect(models.scoreRisk("prj", ordinary).score).not.toBeNull();
    expect(lines.filter((line) => line.startsWith("a model is too slow"))).toHaveLength(1);
    expect(models.scoreRisk("prj", ordinary)).toEqual({ score: null, reasons: [], model: null, features: null });
    expect(models.serving("prj", "risk")).toBeNull();
    now += 60_000;
    step = 0;
    expect(models.scoreRisk("prj", ordinary).score).not.toBeNull();
  });
});

describe("a model that is not what it says", () => {
  const text = (bytes: Buffer, change: (manifest: Record<string, never>) => unknown) =>
    Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString()))));

  it.each([
    [
      "a changed file",
      "model.bin",
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([1])]),
      /model\.bin is not the/,
    ],
    ["a broken manifest", "manifest.json", () => Buffer.from("{"), /JSON/],
    [
      "a manifest without what it takes",
      "manifest.json",
      (bytes: Buffer) => text(bytes, ({ probe: _, ...rest }) => rest),
      /its manifest cannot be read: probe/,
    ],
    [
      "another feature set",
      "manifest.json",
      (bytes: Buffer) => text(bytes, (m) => ({ ...m, feature_set: { name: "x", hash: "0".repeat(64) } })),
      /another feature set: train again/,
    ],
    [
      "another estimator",
      "manifest.json",
      (bytes: Buffer) => text(bytes, (m) => ({ ...m, estimator: { name: "tabular", version: 99 } })),
      /tabular 99: train again/,
    ],
    [
      "a file that is missing",
      "manifest.json",
      (bytes: Buffer) => text(bytes, (m) => ({ ...m, files: { "other.bin": "0".repeat(64) } })),
      /other\.bin/,
    ],
    [
      "scores that it did not give",
      "manifest.json",
      (bytes: Buffer) =>
        text(bytes, (m) => ({ ...m, probe: [{ row: offers.manifest.probe[0]?.row, score: 0.123_456 }] })),
      /it gives .* where it gave 0\.123456/,
    ],
  ])("is refused: %s; the other model serves on", async (_, file, change, message) => {
    const folder = await promote();
    const path = join(folder, file);
    await writeFile(path, change(await readFile(path)));
    const { log, lines } = listener();
    const models = await loadModels({ log, directory });
    expect(models.scoreOffers("prj", [regular])).toBe("unavailable");
    expect(models.scoreRisk("prj", ordinary).score).not.toBeNull();
    const [line] = lines.filter((each) => each.startsWith(refused));
    expect(line?.slice(refused.length + 1)).toMatch(message);
  });

  it("is refused when its numbers are none, though every hash is right", () => {
    const bytes = offers.files["model.bin"];
    if (bytes === undefined) throw new Error("there is no model.bin");
    const files = { ...offers.files, "model.bin": new Uint8Array(bytes.length).fill(0xff) };
    const manifest: Manifest = {
      ...offers.manifest,
      files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, sha256(content)])),
    };
    expect(() => loadModel({ manifest, files })).toThrow();
  });
});
