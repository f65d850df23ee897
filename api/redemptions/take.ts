/** The calls of the SQL functions in `db/migrations/009_redeem.sql`: one statement, one transaction, one commit each. */
import pg from "pg";
import { wasAway } from "../db/away.ts";
import { MicroBatch } from "../db/micro-batch.ts";

export interface FunctionAnswer {
  readonly outcome: string;
  readonly status: number;
  readonly body: string;
}

/** Anything that can run the statement: the pool, or the client of an open transaction. */
export interface Runner {
  query(config: { name: string; text: string; values: string[] }): Promise<{ rows: FunctionAnswer[] }>;
}

const deadlock = "40P01";
const deadlockTriesMax = 3;

/** What is done again when the locks of two went round in a circle: nothing was done, so it is safe. */
async function despiteDeadlocks<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      // Locks are taken in one order, so this is not expected.
      if (!(error instanceof pg.DatabaseError && error.code === deadlock) || tries === deadlockTriesMax) throw error;
    }
  }
}

export interface CommitArgument {
  readonly op: "redeem" | "reserve" | "refuse";
  readonly project_id: string;
  readonly idempotency_key: string;
}

/** The commits of one process on one database. */
const committers = new WeakMap<pg.Pool, MicroBatch<CommitArgument, FunctionAnswer>>();

/**
 * Redeems, reserves or refuses. Those that come at once are committed together, each by itself inside one transaction;
 * the answer is there once that transaction is.
 *
 * @returns outcome done, replayed, key_reused or retry. @throws what the database makes of a row that it cannot take.
 */
export async function commit(pool: pg.Pool, argument: CommitArgument): Promise<FunctionAnswer> {
  let committer = committers.get(pool);
  if (committer === undefined) {
    committer = new MicroBatch((batch) => commitAll(pool, batch), {
      // One prepares while the other commits; more lanes mean smaller batches.
      lanes: 2,
      // Postgres keeps 64 sub-transactions at hand; beyond that every reader pays.
      max: 48,
      wasAway,
      nameOf: ({ project_id, idempotency_key }) => `${project_id} ${idempotency_key}`,
    });
    committers.set(pool, committer);
  }
  const answer = await committer.submit(argument);
  if (answer.outcome === "failed") throw new Error(`a redemption could not be recorded: ${answer.body}`);
  return answer;
}

/** As `commit`, without waiting for others: what a benchmark compares with. */
export async function commitAll(pool: pg.Pool, batch: readonly (CommitArgument | string)[]): Promise<FunctionAnswer[]> {
  return despiteDeadlocks(() => inOneStatement(pool, batch));
}

/** The statement itself, also for a connection whose transaction is open: then nothing is committed yet. */
export async function inOneStatement(
  runner: Pick<pg.ClientBase, "query">,
  batch: readonly (CommitArgument | string)[],
): Promise<FunctionAnswer[]> {
  const result = await runner.query<FunctionAnswer>({
    name: "commit_all",
    text: "select outcome, status, body from commit_all($1::jsonb[]) order by position",
    values: [batch.map((argument) => (typeof argument === "string" ? argument : JSON.stringify(argument)))],
  });
  return result.rows;
}

/** @returns a call that takes the argument as the object it describes. */
function caller(name: "confirm" | "roll_back") {
  return async (runner: Runner, argument: object): Promise<FunctionAnswer> => {
    const call = async () => {
      const values = [JSON.stringify(argument)];
      const result = await runner.query({ name, text: `select * from ${name}($1::jsonb)`, values });
      const answer = result.rows[0];
      if (answer === undefined) throw new Error(`${name} returned no row`);
      return answer;
    };
    return runner instanceof pg.Pool ? despiteDeadlocks(call) : call();
  };
}

export const confirmInDatabase = caller("confirm");
export const rollBackInDatabase = caller("roll_back");

/** @returns whether the reservation was held until now. */
export async function releaseInDatabase(pool: pg.Pool, argument: object): Promise<boolean> {
  const { rows } = await despiteDeadlocks(() =>
    pool.query<{ outcome: "done" | "gone" }>({
      name: "release",
      text: "select release($1::jsonb) as outcome",
      values: [JSON.stringify(argument)],
    }),
  );
  return rows[0]?.outcome === "done";
}
