/** What was started is stopped in the opposite order, once, whatever the reason. */
import { setMaxListeners } from "node:events";
import type { Logger } from "pino";

type Stop = () => Promise<unknown> | undefined;

export interface Lifecycle {
  /** Aborted when the stop begins. */
  readonly signal: AbortSignal;
  /** Registers how to undo what was just started. */
  onStop(name: string, stop: Stop): void;
  /**
   * Begins the stop; a later call changes nothing but may turn a success into a failure. What `start` is still doing is
   * waited for first, so that nothing comes up behind our back.
   */
  stop(exitCode: number): void;
  /** The exit code, when all is undone. */
  readonly stopped: Promise<number>;
}

/** Longer than any step takes in order; the next step runs then all the same. */
const stepMs = 60_000;

/** @param start registers with the lifecycle what it starts; when it throws, the stop begins with exit code 1. */
export function createLifecycle(log: Logger, start: (lifecycle: Lifecycle) => Promise<void>): Lifecycle {
  const abort = new AbortController();
  // Every worker listens, and there are more of them than Node expects of one signal; none comes later.
  setMaxListeners(100, abort.signal);
  const steps: { name: string; stop: Stop }[] = [];
  let code = 0;
  let resolveStopped: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => {
    resolveStopped = resolve;
  });

  async function unwind(): Promise<void> {
    await started;
    for (let step = steps.pop(); step; step = steps.pop()) {
      const began = Date.now();
      try {
        await bounded(step.stop(), stepMs);
        log.info({ part: step.name, ms: Date.now() - began }, "stopped");
      } catch (error) {
        code ||= 1;
        log.error({ part: step.name, err: error }, "did not stop in order");
      }
    }
    resolveStopped(code);
  }

  const lifecycle: Lifecycle = {
    signal: abort.signal,
    stopped,
    onStop(name, stop) {
      steps.push({ name, stop });
    },
    stop(exitCode) {
      code ||= exitCode;
      if (abort.signal.aborted) return;
      abort.abort();
      void unwind();
    },
  };
  const started = Promise.resolve()
    .then(() => start(lifecycle))
    .catch(() => lifecycle.stop(1));
  return lifecycle;
}

async function bounded(work: Promise<unknown> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`still busy after ${ms / 1000} s`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
