/**
 * Says who looks at a page of the shop: made by the shop's backend, which knows, and shown by the browser, which could
 * say anything. Signed with HMAC-SHA-256 and good for a while; nothing is stored.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";

interface PopupToken {
  readonly projectId: string;
  readonly customerId: string;
  /** Seconds of the epoch; not good any more from then on. */
  readonly expiresAt: number;
}

const content = z.strictObject({ p: z.string(), c: z.string(), e: z.int() });
const secretName = "popup_token";

export interface PopupTokens {
  make(token: PopupToken): Promise<string>;
  /** Undefined: forged, of another project, or too old. One answer for all. */
  read(text: string, projectId: string, now: number): Promise<PopupToken | undefined>;
}

export function createPopupTokens(db: Kysely<DB>): PopupTokens {
  let secret: Promise<Buffer> | undefined;
  const sign = async (body: string) => {
    secret ??= readSecret(db).catch((error: unknown) => {
      secret = undefined;
      throw error;
    });
    return createHmac("sha256", await secret)
      .update(`popup ${body}`)
      .digest();
  };
  return {
    async make({ projectId, customerId, expiresAt }) {
      const body = Buffer.from(JSON.stringify({ p: projectId, c: customerId, e: expiresAt })).toString("base64url");
      return `${body}.${(await sign(body)).toString("base64url")}`;
    },
    async read(text, projectId, now) {
      const [body, signature, ...rest] = text.split(".");
      if (!body || !signature || rest.length > 0 || text.length > 1_000) return undefined;
      const expected = await sign(body);
      const given = Buffer.from(signature, "base64url");
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const { p, c, e } = content.parse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
      return p === projectId && e * 1_000 > now ? { projectId: p, customerId: c, expiresAt: e } : undefined;
    },
  };
}

/** The same for every process of this database. The first to need it makes it; whoever loses that race reads the winner's. */
async function readSecret(db: Kysely<DB>): Promise<Buffer> {
  await db
    .insertInto("server_secret")
    .values({ name: secretName, value: randomBytes(32) })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await db
    .selectFrom("server_secret")
    .select("value")
    .where("name", "=", secretName)
    .executeTakeFirstOrThrow();
  return row.value;
}
