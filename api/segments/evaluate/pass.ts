/**
 * The two ways of keeping a project's dynamic segments right. Who was touched by an event is looked at within seconds:
 * the wide rows of customers say by `refreshed_at` who that is. And everybody is looked at when rules are new, when time
 * alone moves people (windows, ages, birthdays, scores), and once a day in any case.
 *
 * What is done is written in Postgres, where members are; both ways may be broken off and repeated anywhere.
 */
import { readClock } from "./ask.ts";
import { type Definition, findDefinitions, readSeenTo, writeEvaluated, writeSeenTo } from "./definitions.ts";
import { type Evaluated, type EvaluationDeps, evaluateBatch, PassContext } from "./evaluate.ts";

/**
 * A wide row is seen this much later than it says it was made, at most: the insert that makes it is given up after 30 s.
 * A customer who is looked at twice is moved once.
 */
const unseenMs = 45_000;
const driftEveryMs = 15 * 60_000;
const everybodyEveryMs = 24 * 3_600_000;
const failedAgainMs = 10 * 60_000;

export interface Passed {
  readonly customers: number;
  readonly entered: number;
  readonly left: number;
}

/** Customers whose wide rows changed since the last such pass. */
export async function evaluateTouched(deps: EvaluationDeps, projectId: string, now: Date): Promise<Passed> {
  const definitions = (await findDefinitions(deps.db, projectId)).filter((one) => mayBeAsked(one, now));
  const startedAt = await readClock(deps.warehouse);
  const seenTo = await readSeenTo(deps.db, projectId);
  const total = { customers: 0, entered: 0, left: 0 };
  // Before the first pass nothing is evaluated yet: everybody is looked at anyway.
  if (seenTo !== undefined && definitions.length > 0) {
    const context = new PassContext();
    let after = "";
    for (;;) {
      const from = { projectId, after, since: seenTo - unseenMs };
      const batch = await evaluateBatch(deps, definitions, context, from, now);
      add(total, batch);
      if (batch.upto === undefined) break;
      after = batch.upto;
    }
  }
  await writeSeenTo(deps.db, projectId, startedAt);
  return total;
}

function add(total: { customers: number; entered: number; left: number }, batch: Evaluated): void {
  total.customers += batch.customers;
  total.entered += batch.entered;
  total.left += batch.left;
}

function mayBeAsked({ failedAt }: Definition, now: Date): boolean {
  return failedAt === null || now.getTime() - failedAt.getTime() >= failedAgainMs;
}

function isDue(definition: Definition, now: Date): boolean {
  if (!mayBeAsked(definition, now)) return false;
  const { evaluatedVersion, version, wholeAt, failedAt } = definition;
  if (failedAt !== null || evaluatedVersion !== version || wholeAt === null) return true;
  const age = now.getTime() - wholeAt.getTime();
  return age >= (definition.drifts ? driftEveryMs : everybodyEveryMs);
}

/** A look at everybody that is under way. It lives in memory: one that is broken off begins anew. */
export interface Round {
  readonly context: PassContext;
  readonly beganAt: Date;
  /** By id; those whose rules change meanwhile are left to the next round. */
  readonly versions: ReadonlyMap<string, number>;
  readonly after: string;
  readonly customers: number;
  readonly entered: number;
  readonly left: number;
}

/** Undefined when nobody needs one. */
export async function beginRound(deps: EvaluationDeps, projectId: string, now: Date): Promise<Round | undefined> {
  const due = (await findDefinitions(deps.db, projectId)).filter((definition) => isDue(definition, now));
  if (due.length === 0) return undefined;
  const versions = new Map(due.map(({ id, version }) => [id, version]));
  return { context: new PassContext(), beganAt: now, versions, after: "", customers: 0, entered: 0, left: 0 };
}

/** One batch more, as of `now`: between two batches others are looked at. @returns the round as it is then, and whether it is at its end. */
export async function continueRound(
  deps: EvaluationDeps,
  projectId: string,
  round: Round,
  now: Date,
): Promise<{ readonly round: Round; readonly isOver: boolean }> {
  const definitions = (await findDefinitions(deps.db, projectId)).filter(
    ({ id, version }) => round.versions.get(id) === version,
  );
  if (definitions.length === 0) return { round, isOver: true };
  const from = { projectId, after: round.after, since: null };
  const batch = await evaluateBatch(deps, definitions, round.context, from, now);
  const versions = new Map(round.versions);
  for (const { id } of batch.failed) versions.delete(id);
  if (batch.upto === undefined) {
    await writeEvaluated(
      deps.db,
      projectId,
      definitions.map(({ id, version }) => ({ id, version })),
      round.beganAt,
    );
    return { round, isOver: true };
  }
  const total = { customers: round.customers, entered: round.entered, left: round.left };
  add(total, batch);
  return { round: { ...round, ...total, versions, after: batch.upto }, isOver: false };
}

/** All of it: for tests, and for who has no worker. */
export async function evaluateEverybody(deps: EvaluationDeps, projectId: string, now: Date): Promise<Passed> {
  let round = await beginRound(deps, projectId, now);
  if (round === undefined) return { customers: 0, entered: 0, left: 0 };
  for (;;) {
    const step = await continueRound(deps, projectId, round, now);
    round = step.round;
    if (step.isOver) return { customers: round.customers, entered: round.entered, left: round.left };
  }
}
