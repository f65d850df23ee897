import type { Insertable, Kysely, Updateable } from "kysely";
import type { DB } from "../db/tables.ts";
import type { TemplateRow } from "./find.ts";

function selectTemplates(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("template as t")
    .innerJoin("template_version as v", (join) =>
      join
        .onRef("v.project_id", "=", "t.project_id")
        .onRef("v.template_id", "=", "t.id")
        .onRef("v.version", "=", "t.version"),
    )
    .selectAll("t")
    .select("v.languages")
    .where("t.project_id", "=", projectId)
    .where("t.deleted_at", "is", null);
}

export type TemplateWithTexts = Awaited<ReturnType<typeof findWithTexts>> & object;

export function findWithTexts(db: Kysely<DB>, projectId: string, id: string) {
  return selectTemplates(db, projectId).where("t.id", "=", id).executeTakeFirst();
}

/** Newest first. */
export function listTemplates(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly limit: number; readonly before: string | undefined; readonly kind: string | undefined },
) {
  return selectTemplates(db, projectId)
    .$if(page.kind !== undefined, (q) => q.where("t.kind", "=", page.kind ?? ""))
    .$if(page.before !== undefined, (q) => q.where("t.id", "<", page.before ?? ""))
    .orderBy("t.id", "desc")
    .limit(page.limit)
    .execute();
}

/** Newest first. */
export function listVersions(
  db: Kysely<DB>,
  projectId: string,
  id: string,
  page: { readonly limit: number; readonly before: number | undefined },
) {
  return db
    .selectFrom("template_version")
    .select(["version", "languages", "created_at"])
    .where("project_id", "=", projectId)
    .where("template_id", "=", id)
    .$if(page.before !== undefined, (q) => q.where("version", "<", page.before ?? 0))
    .orderBy("version", "desc")
    .limit(page.limit)
    .execute();
}

export async function countTemplates(db: Kysely<DB>, projectId: string): Promise<number> {
  const { count } = await db
    .selectFrom("template")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Undefined when the name is taken. */
export function insertTemplate(tx: Kysely<DB>, row: Insertable<DB["template"]>): Promise<TemplateRow | undefined> {
  return tx
    .insertInto("template")
    .values(row)
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).where("deleted_at", "is", null).doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function insertVersion(tx: Kysely<DB>, row: Insertable<DB["template_version"]>): Promise<void> {
  await tx.insertInto("template_version").values(row).execute();
}

export function isNameTaken(tx: Kysely<DB>, projectId: string, name: string, exceptId: string) {
  return tx
    .selectFrom("template")
    .select("id")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .where("id", "<>", exceptId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** Two changes at once come one after the other. */
export function lockTemplate(tx: Kysely<DB>, projectId: string, id: string): Promise<TemplateRow | undefined> {
  return tx
    .selectFrom("template")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .forUpdate()
    .executeTakeFirst();
}

export async function updateTemplate(
  tx: Kysely<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["template"]>,
): Promise<void> {
  await tx.updateTable("template").set(change).where("project_id", "=", projectId).where("id", "=", id).execute();
}

export function findVoucherForPreview(db: Kysely<DB>, projectId: string, code: string) {
  return db
    .selectFrom("voucher as v")
    .innerJoin("campaign as c", (join) =>
      join.onRef("c.project_id", "=", "v.project_id").onRef("c.id", "=", "v.campaign_id"),
    )
    .select(["v.code", "v.kind", "v.expires_at", "v.balance_amount", "v.campaign_id"])
    .select(["c.name as campaign_name", "c.currency", "c.time_zone", "c.customer_information", "c.ends_at"])
    .where("v.project_id", "=", projectId)
    .where("v.code", "=", code)
    .executeTakeFirst();
}
