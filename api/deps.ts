/** What the API needs from outside, built once in `main.ts` (or a test) and passed down. */
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type pg from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Models } from "../models/serving.ts";
import type { GuessLimits } from "./attempts/limits.ts";
import type { DB } from "./db/tables.ts";
import type { Outbound } from "./outbound/vet.ts";
import type { Sealer } from "./secrets/seal.ts";

export interface Deps {
  readonly db: Kysely<DB>;
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly models: Models;
  readonly log: Logger;
  readonly metrics: Registry;
  /** The parts that must work before requests are welcome, by name: postgres, clickhouse, migrations, relay. */
  readonly readiness: () => Promise<Readonly<Record<string, boolean>>>;
  /** Absolute; where the dashboards' build and other regenerable files live. */
  readonly dataDir: string;
  /** Aborted when the process is told to end: answers that have no end of their own end then. */
  readonly closing?: AbortSignal;
  /** Absent: the defaults. */
  readonly guessing?: GuessLimits;
  /** Seals and opens the credentials of channels. */
  readonly sealer: Sealer;
  /** Where this service is reached from outside, without a slash at its end; undefined: nobody said. */
  readonly publicUrl: string | undefined;
  /** What tenants may make us send to. Absent: public addresses alone. */
  readonly outbound?: Outbound;
}
