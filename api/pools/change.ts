import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { notFound, Problem } from "../http/problem.ts";
import { readPool } from "./list.ts";
import { clearLowStock, insertPool, isNameTaken, updatePool } from "./queries.ts";
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

function nameTaken(name: string): Problem {
  const detail = `There is a pool named ${JSON.stringify(name)} already.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}
