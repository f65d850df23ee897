import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { announceCustomer } from "./announce.ts";
import { findCustomer } from "./find.ts";
import type { CustomerRow } from "./queries.ts";
import type { CustomerBody } from "./schemas.ts";

export interface Upserted {
  readonly row: CustomerRow;
  readonly outcome: "created" | "updated" | "unchanged";
}

/** Makes or changes a customer and announces it. The same call again changes and announces nothing. */
export async function upsertCustomer(
  tx: Kysely<DB>,
  projectId: string,
  identifier: string,
  body: CustomerBody,
  now: Date,
): Promise<Upserted> {
  const given = givenColumns(body);
  const written = await write(tx, projectId, identifier, given, body.created_at ? new Date(body.created_at) : now, now);
  if (written) {
    await announceCustomer(tx, written.created ? "customer.created" : "customer.updated", written.row, now);
    return { row: written.row, outcome: written.created ? "created" : "updated" };
  }
  const row = await findCustomer(tx, projectId, identifier);
  if (!row) throw new Error("a customer is neither new nor there");
  return { row, outcome: "unchanged" };
}

/** The columns that the body names, with values as they are written. */
function givenColumns(body: CustomerBody) {
  const { created_at: _firstCallOnly, attributes, tags, consent, metadata, ...plain } = body;
  const documents = { attributes, tags, consent, metadata };
  const texts = Object.fromEntries(
    Object.entries(documents).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])),
  );
  return { ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)), ...texts };
}

/** One statement, so that of two calls at once neither fails and neither is lost. Undefined when nothing differs. */
async function write(
  tx: Kysely<DB>,
  projectId: string,
  identifier: string,
  given: Record<string, unknown>,
  createdAt: Date,
  now: Date,
): Promise<{ row: CustomerRow; created: boolean } | undefined> {
  const names = Object.keys(given);
  const row = await tx
    .insertInto("customer")
    .values({
      project_id: projectId,
      id: newId("cus"),
      identifier,
      attributes: "{}",
      tags: "{}",
      consent: "{}",
      metadata: "{}",
      ...given,
      created_at: createdAt,
      updated_at: now,
    })
    .onConflict((oc) =>
      oc
        .columns(["project_id", "identifier"])
        .doUpdateSet({
          ...Object.fromEntries(names.map((name) => [name, sql.ref(`excluded.${name}`)])),
          updated_at: now,
        })
        .where(
          names.length === 0
            ? sql<boolean>`false`
            : sql<boolean>`(${sql.join(names.map((name) => sql.ref(`customer.${name}`)))}) is distinct from
                (${sql.join(names.map((name) => sql.ref(`excluded.${name}`)))})`,
        ),
    )
    .returningAll()
    // A row that this statement inserted has no deleting transaction; one that it updated had been locked by it.
    .returning(sql<boolean>`xmax = 0`.as("created"))
    .executeTakeFirst();
  if (!row) return undefined;
  const { created, ...stored } = row;
  return { row: stored, created };
}
