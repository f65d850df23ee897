/** The key that hashes what a shop says of devices, cards and addresses: without it nobody can try them out. */
import { createHmac, randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

export const secretName = "signal_hash";

/** A project's own: the same card is another subject in another project. */
export type SignalKey = Buffer;

/** By the connection pool that they were read through: one server has one. */
const secrets = new WeakMap<Kysely<DB>, Promise<Buffer>>();

export async function signalKey(db: Kysely<DB>, projectId: string): Promise<SignalKey> {
  let secret = secrets.get(db);
  if (secret === undefined) {
    secret = readSecret(db);
    secrets.set(db, secret);
    // A store that was away is asked again.
    secret.catch(() => secrets.delete(db));
  }
  return projectKey(await secret, projectId);
}

export function projectKey(secret: Buffer, projectId: string): SignalKey {
  return createHmac("sha256", secret).update(projectId, "utf8").digest();
}

/** The first process to need it makes it; whoever loses that race reads the winner's. */
async function readSecret(db: Kysely<DB>): Promise<Buffer> {
  const find = () => db.selectFrom("server_secret").select("value").where("name", "=", secretName).executeTakeFirst();
  const known = await find();
  if (known !== undefined) return known.value;
  await db
    .insertInto("server_secret")
    .values({ name: secretName, value: randomBytes(32) })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const made = await find();
  if (made === undefined) throw new Error("the key of signals was made and is gone");
  return made.value;
}
