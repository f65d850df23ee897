/** The SQL of the audit log. It is written by triggers: `013_audit_log.sql`. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { DB } from "../db/tables.ts";

export interface AuditFilter {
  readonly subjectType?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly actor?: string | undefined;
  /** A person, whichever of their keys it was. */
  readonly member?: string | undefined;
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export type AuditRow = Selectable<DB["audit_log"]> & { readonly member_id: string | null };

function selectEntries(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("audit_log as a")
    .leftJoin("api_key as k", (join) => join.onRef("k.id", "=", "a.actor").onRef("k.project_id", "=", "a.project_id"))
    .selectAll("a")
    .select("k.member_id")
    .where("a.project_id", "=", projectId);
}

export function findAuditEntry(db: Kysely<DB>, projectId: string, id: string): Promise<AuditRow | undefined> {
  return selectEntries(db, projectId).where("a.id", "=", id).executeTakeFirst();
}

/** Newest first. `before` is the id of the last row of the page before. Ids sort by time: see `audit_id`. */
export function selectAuditLog(
  db: Kysely<DB>,
  projectId: string,
  filter: AuditFilter,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<AuditRow[]> {
  return selectEntries(db, projectId)
    .$if(filter.subjectType !== undefined, (q) => q.where("a.subject_type", "=", filter.subjectType as string))
    .$if(filter.subjectId !== undefined, (q) => q.where("a.subject_id", "=", filter.subjectId as string))
    .$if(filter.actor !== undefined, (q) => q.where("a.actor", "=", filter.actor as string))
    .$if(filter.member !== undefined, (q) =>
      q.where("a.actor", "in", (eb) =>
        eb
          .selectFrom("api_key")
          .select("id")
          .where("project_id", "=", projectId)
          .where("member_id", "=", filter.member as string),
      ),
    )
    .$if(filter.from !== undefined, (q) => q.where("a.id", ">=", sql<string>`audit_id(${filter.from}::timestamptz)`))
    .$if(filter.to !== undefined, (q) => q.where("a.id", "<", sql<string>`audit_id(${filter.to}::timestamptz)`))
    .$if(page.before !== undefined, (q) => q.where("a.id", "<", page.before as string))
    .orderBy("a.id", "desc")
    .limit(page.limit)
    .execute();
}
