/** The first step, and the one that counts at once: the customer's row loses its identifier and all that it says. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { newId } from "../ids.ts";
import type { Person } from "./person.ts";
import type { ErasureRow } from "./queries.ts";
import type { Erased } from "./rewrite-places.ts";
import { transaction } from "./rewrite-places.ts";

/**
 * Renames the row of the identifier, if there is one, under a new pseudonym, and announces the erasure under it. What
 * was known of the person goes into the erasure, which the later steps search with. One transaction: after a crash
 * either nothing happened, or the erasure knows the pseudonym.
 */
export function renameCustomer(client: pg.ClientBase, erasure: ErasureRow, person: Person): Promise<Erased> {
  const { project_id: projectId, id } = erasure;
  return transaction(client, async () => {
    const fresh = `erased_${randomBytes(12).toString("hex")}`;
    const found = await client.query<{ id: string; name: string | null; email: string | null; phone: string | null }>(
      "select id, name, email, phone from customer where project_id = $1 and identifier = $2 for update",
      [projectId, person.identifier],
    );
    const row = found.rows[0];
    const renames = row !== undefined || erasure.pseudonyms.length === 0;
    if (row !== undefined) {
      await client.query(
        `update customer set identifier = $3, name = null, email = null, phone = null, birthday = null, attributes = '{}',
           tags = '{}', consent = '{}', metadata = '{}', updated_at = now()
         where project_id = $1 and id = $2`,
        [projectId, row.id, fresh],
      );
    }
    const known = [row?.email, row?.phone, row?.name].filter((text): text is string => typeof text === "string");
    const searched: Person = { ...person, texts: [...new Set([...person.texts, ...known])] };
    // Events and documents all go under the first one, however often the work is begun again: a copy of an event must
    // be the same in both stores. Rows of customers who came meanwhile need names of their own.
    const pseudonym = erasure.pseudonyms[0] ?? fresh;
    if (renames) {
      await client.query(
        `update erasure
         set pseudonyms = array_append(pseudonyms, $3), customer_ids = customer_ids || $4::text[], person = $5, renamed_at = now()
         where project_id = $1 and id = $2`,
        [projectId, id, fresh, row === undefined ? [] : [row.id], JSON.stringify(searched)],
      );
    }
    if (erasure.pseudonyms.length === 0) {
      await client.query(
        `insert into outbox (event_id, project_id, type, version, occurred_at, payload)
         values ($1, $2, 'customer.erased', 1, now(), jsonb_build_object('customer', $3::text))`,
        [newId("evt"), projectId, pseudonym],
      );
    }
    return {
      projectId,
      person: searched,
      customerIds: [...erasure.customer_ids, ...(row === undefined ? [] : [row.id])],
      pseudonym,
    };
  });
}
