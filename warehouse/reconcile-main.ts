/**
 * `npm run reconcile`: prints what was compared and every drift. Exit code 0: both stores agree; 1: they drift; 2: they
 * could not be compared.
 */
import { parseConfig } from "../api/config.ts";
import { createPool } from "../api/db/kysely.ts";
import { resolveStores } from "../api/instance.ts";
import { compareStores } from "../ingest/reconciliation/compare.ts";
import { withSession } from "../ingest/session.ts";
import { createWarehouse, databaseOf } from "./client.ts";
import type { Figures, Reconciliation } from "./reconcile.ts";

/** More would fill the screen; the rest is counted. */
const driftsShown = 50;

async function main(): Promise<number> {
  const stores = resolveStores(parseConfig(process.env));
  const pool = createPool({
    connectionString: stores.databaseUrl,
    max: 2,
    applicationName: "tessera-reconcile",
  });
  const warehouse = createWarehouse({
    url: stores.clickhouseUrl,
    database: databaseOf(stores.clickhouseUrl),
    requestTimeoutMs: 300_000,
  });
  try {
    const result = await withSession(pool, (client) => compareStores(client, { warehouse }));
    process.stdout.write(report(result));
    return result.drifts.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([pool.end(), warehouse.close()]);
  }
}

function report(result: Reconciliation): string {
  const lines = table(
    ["compared", "sum of", "groups", "count", "drift"],
    result.checks.map((check) => [
      check.check,
      check.sum ?? "",
      String(check.groups),
      String(check.count),
      check.drifts === 0 ? "none" : String(check.drifts),
    ]),
  );
  if (result.drifts.length > 0) {
    lines.push(
      "",
      ...table(
        ["drift in", "project", "of", "day", "postgres", "warehouse"],
        result.drifts
          .slice(0, driftsShown)
          .map((drift) => [
            drift.check,
            drift.projectId,
            drift.key,
            drift.day,
            figures(drift.postgres),
            figures(drift.warehouse),
          ]),
      ),
    );
    if (result.drifts.length > driftsShown) lines.push(`… and ${result.drifts.length - driftsShown} more`);
  }
  if (result.deadLetters > 0) lines.push("", `${result.deadLetters} events lie in dead_letter, with their errors.`);
  const verdict = result.drifts.length === 0 ? "no drift" : `${result.drifts.length} groups drift`;
  return `${[...lines, "", `${result.compared} groups compared: ${verdict}.`].join("\n")}\n`;
}

function figures({ count, amount }: Figures): string {
  return amount === "0" ? count : `${count} / ${amount}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)];
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`cannot compare: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
