/** The SQL of imports: the job, its staged rows, its errors. Imports of vouchers are jobs of their own, listed here too. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { StagedRow } from "./rows.ts";

export type ImportJob = Selectable<DB["import_job"]>;

export async function insertImport(
  db: Kysely<DB>,
  job: Pick<ImportJob, "project_id" | "id" | "kind" | "format" | "key_id">,
): Promise<void> {
  const at = new Date();
  await db
    .insertInto("import_job")
    .values({ ...job, status: "receiving", created_at: at, updated_at: at })
    .execute();
}

/** Also says that the upload is alive; rows of one that was given up go nowhere. */
export async function stageRows(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  rows: readonly StagedRow[],
): Promise<void> {
  await sql`
    with alive as (
      update import_job set rows_read = rows_read + ${rows.length}::int, updated_at = clock_timestamp()
      where project_id = ${projectId} and id = ${id} and status = 'receiving' returning id)
    insert into import_row (project_id, import_id, line, content, fault, item_lines)
    select ${projectId}, alive.id, row.line, row.content, row.fault, row.item_lines::bigint[]
    from alive, unnest(
      ${rows.map((row) => row.line)}::bigint[], ${rows.map((row) => row.content)}::text[],
      ${rows.map((row) => row.fault)}::text[],
      ${rows.map(({ item_lines }) => (item_lines === null ? null : `{${item_lines.join(",")}}`))}::text[])
      as row (line, content, fault, item_lines)
  `.execute(db);
}

/** Undefined when the upload was given up meanwhile. */
export function setReceived(tx: Transaction<DB>, projectId: string, id: string): Promise<ImportJob | undefined> {
  return tx
    .updateTable("import_job")
    .set({ status: "running", updated_at: sql`clock_timestamp()` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("status", "=", "receiving")
    .returningAll()
    .executeTakeFirst();
}

export interface AnyImport {
  readonly id: string;
  readonly kind: ImportJob["kind"] | "vouchers";
  readonly campaign_id: string | null;
  readonly format: ImportJob["format"] | null;
  readonly status: ImportJob["status"];
  readonly rows_read: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly error: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const allImports = sql`
  select project_id, id, kind, null as campaign_id, format, status, rows_read, imported, unchanged, failed, error,
         created_at, updated_at
  from import_job
  union all
  select project_id, id, 'vouchers', campaign_id, null, status, rows_read, imported, 0, failed, error, created_at,
         updated_at
  from voucher_import`;

export async function findImport(db: Kysely<DB>, projectId: string, id: string): Promise<AnyImport | undefined> {
  const { rows } = await sql<AnyImport>`
    select * from (${allImports}) i where i.project_id = ${projectId} and i.id = ${id}`.execute(db);
  return rows[0];
}

/** Newest first; `before` is the last id seen. */
export async function listImports(
  db: Kysely<DB>,
  projectId: string,
  before: string | undefined,
  limit: number,
): Promise<readonly AnyImport[]> {
  const { rows } = await sql<AnyImport>`
    select * from (${allImports}) i
    where i.project_id = ${projectId} and (${before ?? null}::text is null or i.id < ${before ?? null})
    order by i.id desc limit ${limit + 1}`.execute(db);
  return rows;
}

/** By line. */
export async function listErrors(db: Kysely<DB>, projectId: string, id: string, afterLine: number, limit: number) {
  const { rows } = await sql<{ line: number; field: string; reason: string }>`
    select line, field, reason from (
      select * from import_error union all select * from voucher_import_error) e
    where e.project_id = ${projectId} and e.import_id = ${id} and e.line > ${afterLine}
    order by e.line limit ${limit}`.execute(db);
  return rows;
}
