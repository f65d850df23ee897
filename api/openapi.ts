/** `npm run openapi` writes `openapi.json`; `npm run openapi:check` fails when it is not what the routes say. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { pino } from "pino";
import { Registry } from "prom-client";
import { loadModels } from "../models/serving.ts";
import { createApp } from "./app.ts";
import { createKysely, createPool } from "./db/kysely.ts";
import { openApiDocument } from "./docs/document.ts";
import { createSealer } from "./secrets/seal.ts";

const file = join(import.meta.dirname, "..", "openapi.json");

/** The routes only describe themselves here: pool and client connect to nothing before the first query. */
async function describedApp() {
  const log = pino({ level: "silent" });
  const pool = createPool({ connectionString: "postgres://localhost/unused", max: 1, applicationName: "openapi" });
  return createApp({
    db: createKysely(pool),
    pool,
    warehouse: createClient(),
    models: await loadModels({ log }),
    log,
    metrics: new Registry(),
    readiness: async () => ({}),
    dataDir: join(import.meta.dirname, "..", "data"),
    sealer: createSealer([Buffer.alloc(32)]),
    publicUrl: undefined,
  });
}

const expected = `${JSON.stringify(openApiDocument(await describedApp()), null, 2)}\n`;
if (process.argv.includes("--write")) {
  await writeFile(file, expected);
  process.stdout.write("openapi.json is written\n");
} else {
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== expected) {
    process.stderr.write("openapi.json is not what the routes say: run `npm run openapi` and commit it\n");
    process.exit(1);
  }
  process.stdout.write("openapi.json is up to date\n");
}
process.exit(0);
