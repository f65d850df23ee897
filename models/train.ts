/** Trains models on one project's events, judges them, and puts them into a registry. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { readOfferExamples } from "./personalisation/dataset.ts";
import type { Manifest, ModelName } from "./registry/manifest.ts";
import type { RegistryTarget } from "./registry/target.ts";
import { readRiskExamples } from "./risk/dataset.ts";
import type { Runtime } from "./runtime.ts";
import { decide, type Verdict } from "./training/decide.ts";
import { TooLittleData } from "./training/examples.ts";
import { trainPersonalisation } from "./training/personalisation.ts";
import type { Trained, TrainingContext } from "./training/report.ts";
import { trainRisk } from "./training/risk.ts";
import { trainUplift } from "./training/uplift.ts";
import { readAssignments } from "./uplift/dataset.ts";

export interface TrainOptions {
  readonly runtime: Runtime;
  readonly warehouse: ClickHouseClient;
  readonly projectId: string;
  readonly names: readonly ModelName[];
  readonly seed: number;
  readonly registry: RegistryTarget;
  /** "better": what beats the champion and every baseline on the held-back days. */
  readonly promote: "always" | "better" | "never";
  readonly say: (line: string) => void;
}

interface TrainedModel {
  readonly name: ModelName;
  readonly outcome: "promoted" | "kept";
  readonly manifest: Manifest;
  readonly verdict: Verdict;
}

interface NotTrained {
  readonly name: ModelName;
  readonly outcome: "too_little_data";
  readonly reason: string;
}

export type TrainResult = TrainedModel | NotTrained;

/** What cannot be trained for want of data is refused by name; the others are trained all the same. */
export async function train(options: TrainOptions): Promise<TrainResult[]> {
  const results: TrainResult[] = [];
  for (const name of options.names) {
    try {
      results.push(await trainOne(options, name));
    } catch (error) {
      if (!(error instanceof TooLittleData)) throw error;
      results.push({ name, outcome: "too_little_data", reason: error.message });
    }
  }
  return results;
}

async function trainOne({ registry, ...options }: TrainOptions, name: ModelName): Promise<TrainedModel> {
  const { say } = options;
  const champion = await registry.champion(name);
  const { manifest, files } = await fitOne({ ...options, champion }, name, options);
  const verdict = decide(manifest);
  const promoted = options.promote === "always" || (options.promote === "better" && verdict.promote);
  say(`${name}: written to ${await registry.write(manifest, files, verdict.reason)}`);
  if (promoted) await registry.promote(manifest, verdict.reason);
  return { name, outcome: promoted ? "promoted" : "kept", manifest, verdict };
}

async function fitOne(
  context: TrainingContext,
  name: ModelName,
  { warehouse, projectId }: Pick<TrainOptions, "warehouse" | "projectId">,
): Promise<Trained> {
  switch (name) {
    case "personalisation":
      context.say("personalisation: reading publications and what became of them");
      return trainPersonalisation(context, await readOfferExamples(warehouse, projectId));
    case "risk":
      context.say("risk: reading redemptions and what reviewers said of them");
      return trainRisk(context, await readRiskExamples(warehouse, projectId));
    case "uplift":
      context.say("uplift: reading from whom campaigns withheld themselves, and who ordered");
      return trainUplift(context, await readAssignments(warehouse, projectId));
  }
}

export async function countRedemptions(warehouse: ClickHouseClient, projectId: string): Promise<number> {
  const result = await warehouse.query({
    query: "SELECT count() AS n FROM events WHERE project_id = {project:String} AND type = 'redemption.succeeded'",
    query_params: { project: projectId },
    format: "JSONEachRow",
  });
  return z.array(z.object({ n: z.coerce.number() })).parse(await result.json())[0]?.n ?? 0;
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
