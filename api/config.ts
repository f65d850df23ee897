/** Configuration: the environment, parsed once in a main file and passed down. */
import { resolve } from "node:path";
import { z } from "zod";
import { type AlertOptions, defaultAlerts } from "./alerts/watch.ts";
import { defaultGuessLimits, type GuessLimits } from "./attempts/limits.ts";
import { defaultKept, type Kept } from "./deliveries/forget.ts";
import { parseNetworks } from "./outbound/networks.ts";
import type { Outbound } from "./outbound/vet.ts";
import { parseSecretKeys } from "./secrets/open-keys.ts";
import { runsDaysDefault, runsDaysMin } from "./workflows/forget.ts";

const days = z.coerce.number().int().min(1).max(3_650);
const guesses = z.coerce.number().int().min(1).max(1_000_000_000);

const networks = z.string().transform((text, context) => {
  try {
    return parseNetworks(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "must be networks" });
    return z.NEVER;
  }
});

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().min(1).default("127.0.0.1"),
  TESSERA_DATA_DIR: z.string().min(1).default("./data"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  TESSERA_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{20,200}$/, "must be 20 to 200 printable characters without blanks")
    .optional(),
  TESSERA_CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a cluster")
    .optional(),
  TESSERA_ANALYSTS_PORT: z.coerce.number().int().min(0).max(65535).default(0),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  TESSERA_DASHBOARDS: z.enum(["build", "off"]).default("build"),
  TESSERA_ALERT_LAG_SECONDS: z.coerce.number().int().min(1).max(86_400).default(defaultAlerts.lagSeconds),
  TESSERA_ALERT_WEBHOOK: z.url({ protocol: /^https?$/ }).optional(),
  TESSERA_RETRAIN_HOURS: z.coerce.number().int().min(0).max(10_000).default(24),
  TESSERA_GUESSES_PER_CUSTOMER: guesses.default(defaultGuessLimits.perCustomer),
  TESSERA_GUESSES_PER_IP: guesses.default(defaultGuessLimits.perIp),
  TESSERA_GUESSES_PER_KEY: guesses.default(defaultGuessLimits.perKey),
  TESSERA_GUESSES_WINDOW_SECONDS: z.coerce.number().int().min(1).max(86_400).default(defaultGuessLimits.windowSeconds),
  TESSERA_CLIENT_ADDRESS_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, "must be the name of a header")
    .optional(),
  TESSERA_SECRETS_KEY: z
    .string()
    .transform((text, context) => {
      try {
        return parseSecretKeys(text);
      } catch (error) {
        context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "is no key" });
        return z.NEVER;
      }
    })
    .default([]),
  TESSERA_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .transform((text) => text.replace(/\/+$/, ""))
    .optional(),
  TESSERA_OUTBOUND_ALLOW: networks.default([]),
  TESSERA_DELIVERIES_DAYS: days.default(defaultKept.deliveriesDays),
  TESSERA_EVENT_DELIVERIES_DAYS: days.default(defaultKept.eventDeliveriesDays),
  TESSERA_WORKFLOW_RUNS_DAYS: days.min(runsDaysMin).default(runsDaysDefault),
});

export interface Config {
  /** Seal the credentials of channels: the first seals, each opens what it sealed. Empty: of a file in the data directory. */
  readonly secretKeys: readonly Buffer[];
  /** Where this service is reached from outside, without a slash at its end; undefined: nobody said. */
  readonly publicUrl: string | undefined;
  /** 0 asks the system for a free port. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Undefined: the embedded ClickHouse. */
  readonly clickhouseUrl: string | undefined;
  /** The demo project's key at the first start; undefined: one is made and printed once. */
  readonly apiKey: string | undefined;
  /** The cluster that the warehouse is spread over, as ClickHouse's configuration names it; undefined: one server. */
  readonly clickhouseCluster: string | undefined;
  /** Where analysts reach the embedded ClickHouse. 0 asks the system for a free port. */
  readonly analystsPort: number;
  readonly logLevel: string;
  /** "off" serves a page that says so and never installs or builds. */
  readonly dashboards: "build" | "off";
  readonly guessing: GuessLimits;
  readonly alerts: AlertOptions;
  /** Least hours between two trainings of a project's models; 0: they are trained by hand only. */
  readonly retrainHours: number;
  /** Which networks tenants may make us send to, beside the public ones. */
  readonly outbound: Outbound;
  /** How long the log of what was sent is kept. */
  readonly kept: Kept;
  /** How long runs of workflows that ended are kept. */
  readonly workflowRunsDays: number;
}

export class ConfigError extends Error {}

/** @throws ConfigError naming each variable that is wrong; never its value. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const e = parsed.data;
  return {
    port: e.PORT,
    host: e.HOST,
    dataDir: resolve(e.TESSERA_DATA_DIR),
    databaseUrl: e.DATABASE_URL,
    clickhouseUrl: e.CLICKHOUSE_URL,
    apiKey: e.TESSERA_API_KEY,
    clickhouseCluster: e.TESSERA_CLICKHOUSE_CLUSTER,
    analystsPort: e.TESSERA_ANALYSTS_PORT,
    logLevel: e.LOG_LEVEL,
    dashboards: e.TESSERA_DASHBOARDS,
    alerts: { lagSeconds: e.TESSERA_ALERT_LAG_SECONDS, webhook: e.TESSERA_ALERT_WEBHOOK },
    retrainHours: e.TESSERA_RETRAIN_HOURS,
    outbound: { allow: e.TESSERA_OUTBOUND_ALLOW },
    kept: { deliveriesDays: e.TESSERA_DELIVERIES_DAYS, eventDeliveriesDays: e.TESSERA_EVENT_DELIVERIES_DAYS },
    workflowRunsDays: e.TESSERA_WORKFLOW_RUNS_DAYS,
    secretKeys: e.TESSERA_SECRETS_KEY,
    publicUrl: e.TESSERA_PUBLIC_URL,
    guessing: {
      perCustomer: e.TESSERA_GUESSES_PER_CUSTOMER,
      perIp: e.TESSERA_GUESSES_PER_IP,
      perKey: e.TESSERA_GUESSES_PER_KEY,
      windowSeconds: e.TESSERA_GUESSES_WINDOW_SECONDS,
      addressHeader: e.TESSERA_CLIENT_ADDRESS_HEADER,
    },
  };
}
