/** Runs background workers until what they are to do is done. */
import { setTimeout as delay } from "node:timers/promises";

type Worker = (signal: AbortSignal) => Promise<void>;

/** Starts the workers, waits until `reached` says so, then asks them to stop and waits until they have. */
export async function workUntil(workers: readonly Worker[], reached: () => Promise<boolean>): Promise<void> {
  const stop = new AbortController();
  const running = workers.map((worker) => worker(stop.signal));
  const deadline = Date.now() + 50_000;
  try {
    while (!(await reached())) {
      if (Date.now() > deadline) throw new Error("the work was not done in time");
      await delay(25);
    }
  } finally {
    stop.abort();
    await Promise.all(running);
  }
}
