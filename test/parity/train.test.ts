/** Training from events to a served champion. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readChampions } from "../../models/registry/store.ts";
import { loadRuntime, type Runtime } from "../../models/runtime.ts";
import { loadModels } from "../../models/serving.ts";
import { busiestProject, type TrainResult, train } from "../../models/train.ts";
import { seeded } from "../../models/training/random.ts";
import { useStores } from "../support/stores.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const day = 86_400_000;
const begin = Date.UTC(2025, 0, 1);
const said: string[] = [];
const progress = { say: (line: string) => void said.push(line), onEpoch: () => undefined };
let runtime: Runtime;
let directory: string;
let first: TrainResult;

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
  small.redeemed("ann", "cam", "main", begin + 2 * day);
  await insertEvents(stores.warehouse, small.events);
  first = await run("prj_habits", false);
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(projectId: string, promote: boolean) {
  return train({ runtime, warehouse: stores.warehouse, projectId, seed: 7, directory, promote, progress });
}

describe("training on the warehouse", () => {
  it("finds the busiest project by itself", async () => {
    expect(await busiestProject(stores.warehouse)).toBe("prj_habits");
  });

  it("writes both models with what they were made of, and serves them only after a promotion", async () => {
    const { trained, refused } = first;
    expect(refused).toEqual([]);
    expect(trained.map(({ name }) => name)).toEqual(["personalisation", "risk"]);
    const [offers, risk] = trained;
    expect(offers?.data.rows).toEqual({ train: 500, validation: 500, test: 200 });
    // Habits are there to be found: far better than a coin, and than the base rate.
    expect(offers?.metrics.model.auc).toBeGreaterThan(0.8);
    expect(offers?.metrics.model.log_loss).toBeLessThan(offers?.metrics.baselines.base_rate?.log_loss ?? 0);
    expect(risk?.metrics.model.auc).toBeGreaterThan(0.8);
    expect(await readChampions(directory)).toEqual({});
    const stored = await readFile(join(directory, "personalisation", offers?.version ?? "", "manifest.json"), "utf8");
    expect(JSON.parse(stored)).toEqual(offers);
    expect(said.some((line) => line.startsWith("written to "))).toBe(true);
  });

  it("gives the same versions and metrics again, and promotes when told", async () => {
    const { trained } = await run("prj_habits", true);
    for (const [index, manifest] of trained.entries()) {
      const { created_at: _, ...rest } = manifest;
      expect(first.trained[index]).toMatchObject(rest);
    }
    expect(await readChampions(directory)).toEqual(
      Object.fromEntries(trained.map(({ name, version }) => [name, version])),
    );
    const models = await loadModels({ log: pino({ level: "silent" }), directory });
    const scores = models.scoreOffers("prj_habits", []);
    expect(scores === "unavailable" ? null : scores.model.version).toBe(trained[0]?.version);
  }, 180_000);

  it("refuses too little data by name, writes nothing, and leaves the champions alone", async () => {
    const before = await readChampions(directory);
    const { trained, refused } = await run("prj_small", true);
    expect(trained).toEqual([]);
    expect(refused.map(({ name }) => name)).toEqual(["personalisation", "risk"]);
    expect(refused[0]?.reason).toMatch(/^0 publications .* it takes 500/);
    expect(refused[1]?.reason).toBe("1 redemptions; it takes 300");
    expect(await readChampions(directory)).toEqual(before);
  });
});
