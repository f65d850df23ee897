/**
 * `npm run dead-letters -- list [--type <type>] [--limit 50]`, `-- show <event_id>`,
 * `-- retry <event_id> | --type <type> | --all`: events that could not be delivered; see docs/ingest.md.
 *
 * Exit code 0: shown, or all delivered; 1: some could not be delivered, or there is no such event; 2: it could not be
 * done.
 */
import { parseArgs } from "node:util";
import type pg from "pg";
import { parseConfig } from "../../api/config.ts";
import { createPool } from "../../api/db/kysely.ts";
import { resolveStores } from "../../api/instance.ts";
import { createWarehouse, databaseOf } from "../../warehouse/client.ts";
import { withSession } from "../session.ts";
import { countByType, listDeadLetters, readEvents } from "./queries.ts";
import { type Retried, retryDeadLetters } from "./retry.ts";

const failuresShown = 20;
const usage = `Usage:
  npm run dead-letters -- list [--type <type>] [--limit 50]
  npm run dead-letters -- show <event_id>
  npm run dead-letters -- retry <event_id> | --type <type> | --all
`;

class UsageError extends Error {}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function list(client: pg.ClientBase, type: string | undefined, limit: number): Promise<number> {
  const counts = await countByType(client);
  for (const { type: of, count, newest } of counts) print(`${of}: ${count}, the newest at ${newest.toISOString()}`);
  if (counts.length === 0) print("There are no dead letters.");
  for (const letter of await listDeadLetters(client, { type }, limit)) {
    print(`\n${letter.event_id}  ${letter.type}  ${letter.project_id}  ${letter.failed_at.toISOString()}`);
    print(`  ${letter.error}`);
  }
  return 0;
}

async function show(client: pg.ClientBase, eventId: string): Promise<number> {
  const letters = await listDeadLetters(client, { eventId }, 1);
  const [letter] = letters;
  if (letter === undefined) {
    print(`There is no dead letter ${eventId}.`);
    return 1;
  }
  const [event] = await readEvents(client, letters);
  print(JSON.stringify({ ...letter, event: event && { ...event, payload: JSON.parse(event.payload) } }, null, 2));
  return 0;
}

function report({ delivered, failed }: Retried): number {
  print(`${delivered} delivered, ${failed.length} failed again.`);
  for (const { event_id, type, error } of failed.slice(0, failuresShown)) print(`  ${event_id}  ${type}: ${error}`);
  if (failed.length > failuresShown) print(`  … and ${failed.length - failuresShown} more`);
  return failed.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      type: { type: "string" },
      all: { type: "boolean", default: false },
      limit: { type: "string", default: "50" },
    },
  });
  const [command, eventId] = positionals;
  const choices = [eventId, values.type, values.all || undefined].filter((choice) => choice !== undefined);
  const limit = Number(values.limit);
  const known =
    (command === "list" && eventId === undefined && Number.isInteger(limit) && limit > 0 && limit <= 10_000) ||
    (command === "show" && eventId !== undefined) ||
    (command === "retry" && choices.length === 1);
  if (!known || positionals.length > 2) throw new UsageError(usage);

  const stores = resolveStores(parseConfig(process.env));
  const pool = createPool({ connectionString: stores.databaseUrl, max: 1, applicationName: "tessera-dead-letters" });
  const warehouse = createWarehouse({ url: stores.clickhouseUrl, database: databaseOf(stores.clickhouseUrl) });
  try {
    return await withSession(pool, async (client) => {
      if (command === "list") return list(client, values.type, limit);
      if (command === "show") return show(client, eventId ?? "");
      const retried = await retryDeadLetters(client, warehouse, { eventId, type: values.type });
      if (eventId !== undefined && retried.delivered + retried.failed.length === 0) {
        print(`There is no dead letter ${eventId}.`);
        return 1;
      }
      return report(retried);
    });
  } finally {
    await Promise.all([pool.end(), warehouse.close()]);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(error instanceof UsageError ? text : `cannot do that: ${text}\n`);
  process.exitCode = 2;
}
