/** Links by which a customer takes consent back. They hold for ever, and say nothing about a person: ids and a signature. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

export interface Subscription {
  readonly projectId: string;
  readonly customerId: string;
  /** A kind of channel: what `consent` names. */
  readonly kind: string;
}

const signatureBytes = 18;
const tokenLengthMax = 300;

export async function signSubscription(db: Kysely<DB>, { projectId, customerId, kind }: Subscription): Promise<string> {
  const content = `${projectId}.${customerId}.${kind}`;
  return `${content}.${await signatureOf(db, content)}`;
}

/** Undefined when it is not one of ours. */
export async function readSubscription(db: Kysely<DB>, token: string): Promise<Subscription | undefined> {
  const parts = token.length > tokenLengthMax ? [] : token.split(".");
  const [projectId, customerId, kind, signature] = parts;
  if (parts.length !== 4 || !projectId || !customerId || !kind || !signature) return undefined;
  // As texts: bytes would let through other spellings of the same signature.
  const given = Buffer.from(signature);
  const expected = Buffer.from(await signatureOf(db, `${projectId}.${customerId}.${kind}`));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return { projectId, customerId, kind };
}

/** The key is made by a migration: all processes have the same. */
async function signatureOf(db: Kysely<DB>, content: string): Promise<string> {
  const { value } = await db
    .selectFrom("server_secret")
    .select("value")
    .where("name", "=", "unsubscribe_link")
    .executeTakeFirstOrThrow();
  return createHmac("sha256", value).update(content, "utf8").digest().subarray(0, signatureBytes).toString("base64url");
}
