/** Begins runs: at most one for a workflow, what set it off and a customer. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { newId } from "../ids.ts";
import type { Settings } from "./definition.ts";
import { announceRuns } from "./runs.ts";
import { addStepJobs } from "./step-job.ts";
import type { Occurrence } from "./trigger-match.ts";
import { takeTurns } from "./turns.ts";

export interface Candidate {
  readonly projectId: string;
  readonly workflow: { readonly id: string; readonly version: number; readonly settings: Settings };
  readonly customerId: string;
  readonly triggerKey: string;
  /** What keeps it out is written down as a run that was skipped, so that it is not asked about again. */
  readonly comesOnce: boolean;
  /** Why there is only such a run; null: it may begin. */
  readonly refused: "conditions_not_met" | null;
  readonly occurrence: Occurrence;
  /** Runs that led to what set it off. */
  readonly depth: number;
  /** When its first step is due. */
  readonly dueAt: Date;
}

/** What one run does may set off another so often; then it ends. */
export const depthMax = 5;
/** A circle that leads through something outside, like a dynamic segment, has no depth: it ends by this. */
const entriesADayMax = 50;

const dayMs = 86_400_000;

/** Rows are parameters, of which a statement has 65,535. */
const runsAtOnce = 1_000;

/** @returns how many began, those that are skipped at once included. Others that are kept out leave nothing behind. */
export async function startRuns(tx: Kysely<DB>, candidates: readonly Candidate[], at: Date): Promise<number> {
  let began = 0;
  for (let from = 0; from < candidates.length; from += runsAtOnce) {
    began += await startSome(tx, candidates.slice(from, from + runsAtOnce), at);
  }
  return began;
}

async function startSome(tx: Kysely<DB>, candidates: readonly Candidate[], at: Date): Promise<number> {
  const entries = await readEntries(tx, candidates, at);
  const begins = candidates.flatMap((candidate) => {
    const refused = candidate.refused ?? (admits(entries, candidate, at) ? null : "entry");
    return refused === null || candidate.comesOnce ? [{ ...candidate, refused }] : [];
  });
  if (begins.length === 0) return 0;
  const turns = await takeTurns(
    tx,
    begins.map(({ projectId }) => projectId),
  );
  const rows = begins.map((candidate, index) => {
    const refused = candidate.refused ?? (candidate.depth > depthMax ? "loop" : null);
    return {
      project_id: candidate.projectId,
      id: newId("wfr"),
      workflow_id: candidate.workflow.id,
      version: candidate.workflow.version,
      customer_id: candidate.customerId,
      trigger_key: candidate.triggerKey,
      trigger: JSON.stringify(candidate.occurrence),
      depth: candidate.depth,
      status: refused === null ? ("running" as const) : ("skipped" as const),
      reason: refused,
      due_at: candidate.dueAt,
      priority: turns[index] ?? 0,
      started_at: at,
      ended_at: refused === null ? null : at,
    };
  });
  const inserted = await tx
    .insertInto("workflow_run")
    .values(rows)
    .onConflict((conflict) => conflict.columns(["project_id", "workflow_id", "trigger_key", "customer_id"]).doNothing())
    .returning(["id"])
    .execute();
  const begun = new Set(inserted.map((row) => row.id));
  const began = rows.flatMap((row, index) => {
    const candidate = begins[index];
    return candidate !== undefined && begun.has(row.id) ? [{ ...row, position: 0, trigger: candidate.occurrence }] : [];
  });
  for (const projectId of new Set(began.map((row) => row.project_id))) {
    await announceRuns(
      tx,
      projectId,
      began.filter((row) => row.project_id === projectId),
      at,
    );
  }
  await addStepJobs(
    tx,
    began
      .filter((row) => row.status === "running")
      .map(({ project_id, id: run_id, due_at, priority }) => ({ project_id, run_id, position: 0, due_at, priority })),
  );
  return began.length;
}

/** Of one workflow and customer. */
export interface Entries {
  count: number;
  lastDay: number;
  running: boolean;
  last: Date | null;
}

const keyOf = (workflowId: string, customerId: string) => `${workflowId} ${customerId}`;

/** What the customers' earlier runs are, by workflow and customer; those that began under the same key do not count. */
async function readEntries(tx: Kysely<DB>, candidates: readonly Candidate[], at: Date): Promise<Map<string, Entries>> {
  const { rows } = await sql<Entries & { workflow_id: string; customer_id: string }>`
    select r.workflow_id, r.customer_id, count(*) as count, max(r.started_at) as last,
      count(*) filter (where r.started_at > ${new Date(at.getTime() - dayMs)}::timestamptz) as "lastDay",
      bool_or(r.status = 'running') as running
    from (select distinct * from unnest(
      ${candidates.map((c) => c.projectId)}::text[], ${candidates.map((c) => c.workflow.id)}::text[],
      ${candidates.map((c) => c.customerId)}::text[]) as k(project_id, workflow_id, customer_id)) k
    join workflow_run r using (project_id, workflow_id, customer_id)
    where r.status <> 'skipped'
    group by 1, 2`.execute(tx);
  return new Map(rows.map((row) => [keyOf(row.workflow_id, row.customer_id), row]));
}

interface Entering {
  readonly workflow: { readonly id: string; readonly settings: Settings };
  readonly customerId: string;
}

/** Counts what it admits: of several events at once each sees what the others began. */
export function admits(entries: Map<string, Entries>, { workflow, customerId }: Entering, at: Date): boolean {
  const key = keyOf(workflow.id, customerId);
  const before = entries.get(key) ?? { count: 0, lastDay: 0, running: false, last: null };
  const { entry, entry_gap_days: gapDays } = workflow.settings;
  if (entry === "once" && before.count > 0) return false;
  if (entry === "not_while_running" && before.running) return false;
  if (gapDays !== undefined && before.last !== null && before.last.getTime() > at.getTime() - gapDays * dayMs)
    return false;
  if (before.lastDay >= entriesADayMax) return false;
  entries.set(key, { count: before.count + 1, lastDay: before.lastDay + 1, running: true, last: at });
  return true;
}
