/** The SQL of workflows, their versions and their runs, as the API shows them. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";

export type WorkflowRow = Selectable<DB["workflow"]>;

export function findWorkflow(db: Kysely<DB>, projectId: string, id: string): Promise<WorkflowRow | undefined> {
  return db
    .selectFrom("workflow")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Waits for steps that are being done: what they saw holds until then. */
export function lockWorkflow(tx: Transaction<DB>, projectId: string, id: string): Promise<WorkflowRow | undefined> {
  return tx
    .selectFrom("workflow")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Newest first; `before` is the id of the last one seen. */
export function listWorkflows(
  db: Kysely<DB>,
  projectId: string,
  page: {
    readonly before: string | undefined;
    readonly limit: number;
    readonly status: WorkflowRow["status"] | undefined;
  },
): Promise<WorkflowRow[]> {
  return db
    .selectFrom("workflow")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.status !== undefined, (query) => query.where("status", "=", page.status ?? "draft"))
    .$if(page.before !== undefined, (query) => query.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

const countedMax = 10_000;

/** Open and failed runs of each, counted so far. */
export async function countRuns(
  db: Kysely<DB>,
  projectId: string,
  ids: readonly string[],
): Promise<Map<string, { running: number; failed: number }>> {
  const { rows } = await sql<{ id: string; running: number; failed: number }>`
    select w.id,
      (select count(*) from (select from workflow_run r where r.project_id = ${projectId} and r.workflow_id = w.id
         and r.status = 'running' limit ${countedMax}) x) as running,
      (select count(*) from (select from workflow_run r where r.project_id = ${projectId} and r.workflow_id = w.id
         and r.status = 'failed' limit ${countedMax}) x) as failed
    from unnest(${[...ids]}::text[]) w(id)`.execute(db);
  return new Map(rows.map(({ id, running, failed }) => [id, { running, failed }]));
}

/** Those that are not archived. The project is locked, so that two cannot both take the last place. */
export async function countOpen(tx: Transaction<DB>, projectId: string): Promise<number> {
  await tx.selectFrom("project").select("id").where("id", "=", projectId).forNoKeyUpdate().execute();
  const { count } = await tx
    .selectFrom("workflow")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("status", "<>", "archived")
    .executeTakeFirstOrThrow();
  return count;
}

export function listVersions(
  db: Kysely<DB>,
  projectId: string,
  workflowId: string,
  page: { readonly before: number | undefined; readonly limit: number },
) {
  return db
    .selectFrom("workflow_version")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("workflow_id", "=", workflowId)
    .$if(page.before !== undefined, (query) => query.where("version", "<", page.before ?? 0))
    .orderBy("version", "desc")
    .limit(page.limit)
    .execute();
}

function selectRuns(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("workflow_run as r")
    .innerJoin("customer as c", (join) =>
      join.onRef("c.project_id", "=", "r.project_id").onRef("c.id", "=", "r.customer_id"),
    )
    .selectAll("r")
    .select("c.identifier")
    .where("r.project_id", "=", projectId);
}

export type ShownRun = Awaited<ReturnType<typeof listRuns>>[number];

export interface RunFilters {
  readonly workflowId: string;
  readonly customer: string | undefined;
  readonly status: Selectable<DB["workflow_run"]>["status"] | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Newest first; ids grow with time. */
export function listRuns(
  db: Kysely<DB>,
  projectId: string,
  { workflowId, customer, status, from, to }: RunFilters,
  page: { readonly before: string | undefined; readonly limit: number },
) {
  return selectRuns(db, projectId)
    .where("r.workflow_id", "=", workflowId)
    .$if(customer !== undefined, (query) => query.where("c.identifier", "=", customer ?? ""))
    .$if(status !== undefined, (query) => query.where("r.status", "=", status ?? "running"))
    .$if(from !== undefined, (query) => query.where("r.started_at", ">=", new Date(from ?? 0)))
    .$if(to !== undefined, (query) => query.where("r.started_at", "<", new Date(to ?? 0)))
    .$if(page.before !== undefined, (query) => query.where("r.id", "<", page.before ?? ""))
    .orderBy("r.id", "desc")
    .limit(page.limit)
    .execute();
}

export function findRun(db: Kysely<DB>, projectId: string, id: string): Promise<ShownRun | undefined> {
  return selectRuns(db, projectId).where("r.id", "=", id).executeTakeFirst();
}

export async function listEntries(db: Kysely<DB>, projectId: string, runId: string, limit: number) {
  const newest = await db
    .selectFrom("workflow_run_entry")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("run_id", "=", runId)
    .orderBy("entry", "desc")
    .limit(limit)
    .execute();
  return newest.reverse();
}

/** Names of what definitions refer to, by id. */
export async function readNames(
  db: Kysely<DB>,
  projectId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from campaign where project_id = ${projectId} and id = any(${[...ids]}::text[])
    union all select id, name from segment where project_id = ${projectId} and id = any(${[...ids]}::text[])
    union all select id, name from channel where project_id = ${projectId} and id = any(${[...ids]}::text[])
    union all select id, name from template where project_id = ${projectId} and id = any(${[...ids]}::text[])
  `.execute(db);
  return new Map(rows.map((row) => [row.id, row.name]));
}
