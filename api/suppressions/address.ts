/** How an address is written, so that two spellings of one are one; and the hash that suppressions are found by. */
import { createHmac } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";

/**
 * Undefined: it is none. An e-mail address in small letters: whose server tells big letters from small ones is rare, and
 * somebody who unsubscribed with one spelling means both. A phone number in E.164: + and 7 to 15 digits.
 */
export function canonicalAddress(form: "email" | "phone", text: string): string | undefined {
  if (form === "email") {
    const address = text.trim().toLowerCase();
    return emailPattern.test(address) && address.length <= 254 ? address : undefined;
  }
  // As people write them: blanks, dots, dashes and brackets say nothing. 00 is no country's own prefix everywhere.
  const number = text.replaceAll(/[\s().-]/g, "");
  return e164Pattern.test(number) ? number : undefined;
}

/** No line ends, no list, no comment, no quoted part: nothing that could end up as a header or as a second recipient. */
const emailPattern =
  /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]{1,252}\.[^\s@<>()[\]\\,;:"\p{Cc}.]{2,63}$/u;
/** ITU-T E.164: a country's code does not begin with 0. */
const e164Pattern = /^\+[1-9]\d{6,14}$/;

/** The key is made by a migration, and never changes. */
export async function addressHash(db: Kysely<DB>, projectId: string, kind: string, address: string): Promise<Buffer> {
  const { value } = await db
    .selectFrom("server_secret")
    .select("value")
    .where("name", "=", "suppression_hash")
    .executeTakeFirstOrThrow();
  return createHmac("sha256", value).update(`${projectId}\0${kind}\0${address}`, "utf8").digest();
}
