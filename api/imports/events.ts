/** Applies a chunk of custom events in a few statements, whatever its size. */
import { createHash } from "node:crypto";
import { appendEvents } from "../../ingest/outbox.ts";
import { customEvent } from "../events/record.ts";
import type { EventReport } from "../events/schemas.ts";
import { canonicalJson } from "../http/idempotency.ts";
import { kyselyOn } from "../vouchers/kysely-on.ts";
import { type Applied, type Chunk, Outrun } from "./chunk.ts";
import { ensureCustomers } from "./customers-of.ts";
import { happenedAt, type ReadRow, type RowError } from "./rows.ts";

interface Reported {
  readonly line: number;
  readonly id: string;
  readonly report: EventReport;
  readonly at: Date;
}

export async function applyEvents(chunk: Chunk, rows: readonly ReadRow<"events">[]): Promise<Applied> {
  const { reported, errors } = readAll(rows, chunk.now);
  if (reported.length === 0) return { imported: 0, unchanged: 0, errors };
  const known = await findKnown(chunk, reported);
  const made: Reported[] = [];
  let unchanged = 0;
  for (const one of reported) {
    const before = known.get(one.id);
    if (before === undefined) {
      known.set(one.id, { name: one.report.name, customer: one.report.customer.identifier });
      made.push(one);
    } else if (before.name === one.report.name && before.customer === one.report.customer.identifier) {
      unchanged += 1;
    } else {
      errors.push({
        line: one.line,
        field: "id",
        reason: "There is an event with this id and another name or customer.",
      });
    }
  }
  await insertEvents(chunk, made);
  return { imported: made.length, unchanged, errors };
}

function readAll(rows: readonly ReadRow<"events">[], now: Date): { reported: Reported[]; errors: RowError[] } {
  const reported: Reported[] = [];
  const errors: RowError[] = [];
  for (const { line, row } of rows) {
    const at = happenedAt(line, row.occurred_at, now);
    if (!(at instanceof Date)) errors.push(at);
    else if (row.id === undefined && row.occurred_at === undefined) {
      errors.push({ line, field: "id", reason: "Give an id, or say when it happened: the file may be sent twice." });
    } else reported.push({ line, id: row.id ?? contentId(row, at), report: row, at });
  }
  return { reported, errors };
}

/** The same event in the same file, or in another, has the same id. */
function contentId({ name, customer, properties }: EventReport, at: Date): string {
  const content = canonicalJson([name, customer.identifier, at.toISOString(), properties]);
  return `content-${createHash("sha256").update(content).digest("hex").slice(0, 40)}`;
}

async function findKnown({ client, projectId }: Chunk, reported: readonly Reported[]) {
  const { rows } = await client.query<{ id: string; name: string; customer: string }>(
    `select e.id, e.name, c.identifier as customer
     from custom_event e join customer c on c.project_id = e.project_id and c.id = e.customer_id
     where e.project_id = $1 and e.id = any($2::text[])`,
    [projectId, reported.map(({ id }) => id)],
  );
  return new Map<string, { name: string; customer: string }>(rows.map((row) => [row.id, row]));
}

async function insertEvents(chunk: Chunk, made: readonly Reported[]): Promise<void> {
  if (made.length === 0) return;
  const { client, projectId } = chunk;
  const firstSeen = new Map<string, Date>();
  for (const { report, at } of made) {
    if (!firstSeen.has(report.customer.identifier)) firstSeen.set(report.customer.identifier, at);
  }
  const { ids, events } = await ensureCustomers(chunk, firstSeen);
  const { rowCount } = await client.query(
    `insert into custom_event (project_id, id, customer_id, name, properties, occurred_at)
     select $1, e.id, e.customer_id, e.name, e.properties, e.occurred_at
     from unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
       as e(id, customer_id, name, properties, occurred_at)
     order by e.id collate "C" on conflict (project_id, id) do nothing`,
    [
      projectId,
      made.map(({ id }) => id),
      made.map(({ report }) => ids.get(report.customer.identifier)),
      made.map(({ report }) => report.name),
      made.map(({ report }) => JSON.stringify(report.properties)),
      made.map(({ at }) => at),
    ],
  );
  if (rowCount !== made.length) throw new Outrun("an event was reported meanwhile");
  await appendEvents(kyselyOn(client), [
    ...events,
    ...made.map((one) => customEvent(projectId, one.id, one.report, one.at)),
  ]);
}
