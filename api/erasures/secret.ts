/** The key of the hashes by which an erasure is found again: without it nobody can try out identifiers. */
import { createHmac, randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

const name = "erasure_hash";

/** The first process to need it makes it; whoever loses that race reads the winner's. */
export async function hashOf(db: Kysely<DB>, projectId: string, identifier: string): Promise<Buffer> {
  await db
    .insertInto("server_secret")
    .values({ name, value: randomBytes(32) })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const { value } = await db
    .selectFrom("server_secret")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return createHmac("sha256", value).update(`${projectId}\0${identifier}`, "utf8").digest();
}
