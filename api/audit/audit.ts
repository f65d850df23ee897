/**
 * Recomputes every counter from the records that only ever grow, and compares. All of it is read in one snapshot, so that
 * it is exact while redemptions go on.
 */
import type pg from "pg";
import { z } from "zod";
import { type Account, accounts } from "./accounts.ts";

interface Difference {
  readonly projectId: string;
  readonly account: string;
  /** In the order of the check's figures; text, as sums may pass any number's range. */
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

export interface AuditedAccounts {
  readonly name: string;
  readonly figures: readonly string[];
  readonly accounts: number;
  readonly differing: number;
  /** The first of them, by project and account. */
  readonly differences: readonly Difference[];
}

/** Of each kind of account; the rest is only counted. */
const differencesMax = 20;

/** @param projectId null audits every project. */
export async function audit(pool: pg.Pool, projectId: string | null): Promise<readonly AuditedAccounts[]> {
  const client = await pool.connect();
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query(
      "set local statement_timeout = '30min'; set local idle_in_transaction_session_timeout = '5min'; set local work_mem = '64MB'",
    );
    const results = await auditInside(client, projectId);
    await client.query("commit");
    return results;
  } finally {
    // Closed, not reused: after a failure the transaction may still be open.
    client.release(true);
  }
}

/** The same inside a transaction, whose isolation is the caller's business. */
export async function auditInside(client: pg.PoolClient, projectId: string | null): Promise<AuditedAccounts[]> {
  const results: AuditedAccounts[] = [];
  for (const account of accounts) {
    const { rows } = await client.query(comparison(account), [projectId]);
    results.push({ name: account.name, figures: account.figures, ...row.parse(rows[0]) });
  }
  return results;
}

const row = z
  .object({
    accounts: z.coerce.number(),
    differing: z.coerce.number(),
    differences: z.array(
      z.object({
        project_id: z.string(),
        account: z.string(),
        expected: z.array(z.string()),
        actual: z.array(z.string()),
      }),
    ),
  })
  .transform(({ differences, ...counts }) => ({
    ...counts,
    differences: differences.map(({ project_id, ...found }) => ({ projectId: project_id, ...found })),
  }));

function comparison({ figures, expected, actual }: Account): string {
  const side = (name: string) => `array[${figures.map((_, at) => `coalesce(${name}.f${at + 1}, 0)::text`).join(", ")}]`;
  return `
    with compared as materialized (
      select project_id, account, ${side("e")} as expected, ${side("a")} as actual
      from (${expected}) e full join (${actual}) a using (project_id, account)
    ), differing as (
      select * from compared where expected <> actual
    )
    select (select count(*) from compared) as accounts, (select count(*) from differing) as differing,
           coalesce((select jsonb_agg(to_jsonb(d)) from (
             select * from differing order by project_id, account limit ${differencesMax}) d), '[]') as differences`;
}
