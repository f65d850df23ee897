import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { clearLowStock, findPool, insertPool, isNameTaken, type PoolRow, updatePool } from "./queries.ts";
import type { PoolChange, PoolInput, PoolWire } from "./schemas.ts";

/** @throws Problem `already_exists` when the name is taken */
export async function createPool(
  tx: Transaction<DB>,
  projectId: string,
  input: PoolInput,
  at: Date,
): Promise<PoolWire> {
  const inserted = await insertPool(tx, projectId, input, at);
  if (!inserted) throw nameTaken(input.name);
  return readPool(tx, projectId, inserted.id);
}

/** @throws Problem `not_found`, or `already_exists` when the name is taken */
export async function changePool(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  { name, low_stock, metadata }: PoolChange,
  at: Date,
): Promise<PoolWire> {
  if (name !== undefined && (await isNameTaken(tx, projectId, name, id))) throw nameTaken(name);
  const found = await updatePool(tx, projectId, id, {
    ...(name !== undefined && { name }),
    ...(low_stock !== undefined && { low_stock }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    updated_at: at,
  });
  if (!found) throw notFound("pool");
  await clearLowStock(tx, projectId, id);
  return readPool(tx, projectId, id);
}

async function readPool(tx: Transaction<DB>, projectId: string, id: string): Promise<PoolWire> {
  const row = await findPool(tx, projectId, id);
  if (!row) throw notFound("pool");
  return poolToWire(row);
}

function nameTaken(name: string): Problem {
  const detail = `There is a pool named ${JSON.stringify(name)} already.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}

export function poolToWire(row: PoolRow): PoolWire {
  return {
    id: row.id,
    name: row.name,
    size: row.codes_count,
    left: row.left ?? 0,
    low_stock: row.low_stock,
    metadata: row.metadata as PoolWire["metadata"],
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
