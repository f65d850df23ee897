/** What the warehouse found out, written down where requests read it: who enters, who leaves, each announced once. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { Event } from "../../../ingest/events/events.ts";
import { appendEvents } from "../../../ingest/outbox.ts";
import type { DB } from "../../db/tables.ts";
import { newId } from "../../ids.ts";

export interface Found {
  readonly customer: string;
  /** Of all segments that were looked at, those that the customer fits. */
  readonly numbers: readonly number[];
}

interface LookedAt {
  readonly id: string;
  readonly number: number;
  readonly version: number;
}

interface Move {
  readonly customer: string;
  readonly segment: LookedAt;
  readonly enters: boolean;
}

export interface Moved {
  readonly entered: number;
  readonly left: number;
}

const movesAtOnce = 2_000;
/** Whose segments are read by one statement, which has ten seconds. */
const customersAtOnce = 10_000;

/**
 * Each chunk is a transaction; after a crash the same customers come again, and what was written already is no
 * difference any more. Who the shop does not know, or not any more, is passed over.
 */
export async function writeMoves(
  db: Kysely<DB>,
  projectId: string,
  segments: readonly LookedAt[],
  found: readonly Found[],
): Promise<Moved> {
  const total = { entered: 0, left: 0 };
  for (let start = 0; start < found.length; start += customersAtOnce) {
    const some = found.slice(start, start + customersAtOnce);
    const moves = differences(segments, some, await readMembers(db, projectId, segments, some));
    for (let first = 0; first < moves.length; first += movesAtOnce) {
      const chunk = moves.slice(first, first + movesAtOnce);
      const { entered, left } = await db.transaction().execute((tx) => writeChunk(tx, projectId, chunk));
      total.entered += entered;
      total.left += left;
    }
  }
  return total;
}

async function readMembers(
  db: Kysely<DB>,
  projectId: string,
  segments: readonly LookedAt[],
  found: readonly Found[],
): Promise<Map<string, ReadonlySet<number>>> {
  const { rows } = await sql<{ identifier: string; numbers: number[] }>`
    select c.identifier, array_agg(e.number) as numbers
    from customer c
    join segment_member m on m.project_id = c.project_id and m.customer_id = c.id
    join segment_evaluation e on e.project_id = m.project_id and e.segment_id = m.segment_id
    where c.project_id = ${projectId} and c.identifier = any(${found.map(({ customer }) => customer)}::text[])
      and e.number = any(${segments.map(({ number }) => number)}::int[])
    group by c.identifier`.execute(db);
  return new Map(rows.map(({ identifier, numbers }) => [identifier, new Set(numbers)]));
}

const none: ReadonlySet<number> = new Set();

function differences(
  segments: readonly LookedAt[],
  found: readonly Found[],
  members: ReadonlyMap<string, ReadonlySet<number>>,
): Move[] {
  const byNumber = new Map(segments.map((segment) => [segment.number, segment]));
  const moves: Move[] = [];
  for (const { customer, numbers } of found) {
    const before = members.get(customer) ?? none;
    if (before.size === 0 && numbers.length === 0) continue;
    const now = new Set(numbers);
    const move = (number: number, enters: boolean) => {
      const segment = byNumber.get(number);
      if (segment !== undefined) moves.push({ customer, segment, enters });
    };
    for (const number of numbers) if (!before.has(number)) move(number, true);
    for (const number of before) if (!now.has(number)) move(number, false);
  }
  return moves;
}

/**
 * Segments whose rules changed since they were asked are passed over: these moves are of rules that hold no more. The
 * version is read once they are locked; who waits for a lock sees the other tables as they were before.
 */
async function lockSegments(tx: Transaction<DB>, projectId: string, moves: readonly Move[]) {
  const versions = new Map(moves.map(({ segment }) => [segment.id, segment.version]));
  const ids = [...versions.keys()].sort();
  await sql`
    select from segment s where s.project_id = ${projectId} and s.id = any(${ids}::text[])
    order by s.id for key share`.execute(tx);
  const { rows } = await sql<{ id: string; name: string; version: number }>`
    select s.id, s.name, e.version from segment s
    join segment_evaluation e on e.project_id = s.project_id and e.segment_id = s.id
    where s.project_id = ${projectId} and s.id = any(${ids}::text[])`.execute(tx);
  return new Map(rows.filter((row) => versions.get(row.id) === row.version).map((row) => [row.id, row]));
}

async function writeChunk(tx: Transaction<DB>, projectId: string, moves: readonly Move[]): Promise<Moved> {
  const segments = await lockSegments(tx, projectId, moves);
  const valid = moves.filter(({ segment }) => segments.has(segment.id));
  const pairs = (enters: boolean) => {
    const some = valid.filter((move) => move.enters === enters);
    return { customers: some.map(({ customer }) => customer), ids: some.map(({ segment }) => segment.id) };
  };
  const { rows: clock } = await sql<{ at: Date }>`select now() as at`.execute(tx);
  const at = clock[0]?.at ?? new Date(Number.NaN);
  const entered = await enter(tx, projectId, pairs(true), at);
  const left = await leave(tx, projectId, pairs(false));
  await count(tx, projectId, entered, left);
  const event = (type: "segment.entered" | "segment.left", member: Member): Event => ({
    event_id: newId("evt"),
    project_id: projectId,
    type,
    version: 1,
    occurred_at: at.toISOString(),
    payload: {
      segment_id: member.segment_id,
      name: segments.get(member.segment_id)?.name ?? "",
      customer: member.identifier,
      kind: "dynamic",
    },
  });
  const events: Event[] = [
    ...left.map((member) => event("segment.left", member)),
    ...entered.map((member) => event("segment.entered", member)),
  ];
  await appendEvents(tx, events);
  return { entered: entered.length, left: left.length };
}

interface Member {
  readonly identifier: string;
  readonly segment_id: string;
}

interface Pairs {
  readonly customers: readonly string[];
  readonly ids: readonly string[];
}

async function enter(tx: Transaction<DB>, projectId: string, { customers, ids }: Pairs, at: Date): Promise<Member[]> {
  if (customers.length === 0) return [];
  const { rows } = await sql<Member>`
    with entered as (
      insert into segment_member (project_id, segment_id, customer_id, entered_at)
      select ${projectId}, p.segment_id, c.id, ${at}::timestamptz
      from unnest(${customers}::text[], ${ids}::text[]) p(identifier, segment_id)
      join customer c on c.project_id = ${projectId} and c.identifier = p.identifier
      order by c.id, p.segment_id
      on conflict (project_id, customer_id, segment_id) do nothing
      returning customer_id, segment_id
    )
    select c.identifier, e.segment_id from entered e
    join customer c on c.project_id = ${projectId} and c.id = e.customer_id
    order by c.identifier, e.segment_id`.execute(tx);
  return rows;
}

async function leave(tx: Transaction<DB>, projectId: string, { customers, ids }: Pairs): Promise<Member[]> {
  if (customers.length === 0) return [];
  const { rows } = await sql<Member>`
    with named as (
      select m.customer_id, m.segment_id, c.identifier
      from unnest(${customers}::text[], ${ids}::text[]) p(identifier, segment_id)
      join customer c on c.project_id = ${projectId} and c.identifier = p.identifier
      join segment_member m on m.project_id = c.project_id and m.customer_id = c.id and m.segment_id = p.segment_id
      order by m.customer_id, m.segment_id for update of m
    ), gone as (
      delete from segment_member m using named n
      where m.project_id = ${projectId} and m.segment_id = n.segment_id and m.customer_id = n.customer_id
      returning n.identifier, n.segment_id
    )
    select identifier, segment_id from gone order by identifier, segment_id`.execute(tx);
  return rows;
}

async function count(tx: Transaction<DB>, projectId: string, entered: readonly Member[], left: readonly Member[]) {
  const changes = new Map<string, number>();
  for (const { segment_id: id } of entered) changes.set(id, (changes.get(id) ?? 0) + 1);
  for (const { segment_id: id } of left) changes.set(id, (changes.get(id) ?? 0) - 1);
  if (changes.size === 0) return;
  await sql`
    update segment_evaluation e set members_count = e.members_count + d.change
    from unnest(${[...changes.keys()]}::text[], ${[...changes.values()]}::int[]) d(id, change)
    where e.project_id = ${projectId} and e.segment_id = d.id`.execute(tx);
}
