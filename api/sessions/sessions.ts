/** Who is signed in: the cookie says which key, the database whether that key still counts. */
import type { Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";
import { openSession, type Session, sealSession, sessionSeconds } from "./cookie.ts";
import { sessionSecret } from "./secret.ts";

/** What a key must be allowed to see before it can open the dashboards. */
export const sessionScope = "analytics";

/** How long a revoked key may go on being read as live: a page load asks many times within a second. */
const keyCacheMs = 2_000;

interface SignedIn {
  readonly projectId: string;
  readonly projectName: string;
  readonly keyId: string;
}

export interface Sessions {
  /** The cookie's value for a new session of this key. */
  start(key: { readonly projectId: string; readonly keyId: string }): Promise<string>;
  /** Undefined: not signed in, expired, forged, or the key was revoked, has expired or lost its scope. */
  find(cookie: string | undefined): Promise<SignedIn | undefined>;
}

export function createSessions(db: Kysely<DB>): Sessions {
  let secret: Promise<Buffer> | undefined;
  const keys = new LRUCache<string, { readonly projectName: string | undefined }>({ max: 1_000, ttl: keyCacheMs });

  const readSecret = () => {
    secret ??= sessionSecret(db).catch((error: unknown) => {
      secret = undefined;
      throw error;
    });
    return secret;
  };

  async function projectNameOf(session: Session): Promise<string | undefined> {
    const known = keys.get(session.keyId);
    if (known) return known.projectName;
    const row = await readKey(db, session);
    keys.set(session.keyId, { projectName: row?.name });
    return row?.name;
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
      const projectName = await projectNameOf(session);
      return projectName === undefined
        ? undefined
        : { projectId: session.projectId, projectName, keyId: session.keyId };
    },
  };
}

/** The project's name when the key is live, secret and may read reports. */
function readKey(db: Kysely<DB>, session: Session) {
  return db
    .selectFrom("api_key")
    .innerJoin("project", "project.id", "api_key.project_id")
    .select("project.name")
    .where("api_key.project_id", "=", session.projectId)
    .where("api_key.id", "=", session.keyId)
    .where("api_key.kind", "=", "secret")
    .where("api_key.revoked_at", "is", null)
    .where((eb) => eb.or([eb("api_key.expires_at", "is", null), eb("api_key.expires_at", ">", eb.fn<Date>("now", []))]))
    .where((eb) => eb(eb.val(sessionScope), "=", eb.fn.any("api_key.scopes")))
    .executeTakeFirst();
}
