/** Vouchers of a project by what is known of them, whichever campaign they are of. */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type Page, readCursor } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { findVoucher, selectVouchers } from "./queries.ts";
import type { VoucherWire } from "./schemas.ts";
import { toWire } from "./wire.ts";

/** @param typed in any case. @throws Problem 404 */
export async function readVoucher(db: Kysely<DB>, projectId: string, typed: string, now: Date): Promise<VoucherWire> {
  const row = await findVoucher(db, projectId, typed);
  if (!row) throw notFound("voucher");
  return toWire(row, now);
}

export interface VoucherSearch {
  /** The beginning of a code, in any case. */
  readonly code?: string | undefined;
  readonly customer?: string | undefined;
  readonly campaign_id?: string | undefined;
  readonly batch_id?: string | undefined;
  readonly status?: VoucherWire["status"] | undefined;
  readonly kind?: VoucherWire["kind"] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * As many are looked at for one page, a few first: mostly they are enough. Rows in the order of codes lie anywhere on the
 * disk, so that fewer of them are read.
 */
const rounds = { byId: [1_000, 9_000, 90_000], byCode: [1_000, 9_000] } as const;

const cursorSchema = z.tuple([z.string().max(200)]);

/**
 * The newest first; with a `code` in the order of codes. What few fit is found over several pages, and no request reads
 * millions: a page may hold fewer than `limit`, or none, and yet have a `next_cursor`. Then more than may be looked at
 * for one page were there, and the search goes on from there.
 */
export async function searchVouchers(
  db: Kysely<DB>,
  projectId: string,
  search: VoucherSearch,
  now: Date,
  { byId, byCode }: { readonly byId: readonly number[]; readonly byCode: readonly number[] } = rounds,
): Promise<Page<VoucherWire>> {
  const prefix = search.code === undefined ? undefined : normalizeCode(search.code);
  if (prefix === null) return { data: [], next_cursor: null };
  const customerId = search.customer === undefined ? undefined : await customerIdOf(db, projectId, search.customer);
  if (search.customer !== undefined && customerId === undefined) return { data: [], next_cursor: null };
  const walk = walkOf(projectId, { ...search, prefix, customerId }, now);
  let after = readCursor(search.cursor, cursorSchema)?.[0];
  const found: Seen[] = [];
  // Where nothing is sorted out, the page and one more are all there is to look at.
  const sizes = walk.fits.length === 0 ? [search.limit + 1] : prefix === undefined ? byId : byCode;
  let isEnd = false;
  for (const size of sizes) {
    const wanted = search.limit + 1 - found.length;
    const seen = await lookAt(db, walk, after, size, wanted);
    found.push(...seen.fitting);
    isEnd = seen.last === undefined;
    after = seen.last;
    if (isEnd || found.length > search.limit) break;
  }
  const shown = found.slice(0, search.limit);
  const from = found.length > search.limit ? shown.at(-1)?.key : isEnd ? undefined : after;
  const ids = shown.map((row) => row.id);
  const wires = await readAll(db, projectId, ids, now);
  return {
    data: ids.flatMap((id) => wires.get(id) ?? []),
    next_cursor: from === undefined ? null : Buffer.from(JSON.stringify([from]), "utf8").toString("base64url"),
  };
}

type Condition = ReturnType<typeof sql>;

interface Walk {
  readonly byCode: boolean;
  /** What an index that ends in the key finds. */
  readonly along: readonly Condition[];
  /** What is looked at row by row. */
  readonly fits: readonly Condition[];
}

/**
 * One condition chooses the index, of those the one that leaves fewest rows; the others are looked at row by row, so that
 * the planner has no choice that reads a whole campaign to find that nobody fits.
 */
function walkOf(
  projectId: string,
  search: VoucherSearch & { readonly prefix: string | undefined; readonly customerId: string | undefined },
  now: Date,
): Walk {
  const { prefix, customerId, batch_id, campaign_id, kind, status } = search;
  const indexed = [
    ...(prefix === undefined ? [] : [sql`v.code >= ${prefix} and v.code < ${`${prefix}~`}`]),
    ...(customerId === undefined ? [] : [sql`v.customer_id = ${customerId}`]),
    ...(batch_id === undefined ? [] : [sql`v.batch_id = ${batch_id}`]),
    ...(campaign_id === undefined ? [] : [sql`v.campaign_id = ${campaign_id}`]),
  ];
  return {
    byCode: prefix !== undefined,
    along: [sql`v.project_id = ${projectId}`, ...indexed.slice(0, 1)],
    fits: [
      ...indexed.slice(1),
      ...(kind === undefined ? [] : [sql`v.kind = ${kind}`]),
      ...(status === undefined ? [] : [sql`${statusSql(now)} = ${status}`]),
    ],
  };
}

interface Seen {
  readonly key: string;
  readonly id: string;
}

/** @returns those that fit, and the key of the last one that was looked at; undefined when there are no more. */
async function lookAt(
  db: Kysely<DB>,
  { byCode, along, fits }: Walk,
  after: string | undefined,
  size: number,
  wanted: number,
): Promise<{ readonly fitting: readonly Seen[]; readonly last: string | undefined }> {
  const key = byCode ? sql.ref("v.code") : sql.ref("v.id");
  const direction = byCode ? sql`asc` : sql`desc`;
  const onward = after === undefined ? [] : [byCode ? sql`v.code > ${after}` : sql`v.id < ${after}`];
  const { rows } = await sql<Seen & { fits: boolean }>`
    with looked_at as materialized (
      select ${key} as key, v.id, ${sql.join([sql`true`, ...fits], sql` and `)} as fits,
        row_number() over (order by ${key} ${direction}) as place
      from voucher v where ${sql.join([...along, ...onward], sql` and `)}
      order by ${key} ${direction} limit ${size}),
    found as (select key, id, fits, place from looked_at where fits order by place limit ${wanted})
    select key, id, true as fits, place from found
    union all
    select key, id, false, place from looked_at where place = ${size}
    order by place, fits desc
  `.execute(db);
  return { fitting: rows.filter((row) => row.fits), last: rows.find((row) => !row.fits)?.key };
}

/** What `shownStatus` says, for the database. */
function statusSql(now: Date) {
  return sql`case
    when v.holds_count > 0 and v.redemptions_count >= v.redemptions_max and v.status <> 'disabled' then 'reserved'
    when v.status in ('created', 'distributed') and v.expires_at <= ${now} then 'expired'
    else v.status end`;
}

async function readAll(db: Kysely<DB>, projectId: string, ids: readonly string[], now: Date) {
  if (ids.length === 0) return new Map<string, VoucherWire>();
  const rows = await selectVouchers(db, projectId)
    .where("v.id", "in", [...ids])
    .execute();
  return new Map(rows.map((row) => [row.id, toWire(row, now)]));
}

async function customerIdOf(db: Kysely<DB>, projectId: string, identifier: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("customer")
    .select("id")
    .where("project_id", "=", projectId)
    .where("identifier", "=", identifier)
    .executeTakeFirst();
  return row?.id;
}
