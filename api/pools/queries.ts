/** The SQL of pools. Codes are taken by the function `take_pool_code`. */
import { type Kysely, sql, type Transaction, type Updateable } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { PoolInput } from "./schemas.ts";

/** `left` is counted on `pool_code_free`. */
function pools(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("pool as p")
    .selectAll("p")
    .select((eb) =>
      eb
        .selectFrom("pool_code as c")
        .select((inner) => inner.fn.countAll<number>().as("left"))
        .whereRef("c.project_id", "=", "p.project_id")
        .whereRef("c.pool_id", "=", "p.id")
        .where("c.status", "=", "free")
        .as("left"),
    )
    .where("p.project_id", "=", projectId);
}

export type PoolRow = Awaited<ReturnType<typeof findPool>> & object;

export function findPool(db: Kysely<DB>, projectId: string, id: string) {
  return pools(db, projectId).where("p.id", "=", id).executeTakeFirst();
}

/** Newest first. */
export function selectPools(
  db: Kysely<DB>,
  projectId: string,
  page: { readonly limit: number; readonly before: string | undefined },
) {
  return pools(db, projectId)
    .$if(page.before !== undefined, (q) => q.where("p.id", "<", page.before as string))
    .orderBy("p.id", "desc")
    .limit(page.limit)
    .execute();
}

/** Undefined when the name is taken. */
export function insertPool(tx: Transaction<DB>, projectId: string, input: PoolInput, at: Date) {
  return tx
    .insertInto("pool")
    .values({
      project_id: projectId,
      id: newId("pol"),
      name: input.name,
      low_stock: input.low_stock ?? null,
      metadata: JSON.stringify(input.metadata ?? {}),
      created_at: at,
      updated_at: at,
    })
    .onConflict((conflict) => conflict.columns(["project_id", "name"]).doNothing())
    .returning("id")
    .executeTakeFirst();
}

export function isNameTaken(tx: Transaction<DB>, projectId: string, name: string, exceptId: string) {
  return tx
    .selectFrom("pool")
    .select("id")
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .where("id", "<>", exceptId)
    .executeTakeFirst();
}

export async function updatePool(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  change: Updateable<DB["pool"]>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("pool")
    .set(change)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Codes in the order of the file; those the pool has are skipped. In the order of the codes within the statement, so that
 * two uploads of the same file wait for each other and never in a circle. @returns how many were new
 */
export async function addCodes(
  db: Kysely<DB>,
  projectId: string,
  poolId: string,
  codes: readonly string[],
): Promise<number> {
  const { rows } = await sql<{ added: number }>`
    with added as (
      insert into pool_code (project_id, id, pool_id, code, status, created_at)
      select ${projectId}, fresh.id, ${poolId}, fresh.code, 'free', clock_timestamp()
      from unnest(${codes.map(() => newId("plc"))}::text[], ${codes}::text[]) as fresh (id, code)
      order by fresh.code
      on conflict (project_id, pool_id, code) do nothing
      returning 1),
    counted as (select count(*) as n from added)
    update pool set codes_count = codes_count + counted.n, updated_at = clock_timestamp() from counted
    where project_id = ${projectId} and id = ${poolId} returning counted.n as added
  `.execute(db);
  return rows[0]?.added ?? 0;
}

/** After codes came or the mark was moved: a pool above its mark may be announced again. */
export async function clearLowStock(db: Kysely<DB>, projectId: string, poolId: string): Promise<void> {
  await sql`
    update pool p set low_stock_at = null
    where p.project_id = ${projectId} and p.id = ${poolId} and p.low_stock_at is not null
      and (p.low_stock is null or p.low_stock < (
        select count(*) from (
          select from pool_code c
          where c.project_id = p.project_id and c.pool_id = p.id and c.status = 'free' limit p.low_stock + 1) counted))
  `.execute(db);
}
