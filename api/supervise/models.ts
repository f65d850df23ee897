/** Models in a running process: those that serve, kept up to date, and what trains them anew. */
import type pg from "pg";
import type { Logger } from "pino";
import { loadModels, type ServedModels } from "../../models/serving.ts";
import type { Config } from "../config.ts";
import type { RetrainOptions } from "../models/retrain-worker.ts";
import { keepRunning } from "../workers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Urls } from "./services.ts";

export async function openModels(pool: pg.Pool, log: Logger, lifecycle: Lifecycle): Promise<ServedModels> {
  const models = await loadModels({ log, pool });
  const watching = keepRunning("champions", (signal) => models.watch(signal), log, lifecycle.signal);
  lifecycle.onStop("champions", () => watching);
  return models;
}

/** Undefined: off. */
export function retraining({ retrainHours }: Config, urls: Urls): RetrainOptions | undefined {
  return retrainHours === 0 ? undefined : { ...urls, hours: retrainHours };
}
