/**
 * The brake on guessing codes. Whoever tries too many codes that do not exist is refused until their window ends, for
 * right codes too: who is refused must not learn which codes are right.
 *
 * The table decides, for all processes: `attempt_window (project_id, subject)`, with `subject` as `subjectsOf` makes it.
 * The one read of a decision's facts asks it too (`refusedSecondsSql`), so that a request that nobody minds pays for no
 * round trip. A process remembers whom it has brought to the limit: a flood of theirs does not reach the database.
 */
import { LRUCache } from "lru-cache";
import type pg from "pg";
import type { Deps } from "../deps.ts";
import { Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { defaultGuessLimits, type GuessLimits } from "./limits.ts";
import { type Guesser, subjectsOf } from "./subjects.ts";

type GuessDeps = Pick<Deps, "pool" | "guessing">;

/** One memory a process (in tests: an application): `project subject` → epoch ms until which it is refused. */
const refused = new WeakMap<pg.Pool, LRUCache<string, number>>();

function memoryOf({ pool }: GuessDeps): LRUCache<string, number> {
  const memory = refused.get(pool) ?? new LRUCache<string, number>({ max: 10_000 });
  refused.set(pool, memory);
  return memory;
}

export function guessLimits(deps: Pick<Deps, "guessing">): GuessLimits {
  return deps.guessing ?? defaultGuessLimits;
}

/** Seconds until the last of these subjects may go on, null when all may now: at most three rows by primary key. */
export function refusedSecondsSql(project: string, subjects: string): string {
  return `(
    select greatest(1, ceil(extract(epoch from max(w.ends_at) - now()))::int) from attempt_window w
    where w.project_id = ${project} and w.subject = any(${subjects}) and w.failures >= w.failures_max
      and w.ends_at > now()
    having count(*) > 0)`;
}

/**
 * Refuses those whom this process knows. Call it before anything is read.
 *
 * @param replayKey an answer that was given under this Idempotency-Key is still given: it tells nothing new.
 * @throws Problem 429 `too_many_attempts` with Retry-After
 */
export async function refuseKnown(deps: GuessDeps, guesser: Guesser, replayKey?: string): Promise<void> {
  const memory = memoryOf(deps);
  const until = subjectsOf(guesser).map(({ id }) => memory.get(`${guesser.projectId} ${id}`) ?? 0);
  const ms = Math.max(...until) - Date.now();
  if (ms > 0) await refuseFor(deps, guesser.projectId, Math.ceil(ms / 1000), replayKey);
}

/**
 * Refuses whom the facts' read found in the table. Call it before anything is decided.
 *
 * @param seconds null: nothing is held against them.
 * @throws Problem 429 `too_many_attempts` with Retry-After
 */
export async function refuseFor(
  deps: GuessDeps,
  projectId: string,
  seconds: number | null,
  replayKey?: string,
): Promise<void> {
  if (seconds === null) return;
  if (replayKey !== undefined && (await isAnswered(deps.pool, projectId, replayKey))) return;
  throw tooManyAttempts(seconds);
}

/**
 * Call it once a request is decided, with how many of its codes do not exist.
 *
 * @returns Seconds to wait, when others had used up the window meanwhile: better not answer this one either. Undefined else.
 */
export async function countGuesses(
  deps: GuessDeps,
  guesser: Guesser,
  unknownCodes: number,
): Promise<number | undefined> {
  if (unknownCodes === 0) return undefined;
  const limits = guessLimits(deps);
  const maxima = { key: limits.perKey, customer: limits.perCustomer, ip: limits.perIp };
  const subjects = subjectsOf(guesser);
  const { rows } = await deps.pool.query<CountedRow>({
    name: "count_unknown_codes",
    text: "select subject, failures_before, failures_max, seconds_left from count_unknown_codes($1, $2, $3, $4, $5, $6, $7, $8)",
    values: [
      guesser.projectId,
      subjects.map(({ id }) => id),
      subjects.map(({ kind }) => kind),
      subjects.map(({ kind }) => maxima[kind]),
      subjects.map(() => newId("evt")),
      limits.windowSeconds,
      unknownCodes,
      guesser.customer,
    ],
  });
  const memory = memoryOf(deps);
  for (const row of rows) {
    if (row.failures_before + unknownCodes < row.failures_max) continue;
    memory.set(`${guesser.projectId} ${row.subject}`, Date.now() + row.seconds_left * 1000);
  }
  const over = rows.filter((row) => row.failures_before >= row.failures_max).map((row) => row.seconds_left);
  return over.length === 0 ? undefined : Math.max(1, ...over);
}

interface CountedRow {
  readonly subject: string;
  readonly failures_before: number;
  readonly failures_max: number;
  readonly seconds_left: number;
}

export function tooManyAttempts(seconds: number): Problem {
  return new Problem("too_many_attempts", `Too many codes that do not exist were tried. Wait ${seconds} s.`, {
    headers: { "retry-after": String(seconds) },
  });
}

async function isAnswered(pool: pg.Pool, projectId: string, key: string): Promise<boolean> {
  const { rowCount } = await pool.query("select from idempotency_key where project_id = $1 and key = $2", [
    projectId,
    key,
  ]);
  return rowCount === 1;
}

/** How many `sweepAttempts` deletes at most. */
export const sweptAttemptsMax = 5_000;

/** Deletes windows that have ended; one that begins anew at this moment is left alone. @returns how many went */
export async function sweepAttempts(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from attempt_window where (project_id, subject) in (
       select project_id, subject from attempt_window where ends_at <= now()
       order by ends_at limit $1 for update skip locked)`,
    [sweptAttemptsMax],
  );
  return rowCount ?? 0;
}
