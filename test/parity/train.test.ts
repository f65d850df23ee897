/** Training from events to a served champion. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cardOf } from "../../models/card.ts";
import { type Manifest, modelNames } from "../../models/registry/manifest.ts";
import { readChampions } from "../../models/registry/store.ts";
import { filesTarget } from "../../models/registry/target.ts";
import { readRiskExamples } from "../../models/risk/dataset.ts";
import { loadRuntime, type Runtime } from "../../models/runtime.ts";
import { loadModels } from "../../models/serving.ts";
import { busiestProject, countRedemptions, type TrainResult, train } from "../../models/train.ts";
import { seeded } from "../../models/training/random.ts";
import { useStores } from "../support/stores.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const day = 86_400_000;
const begin = Date.UTC(2025, 0, 1);
const said: string[] = [];
let runtime: Runtime;
let directory: string;
let first: TrainResult[];

/** Customers keep to their habits: a third redeem often, the others hardly ever. */
function shopOfHabits(project: string): History {
  const random = seeded(4);
  const history = new History(project);
  const customers = Array.from({ length: 100 }, (_, index) => ({
    name: `customer-${index}`,
    habit: index % 3 === 0 ? 0.8 : 0.05,
  }));
  for (const { name } of customers) history.customer(name, begin + random() * day);
  for (let campaign = 0; campaign < 12; campaign += 1) {
    const id = `cam_${campaign}`;
    const from = begin + (campaign + 1) * 20 * day;
    history.campaign(id, `main_${campaign % 2}`, from + 15 * day);
    for (const { name, habit } of customers) {
      history.published(name, id, from);
      for (let order = 0; order < 2; order += 1) {
        history.paid(name, from + random() * 15 * day, 1000 + Math.floor(random() * 6000));
      }
      if (random() > habit) continue;
      const amounts = { order: 2000 + Math.floor(random() * 4000), discount: 200 + Math.floor(random() * 300) };
      history.redeemed(name, id, `main_${campaign % 2}`, from + day + random() * 13 * day, amounts);
    }
  }
  history.paid("customer-0", begin + 400 * day, 100);
  return history;
}

beforeAll(async () => {
  runtime = await loadRuntime();
  directory = await mkdtemp(join(tmpdir(), "tessera-train-"));
  await insertEvents(stores.warehouse, shopOfHabits("prj_habits").events);
  const small = new History("prj_small");
  small.campaign("cam", "main", null);
  small.customer("ann", begin);
  small.published("ann", "cam", begin + day);
  const { redemptionId } = small.redeemed("ann", "cam", "main", begin + 2 * day);
  const dismissed = small.redeemed("ann", "cam", "main", begin + 3 * day);
  small.redeemed("ann", "cam", "main", begin + 4 * day);
  small.reviewed(redemptionId, "confirmed", begin + 5 * day);
  small.reviewed(dismissed.redemptionId, "dismissed", begin + 5 * day);
  await insertEvents(stores.warehouse, small.events);
  first = await run("prj_habits", "never");
}, 300_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(projectId: string, promote: "always" | "never") {
  const registry = filesTarget(directory, (manifest) => ({ "CARD.md": Buffer.from(cardOf(manifest)) }));
  const say = (line: string) => void said.push(line);
  const { warehouse } = stores;
  return train({ runtime, warehouse, projectId, names: modelNames, seed: 7, registry, promote, say });
}

function manifestsOf(results: readonly TrainResult[]): Manifest[] {
  return results.flatMap((result) => (result.outcome === "too_little_data" ? [] : [result.manifest]));
}

describe("training on the warehouse", () => {
  it("finds the busiest project by itself", async () => {
    expect(await busiestProject(stores.warehouse)).toBe("prj_habits");
    expect(await countRedemptions(stores.warehouse, "prj_small")).toBe(3);
  });

  it("writes the models with what they were made of and a card, and serves them only after a promotion", async () => {
    expect(first.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["personalisation", "kept"],
      ["risk", "kept"],
      // Nobody is held out.
      ["uplift", "too_little_data"],
    ]);
    const [offers, risk] = manifestsOf(first);
    expect(offers?.data.rows).toEqual({ train: 700, validation: 300, test: 200 });
    // Habits are there to be found: far better than a coin, and than the base rate.
    expect(offers?.metrics.model.auc).toBeGreaterThan(0.8);
    expect(offers?.metrics.model.log_loss).toBeLessThan(offers?.metrics.baselines.base_rate?.log_loss ?? 0);
    expect(risk?.metrics.model.auc).toBeGreaterThan(0.8);
    expect(await readChampions(directory)).toEqual({});
    const folder = join(directory, "personalisation", offers?.version ?? "");
    expect(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))).toEqual(offers);
    expect(await readFile(join(folder, "CARD.md"), "utf8")).toBe(offers && cardOf(offers));
    expect(said.some((line) => line.includes("written to "))).toBe(true);
  });

  it("gives the same versions and metrics again, judges them beside the champion, and promotes when told", async () => {
    const again = await run("prj_habits", "always");
    for (const [index, manifest] of manifestsOf(again).entries()) {
      const { created_at: _, ...rest } = manifest;
      expect(manifestsOf(first)[index]).toMatchObject(rest);
    }
    expect(await readChampions(directory)).toEqual(
      Object.fromEntries(manifestsOf(again).map(({ name, version }) => [name, version])),
    );
    const models = await loadModels({ log: pino({ level: "silent" }), directory });
    const scores = models.scoreOffers("prj_habits", []);
    expect(scores === "unavailable" ? null : scores.model.version).toBe(manifestsOf(again)[0]?.version);
  }, 300_000);

  it("takes what reviewers confirmed as abuse, and nothing else, from the marts", async () => {
    const examples = await readRiskExamples(stores.warehouse, "prj_small");
    expect(examples.map(({ label }) => label)).toEqual([1, 0, 0]);
    expect(new Set(examples.map(({ id }) => id)).size).toBe(3);
    expect(await readRiskExamples(stores.warehouse, "prj_nobody")).toEqual([]);
  });

  it("refuses too little data by name, writes nothing, and leaves the champions alone", async () => {
    const before = await readChampions(directory);
    const results = await run("prj_small", "always");
    expect(results).toEqual([
      {
        name: "personalisation",
        outcome: "too_little_data",
        reason: expect.stringMatching(/^0 publications .* it takes 500/),
      },
      { name: "risk", outcome: "too_little_data", reason: "3 redemptions; it takes 300" },
      { name: "uplift", outcome: "too_little_data", reason: expect.stringMatching(/^0 customers .* it takes 200/) },
    ]);
    expect(await readChampions(directory)).toEqual(before);
  });
});
