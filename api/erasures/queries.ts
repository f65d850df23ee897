import { type Kysely, type Selectable, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Person } from "./person.ts";

export type ErasureRow = Selectable<DB["erasure"]>;

export function findErasure(db: Kysely<DB>, projectId: string, id: string): Promise<ErasureRow | undefined> {
  return db
    .selectFrom("erasure")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

interface NewErasure {
  readonly id: string;
  readonly projectId: string;
  readonly reason: ErasureRow["reason"];
  readonly hash: Buffer;
  readonly person: Person;
}

/** The erasure of this identifier that is under way, or the new one. */
export async function openErasure(tx: Kysely<DB>, erasure: NewErasure): Promise<ErasureRow> {
  const { rows } = await sql<ErasureRow>`
    insert into erasure (project_id, id, reason, status, identifier_hash, person)
    values (${erasure.projectId}, ${erasure.id}, ${erasure.reason}, 'running', ${erasure.hash},
            ${JSON.stringify(erasure.person)}::jsonb)
    on conflict (project_id, identifier_hash) where status = 'running' do update set reason = erasure.reason
    returning *
  `.execute(tx);
  const row = rows[0];
  if (!row) throw new Error("an erasure is neither new nor there");
  return row;
}

/** Whether anything in Postgres names them: a refused attempt or an offer does not make a customer. */
export async function isMentioned(db: Kysely<DB>, projectId: string, identifier: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from rejection r where r.project_id = ${projectId} and r.customer_identifier = ${identifier})
        or exists (select from offer_decision d where d.project_id = ${projectId} and d.customer_identifier = ${identifier})
      as found
  `.execute(db);
  return rows[0]?.found ?? false;
}

export async function isPseudonym(db: Kysely<DB>, projectId: string, identifier: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from erasure e where e.project_id = ${projectId} and ${identifier} = any(e.pseudonyms)) as found
  `.execute(db);
  return rows[0]?.found ?? false;
}
