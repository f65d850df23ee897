/** Takes a person out of the rows of Postgres, a chunk a transaction; the same again changes nothing. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { marksOf, type Person, scrubJson, scrubText } from "./person.ts";
import { type Change, mentioningPlaces, ownPlaces, type Place } from "./places.ts";

export interface Erased {
  readonly projectId: string;
  readonly person: Person;
  /** Ids of the customer's rows, which are renamed already. */
  readonly customerIds: readonly string[];
  readonly pseudonym: string;
}

const chunkRows = 200;

/** @returns rows changed, by table. */
export async function rewritePlaces(client: pg.ClientBase, erased: Erased): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const place of [...ownPlaces, ...mentioningPlaces]) {
    counts[place.table] = (counts[place.table] ?? 0) + (await rewritePlace(client, place, erased));
  }
  counts.segment_member = await leaveSegments(client, erased);
  return counts;
}

/** A walk along the rows that were found at its beginning; rows that others write meanwhile are the next pass's. */
async function rewritePlace(client: pg.ClientBase, place: Place, erased: Erased): Promise<number> {
  const { projectId, person, customerIds } = erased;
  const key = await primaryKey(client, place.table);
  const columns = Object.keys(place.columns);
  const parameters = [projectId, customerIds, person.identifier, marksOf(person)];
  const found = await transaction(client, () =>
    client.query<{ key: string }>(
      `select row(${key.map((column) => `t.${column}`).join(", ")})::text as key
       from ${place.table} t
       where t.project_id = $1 and ${place.where} and $2::text[] is not null and $3::text is not null and $4::text[] is not null`,
      parameters,
    ),
  );
  let changed = 0;
  for (let at = 0; at < found.rows.length; at += chunkRows) {
    const keys = found.rows.slice(at, at + chunkRows).map((row) => row.key);
    changed += await transaction(client, async () => {
      const { rows } = await client.query<{ ctid: string } & Record<string, string | null>>(
        `select t.ctid::text, ${columns.map((column) => `t.${column}::text`).join(", ")}
         from ${place.table} t
         where t.project_id = $1 and ${place.where} and row(${key.map((column) => `t.${column}`).join(", ")})::text = any($5)
         and $2::text[] is not null and $3::text is not null and $4::text[] is not null
         for update`,
        [...parameters, keys],
      );
      const fresh = rows.flatMap((row) => {
        const next = columns.map((name) => apply(place.columns[name] ?? "none", row[name] ?? null, erased));
        return columns.some((name, index) => next[index] !== row[name]) ? [[row.ctid, ...next]] : [];
      });
      for (const values of fresh) {
        const set = columns.map((name, index) => `${name} = $${index + 2}`).join(", ");
        await client.query(`update ${place.table} set ${set} where ctid = $1::tid`, values);
      }
      return fresh.length;
    });
  }
  return changed;
}

/** Texts of JSON are compared as they stand, so that what is left as it was is not written. */
function apply(change: Change, value: string | null, { person, pseudonym }: Erased): string | null {
  if (value === null) return null;
  switch (change) {
    case "none":
      return null;
    case "nothing":
      return "{}";
    case "list":
      return "[]";
    case "pseudonym":
      return value === person.identifier ? pseudonym : value;
    case "text":
      return scrubText(value, person, pseudonym);
    case "key": {
      // Keys that differ by how the person is written would be the same one.
      const scrubbed = scrubText(value, person, pseudonym);
      return scrubbed === value ? value : `${scrubbed}#${randomBytes(6).toString("hex")}`;
    }
    case "document": {
      const scrubbed = scrubJson(value, person, pseudonym);
      return sameJson(scrubbed, value) ? value : scrubbed;
    }
  }
}

function sameJson(a: string, b: string): boolean {
  try {
    return a === JSON.stringify(JSON.parse(b));
  } catch {
    return a === b;
  }
}

/** Announced, or the warehouse would count a member whom the list does not have. */
async function leaveSegments(client: pg.ClientBase, { projectId, customerIds, pseudonym }: Erased): Promise<number> {
  const { rowCount } = await client.query(
    `with gone as (
       delete from segment_member where project_id = $1 and customer_id = any($2) returning segment_id
     ), counted as (
       update segment_evaluation e set members_count = e.members_count - g.n
       from (select segment_id, count(*) as n from gone group by segment_id) g
       where e.project_id = $1 and e.segment_id = g.segment_id
     )
     insert into outbox (event_id, project_id, type, occurred_at, payload)
     select 'evt_' || replace(gen_random_uuid()::text, '-', ''), $1, 'segment.left', now(),
            jsonb_build_object('segment_id', s.id, 'name', s.name, 'customer', $3::text)
     from gone g join segment s on s.project_id = $1 and s.id = g.segment_id`,
    [projectId, customerIds, pseudonym],
  );
  return rowCount ?? 0;
}

async function primaryKey(client: pg.ClientBase, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select a.attname as name from pg_index i
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
     where i.indrelid = $1::regclass and i.indisprimary`,
    [table],
  );
  if (rows.length === 0) throw new Error(`${table} has no primary key`);
  return rows.map((row) => row.name);
}

/** Marked as an erasure's, which append-only tables ask for. Long rows of long lives are searched: minutes, not seconds. */
export async function transaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query(
      `select set_config('tessera.erasure', 'on', true), set_config('statement_timeout', '10min', true),
              set_config('lock_timeout', '30s', true), set_config('idle_in_transaction_session_timeout', '5min', true)`,
    );
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
