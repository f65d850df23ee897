/** The SQL of the audit log. It is written by triggers: `013_audit_log.sql`. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { DB } from "../db/tables.ts";

export interface AuditFilter {
  readonly subjectType?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly actor?: string | undefined;
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export type AuditRow = Selectable<DB["audit_log"]>;

/** Newest first. `before` is the id of the last row of the page before. Ids sort by time: see `audit_id`. */
export function listAuditLog(
  db: Kysely<DB>,
  projectId: string,
  filter: AuditFilter,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<AuditRow[]> {
  return db
    .selectFrom("audit_log")
    .selectAll()
    .where("project_id", "=", projectId)
    .$if(filter.subjectType !== undefined, (q) => q.where("subject_type", "=", filter.subjectType as string))
    .$if(filter.subjectId !== undefined, (q) => q.where("subject_id", "=", filter.subjectId as string))
    .$if(filter.actor !== undefined, (q) => q.where("actor", "=", filter.actor as string))
    .$if(filter.from !== undefined, (q) => q.where("id", ">=", sql<string>`audit_id(${filter.from}::timestamptz)`))
    .$if(filter.to !== undefined, (q) => q.where("id", "<", sql<string>`audit_id(${filter.to}::timestamptz)`))
    .$if(page.before !== undefined, (q) => q.where("id", "<", page.before as string))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
}
