/**
 * Makes the vouchers of staged rows, a chunk at a time: vouchers, customers, events, errors, the rows' deletion and the
 * progress are one transaction, so that an import that any process began is ended by any other, each row once.
 */
import type pg from "pg";
import type { DB } from "../../db/tables.ts";
import { newId } from "../../ids.ts";
import { deleteStaged, deleteUpTo, failImport, voucherImports } from "../../imports/staging.ts";
import { announceVouchers } from "../announce.ts";
import { type ChunkDeps, runChunks } from "../chunks.ts";
import { customersByIdentifier } from "../customers-by-identifier.ts";
import { kyselyOn } from "../kysely-on.ts";
import type { StagedRow } from "./queries.ts";
import { type ImportedVoucher, type RowError, readVoucherRow } from "./rows.ts";

const chunkSize = 1_000;
/** An upload that stages nothing for so long has lost its process. */
const silentMinutes = 15;

interface OpenImport {
  readonly projectId: string;
  readonly id: string;
  readonly campaignId: string;
  readonly template: DB["campaign"]["template"];
  readonly status: "receiving" | "running" | "failed";
  readonly lineDone: number;
}

/** Runs until `signal` aborts. */
export async function runVoucherImports(deps: ChunkDeps, signal: AbortSignal): Promise<void> {
  await runChunks<OpenImport>(
    deps,
    {
      name: "voucher imports",
      claim: claimImport,
      async work(client, task) {
        if (task.status === "running") await makeVouchers(client, task);
        else if (task.status === "receiving") await failImport(client, voucherImports, task, "The upload broke off.");
        else await deleteStaged(client, voucherImports, task);
      },
      giveUp: (task, reason) => failImport(deps.pool, voucherImports, task, reason),
    },
    signal,
  );
}

async function claimImport(client: pg.PoolClient): Promise<OpenImport | undefined> {
  const result = await client.query(
    `select i.project_id, i.id, i.campaign_id, i.status, i.line_done, c.template
     from voucher_import i join campaign c on c.project_id = i.project_id and c.id = i.campaign_id
     where i.staged and (i.status <> 'receiving' or i.updated_at < clock_timestamp() - make_interval(mins => $1))
     order by i.updated_at, i.id limit 1 for update of i skip locked`,
    [silentMinutes],
  );
  const row = result.rows[0];
  if (row === undefined) return undefined;
  return {
    projectId: row.project_id,
    id: row.id,
    campaignId: row.campaign_id,
    template: row.template,
    status: row.status,
    lineDone: row.line_done,
  };
}

async function makeVouchers(client: pg.PoolClient, task: OpenImport): Promise<void> {
  const { rows } = await client.query<StagedRow>(
    `select line, content, fault from voucher_import_row where project_id = $1 and import_id = $2 and line > $3
     order by line limit $4`,
    [task.projectId, task.id, task.lineDone, chunkSize],
  );
  const lineDone = rows.at(-1)?.line ?? task.lineDone;
  const read = rows.map((row) => readStaged(row, task.template));
  const { vouchers, errors } = withoutTwins(read);
  const made = await insertVouchers(client, task, vouchers);
  const taken = vouchers.filter((voucher) => !made.has(voucher.code));
  await insertErrors(client, task, [
    ...errors,
    ...taken.map(({ line }) => ({ line, field: "code", reason: "The code exists already." })),
  ]);
  await deleteUpTo(client, voucherImports.rows, task, lineDone);
  await client.query(
    `update voucher_import
     set line_done = $3, imported = imported + $4, failed = failed + $5, status = case when $6 then 'done' else status end,
         staged = not $6, updated_at = clock_timestamp()
     where project_id = $1 and id = $2`,
    [task.projectId, task.id, lineDone, made.size, errors.length + taken.length, rows.length < chunkSize],
  );
}

function readStaged({ line, content, fault }: StagedRow, template: OpenImport["template"]): ImportedVoucher | RowError {
  if (content === null) return { line, field: "", reason: fault ?? "The line could not be read." };
  return readVoucherRow(line, JSON.parse(content), template);
}

/** The first row with a code is the one that counts. */
function withoutTwins(read: readonly (ImportedVoucher | RowError)[]) {
  const errors: RowError[] = [];
  const byCode = new Map<string, ImportedVoucher>();
  for (const row of read) {
    if ("reason" in row) {
      errors.push(row);
      continue;
    }
    const first = byCode.get(row.code);
    if (first) errors.push({ line: row.line, field: "code", reason: `The code stands in line ${first.line} already.` });
    else byCode.set(row.code, row);
  }
  return { vouchers: [...byCode.values()], errors };
}

/** Customers before vouchers, each in order, like everywhere. @returns the codes that were free */
async function insertVouchers(
  client: pg.PoolClient,
  task: OpenImport,
  vouchers: readonly ImportedVoucher[],
): Promise<Set<string>> {
  if (vouchers.length === 0) return new Set();
  const at = new Date();
  const taken = await client.query<{ code: string }>(
    "select code from voucher where project_id = $1 and code = any($2::text[])",
    [task.projectId, vouchers.map((voucher) => voucher.code)],
  );
  const known = new Set(taken.rows.map((row) => row.code));
  const free = vouchers.filter((voucher) => !known.has(voucher.code));
  const named = free.flatMap(({ customer }) => (customer === null ? [] : [customer]));
  const customers = await customersByIdentifier(client, task.projectId, named, at);
  const records = free.map(({ line: _, customer, ...voucher }) => ({
    ...voucher,
    id: newId("vou"),
    customer_id: customer === null ? null : customers.get(customer),
  }));
  const inserted = await client.query<{ id: string; code: string }>(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, balance_amount,
                          balance_initial, customer_id, starts_at, expires_at, metadata, created_at, updated_at)
     select $1, r.id, r.code, $2, r.kind, 'created', r.redemptions_max, r.balance_amount, r.balance_amount,
            r.customer_id, r.starts_at, r.expires_at, r.metadata, $4, $4
     from jsonb_to_recordset($3::jsonb) as r(id text, code text, kind text, redemptions_max bigint,
       balance_amount bigint, customer_id text, starts_at timestamptz, expires_at timestamptz, metadata jsonb)
     order by r.code
     on conflict (project_id, code) do nothing returning id, code`,
    [task.projectId, task.campaignId, JSON.stringify(records), at],
  );
  const ids = new Map(inserted.rows.map((row) => [row.code, row.id]));
  const announced = free.flatMap(({ code, kind, customer, balance_amount, expires_at }) => {
    const id = ids.get(code);
    if (id === undefined) return [];
    const reference = customer === null ? null : { identifier: customer };
    return [
      { id, campaign_id: task.campaignId, code, kind, balance_amount, expires_at, batch_id: null, customer: reference },
    ];
  });
  await announceVouchers(kyselyOn(client), task.projectId, "voucher.created", announced, at.toISOString());
  return new Set(ids.keys());
}

async function insertErrors(client: pg.PoolClient, task: OpenImport, errors: readonly RowError[]): Promise<void> {
  await client.query(
    `insert into voucher_import_error (project_id, import_id, line, field, reason)
     select $1, $2, e.line, e.field, e.reason
     from jsonb_to_recordset($3::jsonb) as e(line bigint, field text, reason text)`,
    [task.projectId, task.id, JSON.stringify(errors.map((error) => ({ ...error, field: error.field.slice(0, 100) })))],
  );
}
