/** How often a customer may be written to, by one workflow and by all of a project together. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Settings } from "./definition.ts";

const dayMs = 86_400_000;

export interface Cap {
  readonly deliveries_max: number;
  readonly days: number;
}

/** Undefined: as often as workflows like. */
export async function readProjectCap(db: Kysely<DB>, projectId: string): Promise<Cap | undefined> {
  const row = await db
    .selectFrom("workflow_settings")
    .select(["deliveries_max", "days"])
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row === undefined || row.deliveries_max === null || row.days === null
    ? undefined
    : { deliveries_max: row.deliveries_max, days: row.days };
}

/** @param cap null takes it away. */
export async function writeProjectCap(tx: Kysely<DB>, projectId: string, cap: Cap | null, at: Date): Promise<void> {
  const settings = { deliveries_max: cap?.deliveries_max ?? null, days: cap?.days ?? null, updated_at: at };
  await tx
    .insertInto("workflow_settings")
    .values({ project_id: projectId, ...settings })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet(settings))
    .execute();
}

/** Which cap is reached, if one is. */
export async function cappedBy(
  db: Kysely<DB>,
  asked: {
    readonly projectId: string;
    readonly workflowId: string;
    readonly customerId: string;
    readonly cap: Settings["cap"];
  },
  at: Date,
): Promise<"frequency_cap" | "project_frequency_cap" | null> {
  const own = asked.cap;
  const ofAll = await readProjectCap(db, asked.projectId);
  if (own === undefined && ofAll === undefined) return null;
  const since = (cap: Cap | undefined) => new Date(at.getTime() - (cap?.days ?? 0) * dayMs);
  const { rows } = await sql<{ own: number; all: number }>`
    select count(*) filter (where r.workflow_id = ${asked.workflowId} and e.at > ${since(own)}::timestamptz) as own,
           count(*) filter (where e.at > ${since(ofAll)}::timestamptz) as all
    from workflow_run_entry e
    join workflow_run r on r.project_id = e.project_id and r.id = e.run_id
    where e.project_id = ${asked.projectId} and e.customer_id = ${asked.customerId}
      and e.kind = 'deliver' and e.outcome = 'done'
      and e.at > least(${since(own)}::timestamptz, ${since(ofAll)}::timestamptz)`.execute(db);
  const counts = rows[0] ?? { own: 0, all: 0 };
  if (own !== undefined && counts.own >= own.deliveries_max) return "frequency_cap";
  return ofAll !== undefined && counts.all >= ofAll.deliveries_max ? "project_frequency_cap" : null;
}

/** Two runs that write to one customer at once count each other: the second waits for the first. */
export async function lockCaps(tx: Kysely<DB>, projectId: string, customerId: string): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${`workflow cap ${projectId} ${customerId}`}, 0))`.execute(tx);
}
