import pg from "pg";
import { Problem } from "../http/problem.ts";

/** A step that cannot be done as things are. `reason` is a stable key: nothing of a person is stored with it. */
export class StepFailure extends Error {
  readonly reason: string;
  /** Trying again in a while would give the same. */
  readonly isPermanent: boolean;

  constructor(reason: string, isPermanent: boolean) {
    super(`the step of a workflow failed: ${reason}`);
    this.name = "StepFailure";
    this.reason = reason;
    this.isPermanent = isPermanent;
  }
}

export function failureOf(error: unknown): { readonly reason: string; readonly isPermanent: boolean } {
  if (error instanceof StepFailure) return error;
  if (error instanceof Problem) return { reason: error.code, isPermanent: true };
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    return { reason: `database_${error.code}`, isPermanent: false };
  }
  return { reason: "unexpected", isPermanent: false };
}
