/** The list of addresses that are never written to: looked at, added to, taken from. */
import { z } from "@hono/zod-openapi";
import type { Kysely, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { invalid, notFound } from "../http/problem.ts";
import { addressHash, canonicalAddress } from "./address.ts";
import { deleteSuppression, listSuppressions } from "./queries.ts";
import {
  type AddressKind,
  type SuppressionInput,
  type SuppressionWire,
  type suppressionsQuery,
  suppressionToWire,
} from "./schemas.ts";
import { suppress } from "./suppress.ts";

/** One that is on the list stays with its first reason. @throws Problem 400 for an address that is none. */
export async function addSuppression(
  tx: Transaction<DB>,
  projectId: string,
  { kind, reason, address: given }: SuppressionInput,
  at: Date,
): Promise<SuppressionWire> {
  const address = readAddress(kind, given);
  await suppress(tx, projectId, { kind, address, reason }, at);
  const hash = await addressHash(tx, projectId, kind, address);
  const [row] = await listSuppressions(tx, projectId, { limit: 1, before: undefined, kind, hash });
  if (row === undefined) throw new Error("a suppression is neither new nor there");
  return suppressionToWire(row);
}

/** Newest first. @throws Problem 400 */
export async function pageOfSuppressions(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, kind, address }: z.output<typeof suppressionsQuery>,
): Promise<Page<SuppressionWire>> {
  const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
  const wanted = kind === undefined || address === undefined ? undefined : readAddress(kind, address);
  const hash = kind && wanted ? await addressHash(db, projectId, kind, wanted) : undefined;
  const rows = await listSuppressions(db, projectId, { limit: limit + 1, before, kind, hash });
  return toPage(rows, limit, (row) => [row.id], suppressionToWire);
}

/** @throws Problem `not_found` */
export async function removeSuppression(tx: Transaction<DB>, projectId: string, id: string): Promise<void> {
  if (!(await deleteSuppression(tx, projectId, id))) throw notFound("suppression");
}

/** @throws Problem 400 */
function readAddress(kind: AddressKind, text: string): string {
  const form = kind === "email" ? "email" : "phone";
  const address = canonicalAddress(form, text);
  if (address !== undefined) return address;
  throw invalid("/address", form === "email" ? "Expected an e-mail address." : "Expected a phone number in E.164.");
}
