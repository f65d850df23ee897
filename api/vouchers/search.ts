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

/** As many are looked at for one page: what few fit is found over several pages, and no request reads millions. */
const lookedAtMax = 10_000;

const cursorSchema = z.tuple([z.string().max(200)]);

/**
 * The newest first; with a `code` in the order of codes. A page may hold fewer than `limit`, or none, and yet have a
 * `next_cursor`: then more than that were looked at, and the search goes on from there.
 */
export async function searchVouchers(
  db: Kysely<DB>,
  projectId: string,
  search: VoucherSearch,
  now: Date,
): Promise<Page<VoucherWire>> {
  const after = readCursor(search.cursor, cursorSchema)?.[0];
  const prefix = search.code === undefined ? undefined : normalizeCode(search.code);
  if (prefix === null) return { data: [], next_cursor: null };
  const customerId = search.customer === undefined ? undefined : await customerIdOf(db, projectId, search.customer);
  if (search.customer !== undefined && customerId === undefined) return { data: [], next_cursor: null };
  const byCode = prefix !== undefined;
  const key = byCode ? sql.ref("v.code") : sql.ref("v.id");
  const conditions = [
    sql`v.project_id = ${projectId}`,
    ...(prefix === undefined ? [] : [sql`v.code >= ${prefix} and v.code < ${`${prefix}~`}`]),
    ...(customerId === undefined ? [] : [sql`v.customer_id = ${customerId}`]),
    ...(search.batch_id === undefined ? [] : [sql`v.batch_id = ${search.batch_id}`]),
    ...(search.campaign_id === undefined ? [] : [sql`v.campaign_id = ${search.campaign_id}`]),
    ...(after === undefined ? [] : [byCode ? sql`v.code > ${after}` : sql`v.id < ${after}`]),
  ];
  const fits = [
    sql`true`,
    ...(search.kind === undefined ? [] : [sql`v.kind = ${search.kind}`]),
    ...(search.status === undefined ? [] : [sql`${statusSql(now)} = ${search.status}`]),
  ];
  const direction = byCode ? sql`asc` : sql`desc`;
  // Each of the conditions has an index that ends in the key; the rest is looked at row by row, so many at most.
  const { rows } = await sql<{ key: string; id: string; fits: boolean }>`
    with looked_at as materialized (
      select ${key} as key, v.id, ${sql.join(fits, sql` and `)} as fits, row_number() over (order by ${key} ${direction}) as place
      from voucher v where ${sql.join(conditions, sql` and `)}
      order by ${key} ${direction} limit ${lookedAtMax}),
    found as (select key, id, fits, place from looked_at where fits order by place limit ${search.limit + 1})
    select key, id, fits, place from found
    union all
    select key, id, false, place from looked_at where place = ${lookedAtMax}
    order by place
  `.execute(db);
  const found = rows.filter((row) => row.fits);
  const shown = found.slice(0, search.limit);
  const end = rows.find((row) => !row.fits);
  const last = found.length > search.limit ? shown.at(-1) : end;
  const wires = await readAll(
    db,
    projectId,
    shown.map((row) => row.id),
    now,
  );
  return {
    data: shown.flatMap((row) => wires.get(row.id) ?? []),
    next_cursor: last === undefined ? null : Buffer.from(JSON.stringify([last.key]), "utf8").toString("base64url"),
  };
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
