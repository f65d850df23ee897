/** The SQL of list exports. */
import { type Insertable, type Kysely, type Selectable, sql, type Transaction, type Updateable } from "kysely";
import type { DB } from "../db/tables.ts";

export type ExportRow = Selectable<DB["list_export"]>;

export function insertExport(tx: Transaction<DB>, row: Insertable<DB["list_export"]>): Promise<ExportRow> {
  return tx.insertInto("list_export").values(row).returningAll().executeTakeFirstOrThrow();
}

export function findExport(db: Kysely<DB>, projectId: string, id: string): Promise<ExportRow | undefined> {
  return db
    .selectFrom("list_export")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Newest first; `before` is the id of the last one seen. */
export function listExports(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<ExportRow[]> {
  return db
    .selectFrom("list_export")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(page.before !== undefined, (query) => query.where("id", "<", page.before ?? ""))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}

/** Not finished yet, and with a file; with the project's row locked, so that two requests count one after the other. */
export async function countExports(tx: Transaction<DB>, projectId: string): Promise<{ open: number; kept: number }> {
  await tx.selectFrom("project").select("id").where("id", "=", projectId).forUpdate().execute();
  const { rows } = await sql<{ open: number; kept: number }>`
    select count(*) filter (where status not in ('done', 'failed'))::int as open,
           count(*) filter (where bytes_count is not null and file_deleted_at is null)::int as kept
    from list_export where project_id = ${projectId}`.execute(tx);
  return rows[0] ?? { open: 0, kept: 0 };
}

export async function isCampaign(tx: Kysely<DB>, projectId: string, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom("campaign")
    .select("id")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Whether the list can be read whole. unknown: there is no such segment or job, or the segment is being deleted and loses
 * its members. forgotten: the job is long over. not_yet: whom the job is for is still being written down.
 */
type SourceState = "whole" | "not_yet" | "forgotten" | "unknown";

export async function stateOfSource(
  db: Kysely<DB>,
  projectId: string,
  from: { readonly segment_id: string | null; readonly publication_job_id: string | null },
): Promise<SourceState> {
  const { rows } = await sql<{ state: SourceState }>`
    select 'whole' as state from segment
    where project_id = ${projectId} and id = ${from.segment_id} and deleting_at is null
    union all
    select case
        when members_forgotten_at is not null then 'forgotten'
        when status = 'receiving' or status in ('running', 'paused') and segment_cursor is not null then 'not_yet'
        else 'whole' end
    from publication_job where project_id = ${projectId} and id = ${from.publication_job_id}`.execute(db);
  return rows[0]?.state ?? "unknown";
}

/** The one that waited longest; of a process that died too. Of a project one at a time. */
export async function claimExport(db: Kysely<DB>, leaseMs: number, now: Date): Promise<ExportRow | undefined> {
  const { rows } = await sql<ExportRow>`
    update list_export e
    set leased_until = ${new Date(now.getTime() + leaseMs)}, tries = e.tries + 1, updated_at = ${now}
    where (e.project_id, e.id) = (
      select d.project_id, d.id from list_export d
      where d.status in ('queued', 'writing', 'sending') and d.due_at <= ${now}
        and (d.leased_until is null or d.leased_until <= ${now})
        and not exists (
          select from list_export o
          where o.project_id = d.project_id and o.id <> d.id and o.status in ('writing', 'sending')
            and o.leased_until > ${now})
      order by d.due_at, d.id limit 1 for update skip locked)
    returning *`.execute(db);
  return rows[0];
}

/** Somebody lost their name after the export `e` was ordered, or is about to: the file may still say it. */
export const isErasedSince = sql<boolean>`exists (
  select from erasure p where p.project_id = e.project_id and (p.renamed_at is null or p.renamed_at >= e.created_at))`;

export async function hasErasedSince(
  db: Kysely<DB>,
  { project_id, id }: Pick<ExportRow, "project_id" | "id">,
): Promise<boolean> {
  const { rows } = await sql<{ is: boolean }>`
    select ${isErasedSince} as is from list_export e where e.project_id = ${project_id} and e.id = ${id}`.execute(db);
  return rows[0]?.is ?? false;
}

export async function updateExport(
  db: Kysely<DB>,
  { project_id, id }: Pick<ExportRow, "project_id" | "id">,
  set: Updateable<DB["list_export"]>,
): Promise<void> {
  await db.updateTable("list_export").set(set).where("project_id", "=", project_id).where("id", "=", id).execute();
}

export interface ListedCustomer {
  readonly key: string;
  readonly identifier: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly birthday: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly entered_at: Date | null;
  readonly code: string | null;
  readonly code_expires_at: Date | null;
}

/**
 * In the order of the customers' ids; who leaves or comes meanwhile is in it or not, and nobody is in it twice. What
 * stays of somebody who was erased is nobody.
 */
export async function readPage(
  db: Kysely<DB>,
  row: ExportRow,
  after: string,
  limit: number,
): Promise<readonly ListedCustomer[]> {
  const { project_id: projectId, segment_id, publication_job_id, campaign_id, consent } = row;
  const members =
    segment_id === null
      ? sql`select customer_id, null::timestamptz as entered_at from publication_job_member
            where project_id = ${projectId} and job_id = ${publication_job_id} and customer_id > ${after}`
      : sql`select customer_id, entered_at from segment_member
            where project_id = ${projectId} and segment_id = ${segment_id} and customer_id > ${after}`;
  const { rows } = await sql<ListedCustomer>`
    select m.customer_id as key, c.identifier, c.name, c.email, c.phone, c.birthday::text as birthday, c.attributes,
           m.entered_at, p.code, p.expires_at as code_expires_at
    from (${members}) m
    join customer c on c.project_id = ${projectId} and c.id = m.customer_id
    left join lateral (
      select v.code, v.expires_at
      from publication b join voucher v on v.project_id = b.project_id and v.id = b.voucher_id
      where b.project_id = ${projectId} and b.customer_id = m.customer_id and b.status <> 'failed'
        and (${publication_job_id}::text is null or b.job_id = ${publication_job_id})
        and (${campaign_id}::text is null or b.campaign_id = ${campaign_id})
        and (${publication_job_id}::text is not null or ${campaign_id}::text is not null)
      order by b.published_at desc, b.id desc limit 1
    ) p on true
    where (${consent}::text is null or c.consent -> ${consent}::text = 'true'::jsonb)
      and c.id <> all(array(select unnest(e.customer_ids) from erasure e where e.project_id = ${projectId}))
    order by m.customer_id limit ${limit}`.execute(db);
  return rows;
}
