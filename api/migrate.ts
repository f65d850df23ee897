/**
 * `npm run migrate`: brings the stores of the environment, else those of the running instance, to this version. With
 * TESSERA_API_KEY also makes the demo project, if it is not there, whose key then is this value: roles that run alone
 * make none, and without a first key nobody could ask for another.
 */
import { parseConfig } from "./config.ts";
import { createKysely, createPool } from "./db/kysely.ts";
import { ensureDemo } from "./demo.ts";
import { resolveStores } from "./instance.ts";
import { complain, say } from "./supervise/banner.ts";
import { explain } from "./supervise/command.ts";
import { migrateStores } from "./supervise/services.ts";

try {
  const config = parseConfig(process.env);
  const stores = resolveStores(config);
  const applied = await migrateStores(stores, config.clickhouseCluster);
  say(applied.length === 0 ? "Nothing to migrate." : `Applied ${applied.join(", ")}.`);
  if (config.apiKey !== undefined && (await makeDemo(stores.databaseUrl, config.apiKey))) {
    say('Made the project "demo"; its key is the value of TESSERA_API_KEY.');
  }
} catch (error) {
  complain(explain(error));
  process.exitCode = 1;
}

async function makeDemo(databaseUrl: string, apiKey: string): Promise<boolean> {
  const pool = createPool({ connectionString: databaseUrl, max: 1, applicationName: "tessera-migrate" });
  try {
    return (await ensureDemo(createKysely(pool), apiKey)) !== undefined;
  } finally {
    await pool.end();
  }
}
