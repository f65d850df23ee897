/** The SQL of the registry of models, as the API uses it. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { ModelName } from "../../models/registry/manifest.ts";
import type { DB } from "../db/tables.ts";

export type VersionRow = Selectable<DB["model_version"]>;
export type TrainingRow = Selectable<DB["model_training"]>;

/** Newest first; the registry keeps a few dozen of a project. */
export function listVersions(db: Kysely<DB>, projectId: string): Promise<VersionRow[]> {
  return db
    .selectFrom("model_version")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("created_at", "desc")
    .orderBy("version")
    .limit(100)
    .execute();
}

export function listTrainings(db: Kysely<DB>, projectId: string): Promise<TrainingRow[]> {
  return db.selectFrom("model_training").selectAll().where("project_id", "=", projectId).execute();
}

export interface VersionKey {
  readonly projectId: string;
  readonly name: ModelName;
  readonly version: string;
}

/** @returns "champion" when it is one already. */
export async function promote(
  tx: Transaction<DB>,
  { projectId, name, version }: VersionKey,
  reason: string,
): Promise<"promoted" | "champion" | "missing"> {
  const { rows } = await sql<{ outcome: "promoted" | "champion" | "missing" }>`
    select promote_model(${projectId}, ${name}, ${version}, ${reason}) as outcome`.execute(tx);
  return rows[0]?.outcome ?? "missing";
}

export async function rollBack(
  tx: Transaction<DB>,
  { projectId, name, version }: VersionKey,
  reason: string,
): Promise<"rolled_back" | "not_champion" | "missing"> {
  const { rows } = await sql<{ outcome: "rolled_back" | "not_champion" | "missing" }>`
    select roll_back_model(${projectId}, ${name}, ${version}, ${reason}) as outcome`.execute(tx);
  return rows[0]?.outcome ?? "missing";
}

export async function findChampion(
  db: Kysely<DB>,
  { projectId, name }: Pick<VersionKey, "projectId" | "name">,
): Promise<string | null> {
  const row = await db
    .selectFrom("model_version")
    .select("version")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .where("status", "=", "champion")
    .executeTakeFirst();
  return row?.version ?? null;
}

/** Undefined when there is no such version; checked by who reads it. */
export async function findManifest(db: Kysely<DB>, { projectId, name, version }: VersionKey): Promise<unknown> {
  const row = await db
    .selectFrom("model_version")
    .select("manifest")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .where("version", "=", version)
    .executeTakeFirst();
  return row?.manifest;
}
