import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import { z } from "zod";
import { findCustomer } from "../customers/find.ts";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Person } from "./person.ts";
import { type ErasureRow, isMentioned, isPseudonym, openErasure } from "./queries.ts";
import { hashOf } from "./secret.ts";

/** What is searched for. Undefined: neither store knows them, or they are a pseudonym already. */
export async function findPerson(
  db: Kysely<DB>,
  warehouse: ClickHouseClient,
  projectId: string,
  identifier: string,
): Promise<Person | undefined> {
  if (await isPseudonym(db, projectId, identifier)) return undefined;
  const { known, ...person } = await personOf(db, projectId, identifier);
  return known || (await isKnown(db, warehouse, projectId, identifier)) ? person : undefined;
}

/** The second request finds the first one's erasure while that is under way. */
export async function requestErasure(
  tx: Kysely<DB>,
  projectId: string,
  person: Person,
  reason: ErasureRow["reason"],
): Promise<ErasureRow> {
  const hash = await hashOf(tx, projectId, person.identifier);
  return openErasure(tx, { id: newId("era"), projectId, reason, hash, person });
}

export async function personOf(
  db: Kysely<DB>,
  projectId: string,
  identifier: string,
): Promise<Person & { readonly known: boolean }> {
  const row = await findCustomer(db, projectId, identifier);
  return {
    known: row !== undefined,
    identifier,
    texts: [row?.email, row?.phone, row?.name].filter((text): text is string => typeof text === "string"),
  };
}

async function isKnown(db: Kysely<DB>, warehouse: ClickHouseClient, projectId: string, identifier: string) {
  if (await isMentioned(db, projectId, identifier)) return true;
  const result = await warehouse.query({
    query: `SELECT count() AS events FROM (
              SELECT 1 FROM events_raw WHERE project_id = {project: String} AND customer = {customer: String} LIMIT 1)`,
    query_params: { project: projectId, customer: identifier },
    format: "JSONEachRow",
  });
  const [row] = await result.json();
  return z.object({ events: z.int() }).parse(row).events > 0;
}
