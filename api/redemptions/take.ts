/** The calls of the SQL functions in `db/migrations/004_redeem.sql`: one statement, one transaction, one commit each. */
import pg from "pg";

export interface FunctionAnswer {
  readonly outcome: "done" | "replayed" | "key_reused" | "retry" | "nothing_left";
  readonly status: number;
  readonly body: string;
}

/** Anything that can run the statement: the pool, or the client of an open transaction. */
export interface Runner {
  query(config: { name: string; text: string; values: string[] }): Promise<{ rows: FunctionAnswer[] }>;
}

const deadlock = "40P01";
const deadlockTriesMax = 3;

/** @returns a call that takes the argument as the object it describes, or as its JSON text. */
function caller(name: "redeem" | "refuse" | "roll_back") {
  return async (runner: Runner, argument: object | string): Promise<FunctionAnswer> => {
    const values = [typeof argument === "string" ? argument : JSON.stringify(argument)];
    for (let tries = 1; ; tries++) {
      try {
        const result = await runner.query({ name, text: `select * from ${name}($1::jsonb)`, values });
        const answer = result.rows[0];
        if (answer === undefined) throw new Error(`${name} returned no row`);
        return answer;
      } catch (error) {
        // Locks are taken in one order, so this is not expected; nothing was done, so it is safe to do it again.
        const retryable = error instanceof pg.DatabaseError && error.code === deadlock && runner instanceof pg.Pool;
        if (!retryable || tries === deadlockTriesMax) throw error;
      }
    }
  };
}

export const redeemInDatabase = caller("redeem");
export const refuseInDatabase = caller("refuse");
export const rollBackInDatabase = caller("roll_back");
