/** What imports of vouchers and all other imports have in common: the end of a job, and of the rows staged for it. */
import type pg from "pg";

/** The tables of one family of imports; the rows name their job as `import_id`. */
interface Staging {
  readonly jobs: "import_job" | "voucher_import";
  readonly rows: "import_row" | "voucher_import_row";
}

interface StagedJob {
  readonly projectId: string;
  readonly id: string;
}

export const anyImports: Staging = { jobs: "import_job", rows: "import_row" };
export const voucherImports: Staging = { jobs: "voucher_import", rows: "voucher_import_row" };

type Client = Pick<pg.Pool, "query">;

const deletedAtOnce = 20_000;

/** Marks a job that is not done as failed. Its staged rows are then deleted by the worker. */
export async function failImport(client: Client, { jobs }: Staging, job: StagedJob, reason: string): Promise<void> {
  await client.query(
    `update ${jobs} set status = 'failed', error = $3, updated_at = clock_timestamp()
     where project_id = $1 and id = $2 and status in ('receiving', 'running')`,
    [job.projectId, job.id, reason],
  );
}

/** Some of the rows that a failed job left; the job is off the worker's list with the last of them. */
export async function deleteStaged(client: Client, { jobs, rows }: Staging, job: StagedJob): Promise<void> {
  // By a range of lines: a delete over a list of them is planned badly while the table has no statistics.
  const found = await client.query<{ upto: number | null; found: number }>(
    `select max(line) as upto, count(*) as found from (
       select line from ${rows} where project_id = $1 and import_id = $2 order by line limit $3) first`,
    [job.projectId, job.id, deletedAtOnce],
  );
  const first = found.rows[0];
  await deleteUpTo(client, rows, job, first?.upto ?? 0);
  if (first?.found === deletedAtOnce) return;
  await client.query(`update ${jobs} set staged = false where project_id = $1 and id = $2`, [job.projectId, job.id]);
}

/** The rows that have been dealt with. */
export async function deleteUpTo(client: Client, rows: Staging["rows"], job: StagedJob, line: number): Promise<void> {
  await client.query(`delete from ${rows} where project_id = $1 and import_id = $2 and line <= $3`, [
    job.projectId,
    job.id,
    line,
  ]);
}
