/** The SQL of imports: the job, its staged rows, its errors. */
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";

export type ImportRow = Selectable<DB["voucher_import"]>;

export interface StagedRow {
  readonly line: number;
  readonly content: string | null;
  readonly fault: string | null;
}

export async function insertImport(
  db: Kysely<DB>,
  row: { readonly projectId: string; readonly id: string; readonly campaignId: string },
): Promise<void> {
  const at = new Date();
  await db
    .insertInto("voucher_import")
    .values({
      project_id: row.projectId,
      id: row.id,
      campaign_id: row.campaignId,
      status: "receiving",
      created_at: at,
      updated_at: at,
    })
    .execute();
}

/** Also says that the upload is alive. */
export async function stageRows(
  db: Kysely<DB>,
  projectId: string,
  importId: string,
  rows: readonly StagedRow[],
): Promise<void> {
  await sql`
    with alive as (
      update voucher_import set rows_read = rows_read + ${rows.length}::int, updated_at = clock_timestamp()
      where project_id = ${projectId} and id = ${importId} and status = 'receiving' returning id)
    insert into voucher_import_row (project_id, import_id, line, content, fault)
    select ${projectId}, alive.id, row.line, row.content, row.fault
    from alive, unnest(
      ${rows.map((row) => row.line)}::bigint[], ${rows.map((row) => row.content)}::text[],
      ${rows.map((row) => row.fault)}::text[]) as row (line, content, fault)
  `.execute(db);
}

/** Undefined when the upload was given up meanwhile. */
export function setReceived(tx: Transaction<DB>, projectId: string, id: string): Promise<ImportRow | undefined> {
  return tx
    .updateTable("voucher_import")
    .set({ status: "running", updated_at: sql`clock_timestamp()` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("status", "=", "receiving")
    .returningAll()
    .executeTakeFirst();
}
