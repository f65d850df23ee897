/** Who a key belongs to, remembered for a few seconds so that the hot path asks Postgres rarely. */
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";
import { type KeyRing, type KnownKey, type Scope, scopes } from "../http/environment.ts";

/** How long another process may go on accepting a revoked key. In this process `forget` ends it at once. */
const ttlMs = 5_000;

export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

export function createKeyRing(db: Kysely<DB>): KeyRing {
  const known = new LRUCache<string, KnownKey>({ max: 10_000, ttl: ttlMs });
  const origins = new LRUCache<string, boolean>({ max: 1_000, ttl: ttlMs });
  /** Reads under way: a burst with a key that is not remembered asks once. */
  const pending = new Map<string, Promise<KnownKey | undefined>>();
  // A read that began before a revocation must not put the old row back: its generation tells.
  let generation = 0;

  async function load(digest: Buffer): Promise<KnownKey | undefined> {
    const row = await db
      .selectFrom("api_key")
      .select(["id", "project_id", "kind", "scopes", "allowed_origins", "expires_at"])
      .where("key_hash", "=", digest)
      .where("revoked_at", "is", null)
      .executeTakeFirst();
    if (!row) return undefined;
    const granted = scopes.filter((scope: Scope) => row.scopes.includes(scope));
    return {
      auth: { projectId: row.project_id, keyId: row.id, scopes: granted, kind: row.kind },
      allowedOrigins: row.allowed_origins,
      expiresAt: row.expires_at?.getTime() ?? null,
    };
  }

  function read(cacheKey: string, digest: Buffer): Promise<KnownKey | undefined> {
    const before = generation;
    const underWay = pending.get(cacheKey);
    if (underWay) return underWay;
    const reading = load(digest)
      .then((found) => {
        if (found && before === generation) known.set(cacheKey, found);
        return found;
      })
      .finally(() => {
        if (pending.get(cacheKey) === reading) pending.delete(cacheKey);
      });
    pending.set(cacheKey, reading);
    return reading;
  }

  return {
    async find(key, now) {
      const digest = hashKey(key);
      const cacheKey = digest.toString("base64");
      const found = known.get(cacheKey) ?? (await read(cacheKey, digest));
      if (found?.expiresAt != null && found.expiresAt <= now) return undefined;
      return found;
    },
    async allowsOrigin(origin) {
      const cached = origins.get(origin);
      if (cached !== undefined) return cached;
      const row = await db
        .selectFrom("api_key")
        .select("id")
        .where("kind", "=", "publishable")
        .where("revoked_at", "is", null)
        .where((eb) => eb(eb.val(origin), "=", eb.fn.any("allowed_origins")))
        .limit(1)
        .executeTakeFirst();
      origins.set(origin, row !== undefined);
      return row !== undefined;
    },
    forget(keyId) {
      generation += 1;
      pending.clear();
      for (const [cacheKey, entry] of known.entries()) if (entry.auth.keyId === keyId) known.delete(cacheKey);
      origins.clear();
    },
  };
}
