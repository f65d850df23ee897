/**
 * Which model serves which project. What comes with the product is read once; champions of projects are read from
 * Postgres, those promoted last before the first request, the others when a request asks for them. A request never
 * waits for that: until its champion is there, what comes with the product serves.
 */
import { LRUCache } from "lru-cache";
import type pg from "pg";
import type { Logger } from "pino";
import { type Loaded, loadModel } from "./loaded.ts";
import { type ModelName, modelNames } from "./registry/manifest.ts";
import { type ChampionRow, listChallengers, listChampions, readChange, readProjectModel } from "./registry/project.ts";
import { ModelRefused } from "./registry/refuse.ts";
import { readChampions, readModel } from "./registry/store.ts";

export type ServingLog = Pick<Logger, "info" | "warn" | "error">;

export interface Champion {
  readonly model: Loaded;
  readonly source: "project" | "product";
}

export interface Champions {
  find(projectId: string, name: ModelName): Champion | null;
  /** The newest challenger of the project; null while there is none, or it is on its way into memory. */
  findChallenger(projectId: string, name: ModelName): Champion | null;
  /** What serves where the project's own must not. */
  product(name: ModelName): Champion | null;
  /** Reads what has changed. Rejects when Postgres cannot be asked; what was known goes on serving. */
  refresh(): Promise<void>;
}

export interface ChampionsOptions {
  readonly log: ServingLog;
  readonly directory: string;
  readonly pool: pg.Pool | undefined;
}

/** Of the files of the models in memory; networks and trees take a few times that. */
const keptBytesMax = 128 * 1024 * 1024;
const keptMax = 200;
/** At a start, or of those that changed since the last look. */
const loadedFirstMax = 40;
/** At once: more projects than fit in memory must not keep Postgres busy with models. */
const loadingMax = 4;
/** Of all projects; a name and a version each. */
const listedMax = 100_000;

export async function openChampions({ log, directory, pool }: ChampionsOptions): Promise<Champions> {
  const shipped = new Map<ModelName, Champion>();
  for (const name of modelNames) {
    const model = await loadShipped(log, directory, name);
    if (model !== null) shipped.set(name, { model, source: "product" });
  }
  let listed = new Map<string, ChampionRow>();
  let challengers = new Map<string, ChampionRow>();
  let change: string | null = null;
  const kept = new LRUCache<string, Champion>({
    max: keptMax,
    maxSize: keptBytesMax,
    sizeCalculation: ({ model }) => Math.max(1, model.bytes),
  });
  const loading = new Set<string>();
  const refused = new Set<string>();

  async function load(db: pg.Pool, row: ChampionRow): Promise<void> {
    const key = versionKey(row);
    if (refused.has(key) || loading.has(key) || kept.has(key)) return;
    loading.add(key);
    const about = { project: row.projectId, model: row.name, version: row.version };
    try {
      kept.set(key, { model: loadModel(await readProjectModel(db, row)), source: "project" });
      log.info(about, "model loaded");
    } catch (error) {
      // Refused for good; a store that is away may answer the next time.
      if (error instanceof ModelRefused) refused.add(key);
      log.error({ ...about, err: error }, "a project's model was refused: it does not serve");
    } finally {
      loading.delete(key);
    }
  }

  async function refresh(): Promise<void> {
    if (pool === undefined) return;
    const now = await readChange(pool);
    if (now === change) return;
    const rows = await listChampions(pool, listedMax);
    const rivals = await listChallengers(pool, listedMax);
    const before = listed;
    for (const row of rows.filter((each) => isNew(before, each)).slice(0, loadedFirstMax)) await load(pool, row);
    // Only now: until its successor is there, the old champion serves.
    listed = byName(rows);
    challengers = byName(rivals);
    change = now;
    const current = new Set([...rows, ...rivals].map(versionKey));
    for (const keys of [refused, [...kept.keys()]]) {
      for (const key of keys) {
        if (current.has(key)) continue;
        refused.delete(key);
        kept.delete(key);
      }
    }
  }

  function loadedOf(row: ChampionRow | undefined): Champion | null {
    if (row === undefined || pool === undefined) return null;
    const key = versionKey(row);
    const found = kept.get(key);
    if (found === undefined && !refused.has(key) && loading.size < loadingMax) void load(pool, row);
    return found ?? null;
  }

  return {
    find: (projectId, name) => loadedOf(listed.get(nameKey(projectId, name))) ?? shipped.get(name) ?? null,
    findChallenger: (projectId, name) => loadedOf(challengers.get(nameKey(projectId, name))),
    product: (name) => shipped.get(name) ?? null,
    refresh,
  };
}

function byName(rows: readonly ChampionRow[]): Map<string, ChampionRow> {
  return new Map(rows.map((row) => [nameKey(row.projectId, row.name), row]));
}

function isNew(before: ReadonlyMap<string, ChampionRow>, row: ChampionRow): boolean {
  return before.get(nameKey(row.projectId, row.name))?.version !== row.version;
}

const nameKey = (projectId: string, name: ModelName) => `${projectId}/${name}`;
const versionKey = ({ projectId, name, version }: ChampionRow) => `${projectId}/${name}@${version}`;

/** What cannot be loaded is logged and absent. */
async function loadShipped(log: ServingLog, directory: string, name: ModelName): Promise<Loaded | null> {
  try {
    const version = (await readChampions(directory))[name];
    if (version === undefined) {
      log.info({ model: name }, "no champion: the fallback serves");
      return null;
    }
    const model = loadModel(await readModel(directory, name, version));
    log.info({ model: name, version }, "model loaded");
    return model;
  } catch (error) {
    log.error({ model: name, err: error }, "the champion was refused: the fallback serves");
    return null;
  }
}
