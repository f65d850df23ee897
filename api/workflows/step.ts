/** One step of a run: its effect, what is written down of it, and the job of the next one are one transaction. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { act } from "./actions.ts";
import { readVersion } from "./active.ts";
import { nextAt, zoneOf } from "./clock.ts";
import type { Definition } from "./definition.ts";
import { cancelRun } from "./end-runs.ts";
import { type Customer, meets } from "./facts.ts";
import { endRun, lockRun, note, type RunRow, updateRun } from "./runs.ts";
import { failureOf } from "./step-failure.ts";
import { addStepJobs } from "./step-job.ts";
import { type Action, type Step, type StepOf, waitMs } from "./step-schema.ts";
import { stillStands } from "./still-stands.ts";

export interface StepKey {
  readonly project_id: string;
  readonly run_id: string;
  readonly position: number;
}

/** What is not due, or was done already, does nothing: a job may come twice. @param at what counts as now. */
export async function runStep(tx: Transaction<DB>, key: StepKey, at: Date): Promise<void> {
  const run = await lockRun(tx, key.project_id, key.run_id);
  if (run?.status !== "running" || run.position !== key.position || run.due_at > at) return;
  const status = await holdWorkflow(tx, run);
  if (status === "archived") return cancelRun(tx, run, "workflow_archived", at);
  if (status !== "active") {
    await note(tx, run, { position: run.position, kind: null, outcome: "held", reason: "paused" }, at);
    return updateRun(tx, run, { held: true, checked: false });
  }
  const definition = await readVersion(tx, run);
  const step = definition.steps[run.position];
  const customer = await readCustomer(tx, run.project_id, run.customer_id);
  if (step === undefined || customer === undefined) throw new Error("a run has no such step, or no customer");
  await takeStep(tx, { run, definition, customer, at }, step);
}

interface Taking {
  readonly run: RunRow;
  readonly definition: Definition;
  readonly customer: Customer;
  readonly at: Date;
}

async function takeStep(tx: Transaction<DB>, taking: Taking, step: Step): Promise<void> {
  const { run, definition, customer, at } = taking;
  const { project_id: projectId, position, trigger: occurrence } = run;
  const { settings } = definition;
  if (step.type === "wait") {
    const until = endOfWait(step, taking);
    await note(tx, run, { position, kind: step.type, outcome: "waiting", detail: { until: until.toISOString() } }, at);
    return goOn(tx, taking, { due_at: until, checked: false });
  }
  if (step.type === "condition") {
    const met = await meets(tx, step.rule, { projectId, customer, settings, occurrence, at });
    await note(tx, run, { position, kind: step.type, outcome: met ? "met" : "not_met" }, at);
    return met ? goOn(tx, taking, { due_at: at }) : endRun(tx, run, "stopped", "condition_not_met", at);
  }
  const against = run.checked ? null : await objectionTo(tx, taking);
  if (against !== null) {
    await note(tx, run, { position, kind: step.type, outcome: "not_met", reason: against }, at);
    return endRun(tx, run, (await hasActed(tx, run)) ? "stopped" : "skipped", against, at);
  }
  await takeAction(tx, taking, step);
}

async function takeAction(tx: Transaction<DB>, taking: Taking, step: Action): Promise<void> {
  const { run, definition, customer, at } = taking;
  const entry = { position: run.position, kind: step.type };
  const person = step.to === "referrer" ? await findReferrer(tx, run) : customer;
  if (person === undefined) {
    await note(tx, run, { ...entry, outcome: "withheld", reason: "no_referrer" }, at);
    return goOn(tx, taking, { due_at: at, checked: true });
  }
  const done = await act(tx, step, { run, settings: definition.settings, person, at });
  if (done.outcome === "later") {
    const detail = { until: done.until.toISOString() };
    await note(tx, run, { ...entry, outcome: "held", reason: done.reason, detail }, at);
    await updateRun(tx, run, { due_at: done.until, checked: false });
    const { project_id, id: run_id, position, priority } = run;
    return addStepJobs(tx, [{ project_id, run_id, position, priority, due_at: done.until }]);
  }
  await note(tx, run, { ...entry, ...done }, at);
  return goOn(tx, taking, { due_at: at, checked: true });
}

/** To the next step, or to the end. */
async function goOn(
  tx: Transaction<DB>,
  { run, definition, at }: Taking,
  change: { readonly due_at: Date; readonly checked?: boolean },
): Promise<void> {
  const position = run.position + 1;
  if (position >= definition.steps.length) {
    await updateRun(tx, run, { position });
    return endRun(tx, { ...run, position }, "finished", null, at);
  }
  await updateRun(tx, run, { position, ...change });
  const { project_id, id: run_id, priority } = run;
  await addStepJobs(tx, [{ project_id, run_id, position, priority, due_at: change.due_at }]);
}

/** Asked again right before something is done, for the run may have waited. Null: nothing speaks against it. */
async function objectionTo(tx: Transaction<DB>, { run, definition, customer, at }: Taking): Promise<string | null> {
  const { conditions, settings } = definition;
  const fallen = await stillStands(tx, run);
  if (fallen !== null) return fallen;
  if (conditions === null) return null;
  const asked = { projectId: run.project_id, customer, settings, occurrence: run.trigger, at };
  return (await meets(tx, conditions, asked)) ? null : "conditions_not_met";
}

function endOfWait(step: StepOf<"wait">, { definition, customer, at }: Taking): Date {
  if (step.until === undefined) return new Date(at.getTime() + waitMs(step));
  return nextAt(at, step.until, zoneOf(definition.settings, customer.attributes));
}

/** Keeps its status as it is until the step is done: whoever activates it finds every run that was held before. */
async function holdWorkflow(tx: Transaction<DB>, run: RunRow): Promise<string> {
  const { status } = await tx
    .selectFrom("workflow")
    .select("status")
    .where("project_id", "=", run.project_id)
    .where("id", "=", run.workflow_id)
    .forShare()
    .executeTakeFirstOrThrow();
  return status;
}

function readCustomer(tx: Kysely<DB>, projectId: string, id: string): Promise<Customer | undefined> {
  return tx
    .selectFrom("customer")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Whose referral code the redemption used; of several the first. */
async function findReferrer(tx: Kysely<DB>, run: RunRow): Promise<Customer | undefined> {
  const { rows } = await sql<{ referrer_id: string }>`
    select v.referrer_id from voucher v
    where v.project_id = ${run.project_id} and v.id = any(${[...run.trigger.voucherIds]}::text[])
      and v.referrer_id is not null and v.referrer_id <> ${run.customer_id}
    order by array_position(${[...run.trigger.voucherIds]}::text[], v.id::text) limit 1`.execute(tx);
  return rows[0] && readCustomer(tx, run.project_id, rows[0].referrer_id);
}

async function hasActed(tx: Kysely<DB>, run: RunRow): Promise<boolean> {
  const row = await tx
    .selectFrom("workflow_run_entry")
    .select("entry")
    .where("project_id", "=", run.project_id)
    .where("run_id", "=", run.id)
    .where("outcome", "=", "done")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Writes down that a step failed, after its transaction was rolled back. After the last attempt the run has failed.
 * @returns whether it is over with.
 */
export async function noteFailure(
  tx: Transaction<DB>,
  key: StepKey,
  error: unknown,
  attempt: { readonly number: number; readonly isLast: boolean },
  at: Date,
): Promise<boolean> {
  const run = await lockRun(tx, key.project_id, key.run_id);
  if (run?.status !== "running" || run.position !== key.position) return true;
  const { reason, isPermanent } = failureOf(error);
  const definition = await readVersion(tx, run);
  const kind = definition.steps[run.position]?.type ?? null;
  const detail = { attempt: attempt.number };
  await note(tx, run, { position: run.position, kind, outcome: "failed", reason, detail }, at);
  if (!isPermanent && !attempt.isLast) return false;
  await endRun(tx, run, "failed", reason, at);
  return true;
}
