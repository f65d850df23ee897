/** What the schedule starts for one project: trains, promotes what is better, and stores what became of it. */
import { createPool } from "../api/db/kysely.ts";
import { createWarehouse, databaseOf } from "../warehouse/client.ts";
import { modelNames } from "./registry/manifest.ts";
import { registryDirectory } from "./registry/store.ts";
import { projectTarget } from "./registry/target.ts";
import { loadRuntime } from "./runtime.ts";
import { countRedemptions, train } from "./train.ts";
import { recordTraining } from "./training/record.ts";

/** One for all: what a schedule trains can be trained again. */
const seed = 7;

async function main(): Promise<void> {
  const [projectId] = process.argv.slice(2);
  const { DATABASE_URL: databaseUrl, CLICKHOUSE_URL: clickhouseUrl } = process.env;
  if (projectId === undefined || databaseUrl === undefined || clickhouseUrl === undefined) {
    throw new Error("a project, DATABASE_URL and CLICKHOUSE_URL are needed");
  }
  const warehouse = createWarehouse({
    url: clickhouseUrl,
    database: databaseOf(clickhouseUrl),
    requestTimeoutMs: 600_000,
  });
  const pool = createPool({ connectionString: databaseUrl, max: 2, applicationName: "tessera-retrain" });
  try {
    const redemptions = await countRedemptions(warehouse, projectId);
    const runtime = await loadRuntime();
    const registry = projectTarget(pool, projectId, registryDirectory);
    for (const name of modelNames) {
      const about = { projectId, name };
      try {
        // One by one: what keeps a model from being trained does not keep the others.
        const [result] = await train({
          ...{ runtime, warehouse, projectId, names: [name], seed, registry, promote: "better" },
          say: () => undefined,
        });
        if (result === undefined) continue;
        const { outcome } = result;
        const trained = outcome !== "too_little_data";
        const version = trained ? result.manifest.version : null;
        const detail = trained ? result.verdict.reason : result.reason;
        await recordTraining(pool, { ...about, outcome, version, detail, redemptions });
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        process.stderr.write(`${name}: ${detail}\n`);
        process.exitCode = 1;
        await recordTraining(pool, { ...about, outcome: "failed", version: null, detail, redemptions: null });
      }
    }
  } finally {
    await Promise.all([warehouse.close(), pool.end()]);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
