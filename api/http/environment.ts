/** What every handler finds in its context. */
import type { Deps } from "../deps.ts";
import type { KeyRing } from "../keys/key-ring.ts";

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
