/**
 * The two ways of keeping a project's dynamic segments right. Who was touched by an event is looked at within seconds:
 * the wide rows of customers say by `refreshed_at` who that is. And everybody is looked at when rules are new, when time
 * alone moves people (windows, ages, birthdays, scores), and once a day in any case.
 *
 * What is done is written in Postgres, where members are; both ways may be broken off and repeated anywhere.
 */
import { readClock } from "./ask.ts";
import { type Definition, findDefinitions, readSeenTo, writeEvaluated, writeSeenTo } from "./definitions.ts";
import { type EvaluationDeps, evaluateBatch, PassContext } from "./evaluate.ts";

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

/** A look that is under way. It lives in memory: one that is broken off begins anew. */
export interface Round {
  /** Those who were touched; undefined: everybody. By the clock of the warehouse, epoch ms. */
  readonly touched: { readonly since: number; readonly upto: number } | undefined;
  readonly context: PassContext;
  readonly beganAt: Date;
  /** By id; those whose rules change meanwhile, or are refused, are left to a look at everybody. */
  readonly versions: ReadonlyMap<string, number>;
  readonly after: string;
  readonly customers: number;
  readonly entered: number;
  readonly left: number;
}

function newRound(definitions: readonly Definition[], touched: Round["touched"], now: Date): Round {
  const versions = new Map(definitions.map(({ id, version }) => [id, version]));
  const nothing = { after: "", customers: 0, entered: 0, left: 0 };
  return { touched, context: new PassContext(), beganAt: now, versions, ...nothing };
}

/** At customers whose wide rows changed since the last such look. */
export async function beginTouched(deps: EvaluationDeps, projectId: string, now: Date): Promise<Round | undefined> {
  const definitions = (await findDefinitions(deps.db, projectId)).filter((one) => mayBeAsked(one, now));
  const upto = await readClock(deps.warehouse);
  const seenTo = await readSeenTo(deps.db, projectId);
  // Before the first pass nothing is evaluated yet: everybody is looked at anyway.
  if (seenTo !== undefined && definitions.length > 0) {
    return newRound(definitions, { since: seenTo - unseenMs, upto }, now);
  }
  await writeSeenTo(deps.db, projectId, upto);
  return undefined;
}

/** At everybody; undefined when nobody needs one. */
export async function beginRound(deps: EvaluationDeps, projectId: string, now: Date): Promise<Round | undefined> {
  const due = (await findDefinitions(deps.db, projectId)).filter((definition) => isDue(definition, now));
  return due.length === 0 ? undefined : newRound(due, undefined, now);
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
  if (definitions.length === 0) return endRound(deps, projectId, round, []);
  const from = { projectId, after: round.after, since: round.touched?.since ?? null };
  const batch = await evaluateBatch(deps, definitions, round.context, from, now);
  if (batch.upto === undefined) return endRound(deps, projectId, round, definitions);
  const versions = new Map(round.versions);
  for (const { id } of batch.failed) versions.delete(id);
  const total = {
    customers: round.customers + batch.customers,
    entered: round.entered + batch.entered,
    left: round.left + batch.left,
  };
  return { round: { ...round, ...total, versions, after: batch.upto }, isOver: false };
}

async function endRound(deps: EvaluationDeps, projectId: string, round: Round, definitions: readonly Definition[]) {
  const { touched, beganAt } = round;
  if (touched !== undefined) await writeSeenTo(deps.db, projectId, touched.upto);
  else if (definitions.length > 0) await writeEvaluated(deps.db, projectId, definitions, beganAt);
  return { round, isOver: true } as const;
}

/** All of it: for tests, and for who has no worker. */
export async function evaluateTouched(deps: EvaluationDeps, projectId: string, now: Date): Promise<Passed> {
  return toItsEnd(deps, projectId, await beginTouched(deps, projectId, now), now);
}

/** As `evaluateTouched`. */
export async function evaluateEverybody(deps: EvaluationDeps, projectId: string, now: Date): Promise<Passed> {
  return toItsEnd(deps, projectId, await beginRound(deps, projectId, now), now);
}

async function toItsEnd(deps: EvaluationDeps, projectId: string, begun: Round | undefined, now: Date): Promise<Passed> {
  let round = begun;
  if (round === undefined) return { customers: 0, entered: 0, left: 0 };
  for (;;) {
    const step = await continueRound(deps, projectId, round, now);
    round = step.round;
    if (step.isOver) return { customers: round.customers, entered: round.entered, left: round.left };
  }
}
