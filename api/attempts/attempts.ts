/**
 * The brake on guessing codes. Whoever tries too many codes that do not exist is refused until their window ends, for
 * right codes too: who is refused must not learn which codes are right.
 *
 * The table decides, for all processes: `attempt_window (project_id, subject)`, with `subject` as `subjectsOf` makes it.
 * A subject is refused while `failures >= failures_max and ends_at > now()`. A process remembers whom it refuses, so
 * that a flood of their requests does not reach the database.
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

/**
 * Call it before anything is decided.
 *
 * @param replayKey an answer that was given under this Idempotency-Key is still given: it tells nothing new.
 * @throws Problem 429 `too_many_attempts` with Retry-After
 */
export async function refuseGuessing(deps: GuessDeps, guesser: Guesser, replayKey?: string): Promise<void> {
  const seconds = await refusedFor(deps, guesser);
  if (seconds === undefined) return;
  if (replayKey !== undefined && (await isAnswered(deps.pool, guesser.projectId, replayKey))) return;
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

/** Seconds until the last of the request's subjects may go on; undefined when all may. */
async function refusedFor(deps: GuessDeps, guesser: Guesser): Promise<number | undefined> {
  const ids = subjectsOf(guesser).map(({ id }) => id);
  const memory = memoryOf(deps);
  const known = ids.map((id) => (memory.get(`${guesser.projectId} ${id}`) ?? 0) - Date.now()).filter((ms) => ms > 0);
  if (known.length > 0) return Math.ceil(Math.max(...known) / 1000);
  // At most three rows by primary key: another process may have seen what this one has not.
  const { rows } = await deps.pool.query<{ subject: string; seconds_left: number }>({
    name: "refused_subjects",
    text: `select subject, ceil(extract(epoch from ends_at - now()))::int as seconds_left from attempt_window
           where project_id = $1 and subject = any($2) and failures >= failures_max and ends_at > now()`,
    values: [guesser.projectId, ids],
  });
  if (rows.length === 0) return undefined;
  for (const row of rows) memory.set(`${guesser.projectId} ${row.subject}`, Date.now() + row.seconds_left * 1000);
  return Math.max(1, ...rows.map((row) => row.seconds_left));
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
