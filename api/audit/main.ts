/**
 * `npm run audit [-- --project <id>] [-- --json]`: recomputes every counter, and prints what was compared and what
 * differs. Exit code 0: everything adds up; 1: something does not; 2: it could not be looked at.
 */
import { parseArgs } from "node:util";
import { parseConfig } from "../config.ts";
import { createPool } from "../db/kysely.ts";
import { resolveStores } from "../instance.ts";
import { audit } from "./audit.ts";
import { report } from "./report.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { project: { type: "string" }, json: { type: "boolean", default: false } } });
  const { databaseUrl } = resolveStores(parseConfig(process.env));
  const pool = createPool({ connectionString: databaseUrl, max: 1, applicationName: "tessera-audit" });
  try {
    const results = await audit(pool, values.project ?? null);
    process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : report(results));
    return results.every((result) => result.differing === 0) ? 0 : 1;
  } finally {
    await pool.end();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`cannot audit: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
