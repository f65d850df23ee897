/** What the worker and the appliers of each kind tell each other. */
import type pg from "pg";
import type { RowError } from "./rows.ts";

export interface ImportTask {
  readonly projectId: string;
  readonly id: string;
  readonly kind: "customers" | "orders" | "events" | "redemptions";
  readonly status: "receiving" | "running" | "failed";
  readonly keyId: string;
  readonly lineDone: number;
  readonly rowsDone: number;
}

export interface Chunk {
  readonly client: pg.PoolClient;
  readonly projectId: string;
  readonly importId: string;
  /** The database's clock when the chunk began. */
  readonly now: Date;
}

export interface Applied {
  readonly imported: number;
  /** Rows that say what was known already. */
  readonly unchanged: number;
  readonly errors: readonly RowError[];
  /** Rows from this line on are left to the next chunk. */
  readonly upTo?: number;
}

/** Somebody else came first: the chunk is undone, and done again at once. */
export class Outrun extends Error {}
