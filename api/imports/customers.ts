/** Applies a chunk of customers in a few statements: each as PUT would, rows of one customer in the order of the file. */
import { appendEvents } from "../../ingest/outbox.ts";
import { customerEvent } from "../customers/announce.ts";
import { newIds } from "../ids.ts";
import { kyselyOn } from "../vouchers/kysely-on.ts";
import { type Applied, type Chunk, Outrun } from "./chunk.ts";
import type { ReadRow, RowOf } from "./rows.ts";

type Given = Omit<RowOf<"customers">, "identifier">;

export async function applyCustomers(chunk: Chunk, rows: readonly ReadRow<"customers">[]): Promise<Applied> {
  const given = new Map<string, Given>();
  const rowsOf = new Map<string, number>();
  for (const { row } of rows) {
    const { identifier, ...fields } = row;
    // created_at counts at the first call only, and so does the first row's.
    const before = given.get(identifier);
    given.set(identifier, { ...before, ...fields, ...pick("created_at", before) });
    rowsOf.set(identifier, (rowsOf.get(identifier) ?? 0) + 1);
  }
  if (given.size === 0) return { imported: 0, unchanged: 0, errors: [] };
  const created = await insertNew(chunk, given);
  const updated = await updateKnown(chunk, new Map([...given].filter(([identifier]) => !created.has(identifier))));
  const imported = [...created, ...updated].reduce((sum, identifier) => sum + (rowsOf.get(identifier) ?? 0), 0);
  return { imported, unchanged: rows.length - imported, errors: [] };
}

function pick(name: "created_at", from: Given | undefined): Given {
  return from?.[name] === undefined ? {} : { [name]: from[name] };
}

interface StoredCustomer {
  readonly identifier: string;
  readonly name: string | null;
  readonly attributes: Record<string, unknown>;
  readonly tags: Record<string, string[]>;
  readonly created_at: Date;
  readonly birthday: string | null;
  readonly consent: Record<string, boolean>;
  readonly metadata: Record<string, unknown>;
}

const stored = "c.identifier, c.name, c.attributes, c.tags, c.created_at, c.birthday, c.consent, c.metadata";

/** Newcomers are locked before they are made, in the order in which everything else locks them. */
async function insertNew(chunk: Chunk, given: ReadonlyMap<string, Given>): Promise<Set<string>> {
  const { client, projectId, now } = chunk;
  const known = await client.query<{ identifier: string }>(
    "select identifier from customer where project_id = $1 and identifier = any($2::text[])",
    [projectId, [...given.keys()]],
  );
  const old = new Set(known.rows.map((row) => row.identifier));
  const missing = [...given.keys()].filter((identifier) => !old.has(identifier));
  if (missing.length === 0) return new Set();
  const ids = newIds("cus", missing.length);
  await client.query(
    `select lock_newcomer($1, n.identifier) from (
       select n collate "C" as identifier from unnest($2::text[]) n order by 1 offset 0) n`,
    [projectId, missing],
  );
  const { rows } = await client.query<StoredCustomer>(
    `insert into customer as c (project_id, id, identifier, name, email, phone, birthday, attributes, tags, consent,
                                metadata, blocked, created_at, updated_at)
     select $1, n.id, n.identifier, n.g ->> 'name', n.g ->> 'email', n.g ->> 'phone', (n.g ->> 'birthday')::date,
            coalesce(n.g -> 'attributes', '{}'), coalesce(n.g -> 'tags', '{}'), coalesce(n.g -> 'consent', '{}'),
            coalesce(n.g -> 'metadata', '{}'), coalesce((n.g ->> 'blocked')::boolean, false),
            coalesce((n.g ->> 'created_at')::timestamptz, $2), $2
     from unnest($3::text[], $4::text[], $5::jsonb[]) as n(id, identifier, g)
     order by n.identifier collate "C"
     on conflict (project_id, identifier) do nothing
     returning ${stored}`,
    [projectId, now, ids, missing, missing.map((identifier) => JSON.stringify(given.get(identifier)))],
  );
  // Made meanwhile by somebody else: then these rows change a known customer.
  if (rows.length !== missing.length) throw new Outrun("a customer was made meanwhile");
  await announce(chunk, "customer.created", rows);
  return new Set(missing);
}

/** What a row names, as it is written: other columns keep what they have. */
const columns = [
  ["name", "r.g ->> 'name'"],
  ["email", "r.g ->> 'email'"],
  ["phone", "r.g ->> 'phone'"],
  ["birthday", "(r.g ->> 'birthday')::date"],
  ["attributes", "r.g -> 'attributes'"],
  ["tags", "r.g -> 'tags'"],
  ["consent", "r.g -> 'consent'"],
  ["metadata", "r.g -> 'metadata'"],
  ["blocked", "(r.g ->> 'blocked')::boolean"],
].map(([name, value]) => ({ name, value: `case when r.g ? '${name}' then ${value} else c.${name} end` }));

async function updateKnown(chunk: Chunk, given: ReadonlyMap<string, Given>): Promise<Set<string>> {
  if (given.size === 0) return new Set();
  const { client, projectId, now } = chunk;
  const identifiers = [...given.keys()];
  await client.query(
    `select from customer where project_id = $1 and identifier = any($2::text[])
     order by identifier for no key update`,
    [projectId, identifiers],
  );
  const { rows } = await client.query<StoredCustomer>(
    `update customer c
     set ${columns.map(({ name, value }) => `${name} = ${value}`).join(", ")}, updated_at = $2
     from unnest($3::text[], $4::jsonb[]) as r(identifier, g)
     where c.project_id = $1 and c.identifier = r.identifier
       and (${columns.map(({ name }) => `c.${name}`).join(", ")})
           is distinct from (${columns.map(({ value }) => value).join(", ")})
     returning ${stored}`,
    [projectId, now, identifiers, identifiers.map((identifier) => JSON.stringify(given.get(identifier)))],
  );
  await announce(chunk, "customer.updated", rows);
  return new Set(rows.map((row) => row.identifier));
}

function announce(
  { client, projectId, now }: Chunk,
  type: "customer.created" | "customer.updated",
  rows: readonly StoredCustomer[],
): Promise<void> {
  return appendEvents(
    kyselyOn(client),
    rows.map((row) => customerEvent(type, { project_id: projectId, ...row }, now)),
  );
}
