/** What a project says of itself: its global holdout, and how long it keeps customers. */
import type { Kysely, Transaction } from "kysely";
import { appendEvents } from "../../ingest/outbox.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";

export interface ProjectSettings {
  readonly id: string;
  readonly name: string;
  readonly holdout_percent: number;
  readonly customers_inactive_days: number | null;
  readonly created_at: Date;
}

export function readSettings(db: Kysely<DB>, projectId: string): Promise<ProjectSettings> {
  return db
    .selectFrom("project")
    .select(["id", "name", "holdout_percent", "customers_inactive_days", "created_at"])
    .where("id", "=", projectId)
    .executeTakeFirstOrThrow();
}

/** The event tells the warehouse since when which customers have been left out. The same again announces nothing. */
export async function changeSettings(
  tx: Transaction<DB>,
  projectId: string,
  change: {
    readonly holdout_percent?: number | undefined;
    readonly customers_inactive_days?: number | null | undefined;
  },
  at: Date,
): Promise<ProjectSettings> {
  const { holdout_percent, customers_inactive_days } = change;
  if (customers_inactive_days !== undefined) {
    await tx.updateTable("project").set({ customers_inactive_days }).where("id", "=", projectId).execute();
  }
  const changed =
    holdout_percent !== undefined &&
    (await tx
      .updateTable("project")
      .set({ holdout_percent })
      .where("id", "=", projectId)
      .where("holdout_percent", "!=", holdout_percent)
      .returning("id")
      .executeTakeFirst());
  const settings = await readSettings(tx, projectId);
  if (changed) {
    const { id, name } = settings;
    await appendEvents(tx, [
      {
        event_id: newId("evt"),
        project_id: projectId,
        type: "project.updated",
        version: 1,
        occurred_at: at.toISOString(),
        payload: { project: { id, name, holdout_percent: settings.holdout_percent } },
      },
    ]);
  }
  return settings;
}
