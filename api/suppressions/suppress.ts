import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { addressHash } from "./address.ts";

export type SuppressionReason = DB["suppression"]["reason"];

/** Nothing is sent there any more. The first reason stays. @returns whether it is new. */
export async function suppress(
  tx: Kysely<DB>,
  projectId: string,
  given: { readonly kind: string; readonly address: string; readonly reason: SuppressionReason },
  at: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("suppression")
    .values({
      project_id: projectId,
      kind: given.kind,
      address_hash: await addressHash(tx, projectId, given.kind, given.address),
      id: newId("sup"),
      address: given.address,
      reason: given.reason,
      created_at: at,
    })
    .onConflict((conflict) => conflict.columns(["project_id", "kind", "address_hash"]).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function isSuppressed(db: Kysely<DB>, projectId: string, kind: string, address: string): Promise<boolean> {
  const found = await db
    .selectFrom("suppression")
    .select("id")
    .where("project_id", "=", projectId)
    .where("kind", "=", kind)
    .where("address_hash", "=", await addressHash(db, projectId, kind, address))
    .executeTakeFirst();
  return found !== undefined;
}
