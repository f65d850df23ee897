/**
 * `npm run erasure:verify -- --project <id>`: searches both stores for the texts that stand on its input, one a line
 * (identifier, e-mail address, phone number, name). They come that way, as arguments would be seen by everybody on the
 * machine. Exit code 0: found nowhere; 1: found; 2: it could not be looked.
 */
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { parseConfig } from "../config.ts";
import { createPool } from "../db/kysely.ts";
import { resolveStores } from "../instance.ts";
import { type Searched, searchStores } from "./verify.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { project: { type: "string" } } });
  if (values.project === undefined) throw new Error("--project <id> is missing");
  const texts = (await text(process.stdin)).split("\n").map((line) => line.trim());
  const { databaseUrl, clickhouseUrl } = resolveStores(parseConfig(process.env));
  const pool = createPool({ connectionString: databaseUrl, max: 1, applicationName: "tessera-erasure-verify" });
  const warehouse = createWarehouse({
    url: clickhouseUrl,
    database: databaseOf(clickhouseUrl),
    requestTimeoutMs: 600_000,
  });
  try {
    const searched = await searchStores(
      { pool, warehouse },
      values.project,
      texts.filter((line) => line !== ""),
    );
    process.stdout.write(report(searched));
    return searched.some(({ hits }) => hits > 0) ? 1 : 0;
  } finally {
    await Promise.all([pool.end(), warehouse.close()]);
  }
}

function report(searched: readonly Searched[]): string {
  const lines = searched.map(
    ({ store, table, columns, hits }) => `${store}.${table}: ${columns} columns, hits=${hits}`,
  );
  const hits = searched.reduce((sum, one) => sum + one.hits, 0);
  return `${lines.join("\n")}\n${searched.length} tables searched, hits=${hits}\n`;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`cannot verify: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
