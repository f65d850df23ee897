/** Trains both models on one project's events and writes them to the registry. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { readOfferExamples } from "./personalisation/dataset.ts";
import { trainPersonalisation } from "./personalisation/train.ts";
import type { Manifest, ModelName } from "./registry/manifest.ts";
import { readChampions, writeChampions, writeModel } from "./registry/store.ts";
import { readRiskExamples } from "./risk/dataset.ts";
import { trainRisk } from "./risk/train.ts";
import type { Runtime } from "./runtime.ts";
import { TooLittleData } from "./training/examples.ts";
import type { Progress, Trained } from "./training/report.ts";

export interface TrainOptions {
  readonly runtime: Runtime;
  readonly warehouse: ClickHouseClient;
  readonly projectId: string;
  readonly seed: number;
  /** Where the registry lies. */
  readonly directory: string;
  /** Makes what was trained the champion: the next start of the API serves it. */
  readonly promote: boolean;
  readonly progress: Progress;
}

export interface TrainResult {
  readonly trained: readonly Manifest[];
  readonly refused: readonly { readonly name: ModelName; readonly reason: string }[];
}

/** What cannot be trained for want of data is refused by name; the other model is trained all the same. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { runtime, warehouse, projectId, seed, progress } = options;
  const results = [
    await attempt("personalisation", async () => {
      progress.say("personalisation: reading publications and what became of them");
      return trainPersonalisation(runtime, await readOfferExamples(warehouse, projectId), seed, progress);
    }),
    await attempt("risk", async () => {
      progress.say("risk: reading redemptions");
      return trainRisk(runtime, await readRiskExamples(warehouse, projectId), seed, progress);
    }),
  ];
  const trained: Manifest[] = [];
  for (const { result } of results) {
    if (result === undefined) continue;
    progress.say(`written to ${await writeModel(options.directory, result.manifest, result.files)}`);
    trained.push(result.manifest);
  }
  if (options.promote && trained.length > 0) {
    const promoted = Object.fromEntries(trained.map(({ name, version }) => [name, version]));
    await writeChampions(options.directory, { ...(await readChampions(options.directory)), ...promoted });
  }
  const refused = results.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]));
  return { trained, refused };
}

interface Attempt {
  readonly name: ModelName;
  readonly result?: Trained<Manifest>;
  readonly reason?: string;
}

async function attempt(name: ModelName, work: () => Promise<Trained<Manifest>>): Promise<Attempt> {
  try {
    return { name, result: await work() };
  } catch (error) {
    if (error instanceof TooLittleData) return { name, reason: error.message };
    throw error;
  }
}

const projectRow = z.object({ project_id: z.string() });

/** Undefined when nobody has redeemed anything yet. */
export async function busiestProject(warehouse: ClickHouseClient): Promise<string | undefined> {
  const result = await warehouse.query({
    query: `
      SELECT project_id FROM events WHERE type = 'redemption.succeeded'
      GROUP BY project_id ORDER BY count() DESC, project_id LIMIT 1`,
    format: "JSONEachRow",
  });
  return z.array(projectRow).parse(await result.json())[0]?.project_id;
}
