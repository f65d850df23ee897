/** What every handler finds in its context. */
import type { Deps } from "../deps.ts";

export const scopes = ["checkout", "manage", "analytics", "review", "import", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** Who asks: set by `requireScope`. */
export interface Auth {
  readonly projectId: string;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** Publishable keys live in browsers: they learn less, see `api.md` "Keys and projects". */
  readonly kind: "secret" | "publishable";
}

export interface KnownKey {
  readonly auth: Auth;
  readonly allowedOrigins: readonly string[];
  /** Epoch milliseconds; null: does not expire. */
  readonly expiresAt: number | null;
}

/** Answers who a key belongs to; made by `createKeyRing`. */
export interface KeyRing {
  /** Undefined: unknown, expired or revoked; the caller must not learn which. */
  find(key: string, now: number): Promise<KnownKey | undefined>;
  /** Whether any live publishable key allows the origin: a preflight carries no key. */
  allowsOrigin(origin: string): Promise<boolean>;
  /** After a key was changed: the next request reads it again. */
  forget(keyId: string): void;
}

export interface AppEnv {
  Variables: {
    deps: Deps;
    keyRing: KeyRing;
    requestId: string;
    /** Only on routes behind `requireScope`. */
    auth: Auth;
    /** The parsed JSON body as it was sent; only where there was one. */
    json: unknown;
  };
}
