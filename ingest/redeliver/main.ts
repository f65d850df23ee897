/**
 * `npm run redeliver -- --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z`: sends what the service wrote down in
 * that time to ClickHouse once more; see docs/ingest.md.
 *
 * Exit code 0: all of the range was sent; 1: some rows could not be, or the outbox does not reach back so far; 2: it
 * could not be done.
 */
import { parseArgs } from "node:util";
import { parseConfig } from "../../api/config.ts";
import { createPool } from "../../api/db/kysely.ts";
import { resolveStores } from "../../api/instance.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { withSession } from "../session.ts";
import { redeliver } from "./redeliver.ts";

const failuresShown = 20;
const progressEveryMs = 2_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function instantOf(name: string, text: string | undefined): Date {
  const at = new Date(text ?? "");
  if (text === undefined || !/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(at.getTime())) {
    throw new Error(`--${name} must be an instant such as 2026-11-20T00:00:00Z`);
  }
  return at;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { from: { type: "string" }, to: { type: "string" } } });
  const range = { from: instantOf("from", values.from), to: instantOf("to", values.to) };
  if (range.from >= range.to) throw new Error("--from must be before --to");
  const stores = resolveStores(parseConfig(process.env));
  const pool = createPool({ connectionString: stores.databaseUrl, max: 1, applicationName: "tessera-redeliver" });
  const warehouse = createWarehouse({ url: stores.clickhouseUrl, database: databaseOf(stores.clickhouseUrl) });
  try {
    return await withSession(pool, async (client) => {
      // Looks at each row of the outbox, of which there may be a week.
      await client.query("set statement_timeout = '10min'");
      let said = Date.now();
      const done = await redeliver(client, warehouse, range, (sent) => {
        if (Date.now() - said < progressEveryMs) return;
        said = Date.now();
        print(`${sent} events sent`);
      });
      print(`${done.sent} events sent, ${done.failed.length} could not be.`);
      for (const { event, error } of done.failed.slice(0, failuresShown)) {
        print(`  ${event.event_id}  ${event.type}: ${error}`);
      }
      if (done.deadLetters > 0) {
        print(`${done.deadLetters} dead letters of that time were left alone: npm run dead-letters -- retry --all`);
      }
      if (done.incompleteBefore !== undefined) {
        print(
          `The range begins before the outbox does: what was written down before ${done.incompleteBefore.toISOString()} may be gone from it, and was not sent. A backup may have it.`,
        );
      }
      return done.failed.length > 0 || done.incompleteBefore !== undefined ? 1 : 0;
    });
  } finally {
    await Promise.all([pool.end(), warehouse.close()]);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`cannot send again: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
