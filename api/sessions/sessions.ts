/** Who is signed in: the cookie says which key, the database whether that key still counts. */
import { createHmac } from "node:crypto";
import type { Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";
import { type Scope, scopes } from "../http/environment.ts";
import { openSession, type Session, sealSession, sessionSeconds } from "./cookie.ts";
import { sessionSecret } from "./secret.ts";

/** How long a revoked key may go on being read as live: a page load asks many times within a second. */
const keyCacheMs = 2_000;

export interface SignedIn {
  readonly projectId: string;
  readonly projectName: string;
  readonly keyId: string;
  /** The key's name, as reviewers know each other. */
  readonly keyName: string | null;
  readonly scopes: readonly Scope[];
}

/** What the database says of a key that counts. */
type KnownKey = Pick<SignedIn, "projectName" | "keyName" | "scopes">;

export interface Sessions {
  /** The cookie's value for a new session of this key. */
  start(key: { readonly projectId: string; readonly keyId: string }): Promise<string>;
  /** Undefined: not signed in, expired, forged, or the key was revoked, has expired or lost its scope. */
  find(cookie: string | undefined): Promise<SignedIn | undefined>;
  /**
   * Goes into every form of a page as a hidden field: another site can neither read nor guess it, and it is good for this
   * session alone.
   */
  formToken(cookie: string): Promise<string>;
}

export function createSessions(db: Kysely<DB>): Sessions {
  let secret: Promise<Buffer> | undefined;
  const keys = new LRUCache<string, { readonly key: KnownKey | undefined }>({ max: 1_000, ttl: keyCacheMs });

  const readSecret = () => {
    secret ??= sessionSecret(db).catch((error: unknown) => {
      secret = undefined;
      throw error;
    });
    return secret;
  };

  async function keyOf(session: Session): Promise<KnownKey | undefined> {
    const known = keys.get(session.keyId);
    if (known) return known.key;
    const key = await readKey(db, session);
    keys.set(session.keyId, { key });
    return key;
  }

  return {
    async start({ projectId, keyId }) {
      const expiresAt = Math.floor(Date.now() / 1000) + sessionSeconds;
      return sealSession(await readSecret(), { projectId, keyId, expiresAt });
    },
    async find(cookie) {
      if (!cookie) return undefined;
      const session = openSession(await readSecret(), cookie, Date.now());
      if (!session) return undefined;
      const key = await keyOf(session);
      return key && { projectId: session.projectId, keyId: session.keyId, ...key };
    },
    async formToken(cookie) {
      return createHmac("sha256", await readSecret())
        .update(`form:${cookie}`)
        .digest("base64url");
    },
  };
}

/** The key when it is live, secret and may do anything at all: each page asks for the scope that it needs. */
async function readKey(db: Kysely<DB>, session: Session): Promise<KnownKey | undefined> {
  const row = await db
    .selectFrom("api_key")
    .innerJoin("project", "project.id", "api_key.project_id")
    .select(["project.name as project_name", "api_key.name as key_name", "api_key.scopes"])
    .where("api_key.project_id", "=", session.projectId)
    .where("api_key.id", "=", session.keyId)
    .where("api_key.kind", "=", "secret")
    .where("api_key.revoked_at", "is", null)
    .where((eb) => eb.or([eb("api_key.expires_at", "is", null), eb("api_key.expires_at", ">", eb.fn<Date>("now", []))]))
    .executeTakeFirst();
  const held = scopes.filter((scope) => row?.scopes.includes(scope));
  if (!row || held.length === 0) return undefined;
  return { projectName: row.project_name, keyName: row.key_name, scopes: held };
}
