/** The SQL of pop-ups. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";

export interface WaitingPopup {
  readonly project_id: string;
  readonly customer_id: string;
  readonly id: string;
  readonly content: Record<string, string>;
  readonly created_at: Date;
}

/**
 * Oldest first, on `popup_message_waiting`. Of many customers at once: `projects` and `customers` are pairs. The limit is
 * of each of them: what many leave unread takes nobody else's place.
 */
export async function listWaiting(
  db: Kysely<DB>,
  projects: readonly string[],
  customers: readonly string[],
  limitEach: number,
): Promise<WaitingPopup[]> {
  const { rows } = await sql<WaitingPopup>`
    select m.*
    from unnest(${projects}::text[], ${customers}::text[]) as who(project_id, customer_id)
    cross join lateral (
      select p.project_id, p.customer_id, p.id, p.content, p.created_at from popup_message p
      where p.project_id = who.project_id and p.customer_id = who.customer_id
        and p.dismissed_at is null and p.clicked_at is null and p.expires_at > now()
      order by p.id limit ${limitEach}
    ) m
    order by m.id
  `.execute(db);
  return rows;
}

export type Step = "shown" | "clicked" | "dismissed";

export interface MarkedPopup {
  readonly id: string;
  readonly delivery_id: string;
  readonly publication_id: string | null;
  readonly campaign_id: string | null;
  readonly customer: string;
  /** False: it was marked like that before. */
  readonly isNew: boolean;
}

/** Undefined: the customer has no such pop-up. */
export async function markPopup(
  tx: Transaction<DB>,
  projectId: string,
  customerId: string,
  id: string,
  step: Step,
  at: Date,
): Promise<MarkedPopup | undefined> {
  const column = `${step}_at` as const;
  const { numUpdatedRows } = await tx
    .updateTable("popup_message")
    .set({ [column]: at })
    .where("project_id", "=", projectId)
    .where("customer_id", "=", customerId)
    .where("id", "=", id)
    .where(column, "is", null)
    .executeTakeFirst();
  const row = await tx
    .selectFrom("popup_message as m")
    .innerJoin("customer as k", (join) =>
      join.onRef("k.project_id", "=", "m.project_id").onRef("k.id", "=", "m.customer_id"),
    )
    .select(["m.id", "m.delivery_id", "m.publication_id", "m.campaign_id", "k.identifier as customer"])
    .where("m.project_id", "=", projectId)
    .where("m.customer_id", "=", customerId)
    .where("m.id", "=", id)
    .executeTakeFirst();
  return row && { ...row, isNew: numUpdatedRows === 1n };
}
