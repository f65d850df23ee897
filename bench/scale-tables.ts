/** The tables of `docs/scale.md`, from what was measured and what follows from it. */
import { assumptions, type Costs, type Plan } from "./scale-plan.ts";

export interface Scale {
  readonly callers: number;
  readonly seconds: number;
  readonly events: number;
  readonly history: number;
}

const count = (value: number) => Math.round(value).toLocaleString("en-US");
const milliseconds = (seconds: number) => (seconds * 1_000).toFixed(2);
const microseconds = (seconds: number) => count(seconds * 1e6);

function cores(value: number): string {
  return value < 0.1 ? "< 0.1" : value < 10 ? value.toFixed(1) : count(value);
}

function size(bytes: number): string {
  for (const [unit, factor] of [
    ["PB", 1e15],
    ["TB", 1e12],
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= factor) return `${(bytes / factor).toPrecision(3).replace(/^(\d+)\.0+$/, "$1")} ${unit}`;
  }
  return `${Math.round(bytes)} B`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

export function scaleTables(costs: Costs, plans: readonly Plan[], scale: Scale): string {
  return [
    `${scale.callers} callers, ${scale.seconds} s a kind of call; ${count(scale.events)} events through the relay; ${count(scale.history)} events of two years in ClickHouse. Processor time of one core, bytes as stored.`,
    "**What one call costs**",
    table(
      ["call", "API, ms of CPU", "PostgreSQL, ms of CPU", "write-ahead log", "kept in PostgreSQL"],
      Object.entries(costs.calls).map(([name, cost]) => [
        name,
        milliseconds(cost.api),
        milliseconds(cost.postgres),
        size(cost.walBytes),
        size(cost.databaseBytes),
      ]),
    ),
    "**What one event costs on its way to the marts**",
    table(
      [
        "relay, µs of CPU",
        "PostgreSQL, µs",
        "ClickHouse insert and merge, µs",
        "in the outbox",
        "in ClickHouse, compressed",
      ],
      [
        [
          microseconds(costs.relay),
          microseconds(costs.postgresOfRelay),
          microseconds(costs.clickhouseInsert),
          size(costs.outboxBytes),
          size(costs.clickhouseBytes),
        ],
      ],
    ),
    "**What that makes of redemptions a second**",
    planTable(plans),
  ].join("\n\n");
}

function planTable(plans: readonly Plan[]): string {
  const row = (name: string, value: (plan: Plan) => string) => [name, ...plans.map(value)];
  return table(
    ["at the peak", ...plans.map((plan) => `${count(plan.redemptionsPerSecond)}/s`)],
    [
      row("events a second", (plan) => count(plan.eventsPerSecond)),
      row("API, cores = processes", (plan) => cores(plan.apiCores)),
      row("PostgreSQL, cores", (plan) => cores(plan.postgresCores)),
      row("PostgreSQL, write-ahead log a second", (plan) => size(plan.walBytesPerSecond)),
      row(`PostgreSQL instances (by project, of ${assumptions.coresOfPostgres} cores)`, (plan) =>
        count(plan.postgresInstances),
      ),
      row("relay, cores (one an instance)", (plan) => cores(plan.relayCores)),
      row("ClickHouse, cores for inserts", (plan) => cores(plan.clickhouseCores)),
      row(`ClickHouse shards (× ${assumptions.replicas} replicas)`, (plan) => count(plan.shards)),
      row("events a year", (plan) => `${Number((plan.eventsPerYear / 1e9).toPrecision(3)).toLocaleString("en-US")} bn`),
      row("rows in a month's partition of a shard", (plan) => count(plan.rowsPerPartition)),
      row("ClickHouse a year, one copy", (plan) => size(plan.clickhouseBytesPerYear)),
      row("PostgreSQL a year", (plan) => size(plan.postgresBytesPerYear)),
      row(`outbox of ${assumptions.outboxDays} days`, (plan) => size(plan.outboxBytes)),
      row("first to be full", (plan) => plan.bottleneck),
    ],
  );
}
