/** Many customers at once, by how the shop knows them. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Customer } from "./facts.ts";

export const customerKey = (projectId: string, identifier: string) => `${projectId}\0${identifier}`;

export async function readCustomers(
  tx: Kysely<DB>,
  asked: readonly { readonly projectId: string; readonly identifier: string | null }[],
): Promise<Map<string, Customer>> {
  const keys = asked.filter((key) => key.identifier !== null);
  const rows = await tx
    .selectFrom("customer")
    .selectAll()
    .where(
      sql<boolean>`(project_id, identifier) in (select * from unnest(
        ${keys.map((key) => key.projectId)}::text[], ${keys.map((key) => key.identifier)}::text[]))`,
    )
    .execute();
  return new Map(rows.map((row) => [customerKey(row.project_id, row.identifier), row]));
}
