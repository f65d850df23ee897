/** Models of projects, in Postgres: every process sees them, and a backup holds them. */
import type pg from "pg";
import { type Manifest, type ModelFiles, type ModelName, manifestSchema, modelNames } from "./manifest.ts";
import { ModelRefused, modelBytesMax, readManifest, type StoredModel, verifyFiles } from "./refuse.ts";

type Client = Pick<pg.ClientBase, "query">;

/** Of one model of a project. The champion, those before it and the newest challengers stay longest. */
const versionsMax = 20;

export interface ChampionRow {
  readonly projectId: string;
  readonly name: ModelName;
  readonly version: string;
}

/** Another text whenever a champion changes or a challenger comes. */
export async function readChange(client: Client): Promise<string> {
  const { rows } = await client.query<{ change: string }>("select version::text as change from model_change");
  return rows[0]?.change ?? "";
}

/** Those promoted last come first. */
export async function listChampions(client: Client, most: number): Promise<ChampionRow[]> {
  const { rows } = await client.query<{ project_id: string; name: ModelName; version: string }>(
    `select project_id, name, version from model_version
     where status = 'champion' and name = any($1) order by promoted_at desc, project_id, name limit $2`,
    [[...modelNames], most],
  );
  return rows.map(({ project_id, name, version }) => ({ projectId: project_id, name, version }));
}

export async function listProjectChampions(client: Client, projectId: string): Promise<ChampionRow[]> {
  const { rows } = await client.query<{ name: ModelName; version: string }>(
    "select name, version from model_version where project_id = $1 and status = 'champion' and name = any($2)",
    [projectId, [...modelNames]],
  );
  return rows.map(({ name, version }) => ({ projectId, name, version }));
}

/** Of each project and model the newest that was never promoted. */
export async function listChallengers(client: Client, most: number): Promise<ChampionRow[]> {
  const { rows } = await client.query<{ project_id: string; name: ModelName; version: string }>(
    `select distinct on (project_id, name) project_id, name, version from model_version
     where status = 'challenger' and name = any($1)
     order by project_id, name, created_at desc, version limit $2`,
    [[...modelNames], most],
  );
  return rows.map(({ project_id, name, version }) => ({ projectId: project_id, name, version }));
}

/** @throws ModelRefused when it is not there, or not what its manifest describes. */
export async function readProjectModel(
  client: Client,
  { projectId, name, version }: ChampionRow,
): Promise<StoredModel> {
  const found = await client.query<{ manifest: unknown }>(
    "select manifest from model_version where project_id = $1 and name = $2 and version = $3",
    [projectId, name, version],
  );
  if (found.rows[0] === undefined) throw new ModelRefused("there is no such version");
  const manifest = readManifest(found.rows[0].manifest, name, version);
  const { rows } = await client.query<{ path: string; bytes: Buffer }>(
    "select path, bytes from model_file where project_id = $1 and name = $2 and version = $3",
    [projectId, name, version],
  );
  const files = Object.fromEntries(rows.map(({ path, bytes }) => [path, new Uint8Array(bytes)]));
  verifyFiles(manifest, files);
  return { manifest, files };
}

/** The same version again changes nothing. @throws RangeError when it is larger than can be served. */
export async function writeProjectModel(
  pool: pg.Pool,
  projectId: string,
  manifest: Manifest,
  files: ModelFiles,
  reason: string,
): Promise<void> {
  const size = Object.values(files).reduce((sum, bytes) => sum + bytes.byteLength, 0);
  if (size > modelBytesMax) throw new RangeError(`the model has ${size} bytes; ${modelBytesMax} are the most`);
  const document = JSON.stringify(manifestSchema.parse(manifest));
  const { name, version } = manifest;
  await inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `insert into model_version (project_id, name, version, manifest, reason) values ($1, $2, $3, $4, $5)
       on conflict do nothing`,
      [projectId, name, version, document, reason],
    );
    if (rowCount === 0) return;
    for (const [path, bytes] of Object.entries(files)) {
      await client.query(
        "insert into model_file (project_id, name, version, path, bytes) values ($1, $2, $3, $4, $5)",
        [projectId, name, version, path, Buffer.from(bytes)],
      );
    }
    await client.query(
      `delete from model_version where project_id = $1 and name = $2 and status <> 'champion' and version in (
         select version from model_version where project_id = $1 and name = $2
         order by status = 'champion' desc, greatest(created_at, promoted_at) desc offset $3)`,
      [projectId, name, versionsMax],
    );
  });
}

/** @returns "champion" when it is one already. */
export async function promoteProjectModel(
  client: Client,
  { projectId, name, version }: ChampionRow,
  reason: string,
): Promise<"promoted" | "champion" | "missing"> {
  const { rows } = await client.query<{ outcome: "promoted" | "champion" | "missing" }>(
    "select promote_model($1, $2, $3, $4) as outcome",
    [projectId, name, version, reason],
  );
  return rows[0]?.outcome ?? "missing";
}

async function inTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await work(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
