/**
 * Looks now and then at how far what each serving model is asked lies from what it learned from, and stores it: alerts and
 * data health read from Postgres alone. Of several workers the one that holds the lock looks.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { modelDriftLock } from "../../ingest/locks.ts";
import { tryLock, withSession } from "../../ingest/session.ts";
import { type LearnedDrift, learnedDays, readLearnedDrift } from "../../models/drift/read-learned.ts";
import { loadModel } from "../../models/loaded.ts";
import { type Manifest, modelNames } from "../../models/registry/manifest.ts";
import { listProjectChampions, readProjectModel } from "../../models/registry/project.ts";
import { ModelRefused } from "../../models/registry/refuse.ts";
import { createShippedModels } from "./shipped.ts";

export interface DriftDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

const firstLookMs = 5 * 60_000;
const lookEveryMs = 30 * 60_000;
/** Of one look; those whose models are asked most. */
const projectsMax = 500;
const movedMax = 100;

export async function runDriftLooks(deps: DriftDeps, signal: AbortSignal): Promise<void> {
  const shipped = createShippedModels();
  await rest(firstLookMs, signal);
  while (!signal.aborted) {
    await withSession(deps.pool, async (client) => {
      if (await tryLock(client, modelDriftLock)) await lookAtDrift(deps, await shipped(), Date.now(), signal);
    });
    await rest(lookEveryMs, signal);
  }
}

/** One project's failure does not keep all others from theirs. */
export async function lookAtDrift(
  deps: DriftDeps,
  shipped: readonly Manifest[],
  now: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const projectId of await findAskedProjects(deps, now)) {
    if (signal?.aborted) return;
    try {
      for (const served of await findServed(deps.pool, projectId, shipped)) {
        await store(
          deps.pool,
          projectId,
          served,
          await readLearnedDrift(deps.warehouse, projectId, served.manifest, now),
        );
      }
    } catch (error) {
      deps.log.warn({ project: projectId, err: error }, "drift of a project's models cannot be read");
    }
  }
  // Of whom nothing was asked since, nothing is said.
  await deps.pool.query("delete from model_drift where looked_at < now() - interval '1 day'");
}

const projectRow = z.object({ project_id: z.string() });

/** Those of which a model was asked anything in the days that are compared. */
async function findAskedProjects({ pool, warehouse }: DriftDeps, now: number): Promise<string[]> {
  const result = await warehouse.query({
    query: `
      SELECT project_id FROM events
      WHERE type IN ('redemption.succeeded', 'offer.served') AND model NOT IN ('', 'fallback')
        AND occurred_at >= fromUnixTimestamp64Milli({from: Int64}) AND occurred_at < fromUnixTimestamp64Milli({until: Int64})
      GROUP BY project_id ORDER BY count() DESC, project_id LIMIT ${projectsMax}`,
    query_params: { from: now - learnedDays * 86_400_000, until: now },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 60 },
  });
  const asked = z.array(projectRow).parse(await result.json());
  // A project that the warehouse alone knows, as after an older backup, is none: nothing could be stored for it.
  const { rows } = await pool.query<{ id: string }>("select id from project where id = any($1)", [
    asked.map(({ project_id }) => project_id),
  ]);
  return rows.map(({ id }) => id);
}

interface Served {
  readonly manifest: Manifest;
  readonly source: "project" | "product";
}

/** The project's champions; what may not serve is stood in for by what comes with the product. */
async function findServed(pool: pg.Pool, projectId: string, shipped: readonly Manifest[]): Promise<Served[]> {
  const champions = await listProjectChampions(pool, projectId);
  const served: Served[] = [];
  for (const name of modelNames) {
    const row = champions.find((each) => each.name === name);
    const own = row === undefined ? undefined : await usable(() => readProjectModel(pool, row));
    const product = shipped.find((manifest) => manifest.name === name);
    if (own !== undefined) served.push({ manifest: own, source: "project" });
    else if (product !== undefined) served.push({ manifest: product, source: "product" });
  }
  return served;
}

/** Undefined where serving refuses it; why, the log of serving says. */
async function usable(read: () => ReturnType<typeof readProjectModel>): Promise<Manifest | undefined> {
  try {
    const stored = await read();
    loadModel(stored);
    return stored.manifest;
  } catch (error) {
    if (error instanceof ModelRefused) return undefined;
    throw error;
  }
}

async function store(
  pool: pg.Pool,
  projectId: string,
  { manifest, source }: Served,
  drift: LearnedDrift,
): Promise<void> {
  const moved = drift.features.filter(({ level }) => level === "much").map(({ feature }) => feature);
  await pool.query(
    `insert into model_drift (project_id, name, version, source, reference_count, recent_count, score_psi, moved_features)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (project_id, name) do update
     set version = excluded.version, source = excluded.source, reference_count = excluded.reference_count,
         recent_count = excluded.recent_count, score_psi = excluded.score_psi,
         moved_features = excluded.moved_features, looked_at = now()`,
    [
      ...[projectId, manifest.name, manifest.version, source, drift.referenceCount, drift.recentCount],
      ...[drift.score?.psi ?? null, moved.slice(0, movedMax)],
    ],
  );
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
