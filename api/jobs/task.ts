/** What can be put off: a kind of work, what it is told, and what does it. */
import type { z } from "zod";

/** Payloads hold ids and nothing of a person: an erasure does not look into the queue. */
export interface TaskKind<Payload extends object = object> {
  /** Never changes: jobs that wait are stored under it. */
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
  /** How often it is tried before it is given up. */
  readonly attemptsMax: number;
  /** Jobs of one queue run one after the other, of all processes: for long work that must not take every place. */
  readonly queue?: string;
}

export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  readonly isLast: boolean;
  /** Aborted when the process is told to end. */
  readonly signal: AbortSignal;
}

export interface Task<Payload extends object = object> extends TaskKind<Payload> {
  /**
   * May be run twice: a process can die after the work and before it is written down. A rejection is tried again after
   * e^n seconds, n the number of the attempt, 6 hours at most.
   */
  run(payload: Payload, attempt: Attempt): Promise<void>;
}

/** Makes a list of tasks of different payloads possible; the payload is parsed before it is handed over. */
export function taskOf<Payload extends object>(
  kind: TaskKind<Payload>,
  run: (payload: Payload, attempt: Attempt) => Promise<void>,
): Task {
  return { ...kind, run: (payload, attempt) => run(kind.payload.parse(payload), attempt) };
}
