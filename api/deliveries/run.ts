/**
 * Sends what is due, many at once, in any number of processes. What is to be sent and when stands in `delivery`
 * (docs/decisions/0024 says why it is no job each).
 */
import { setTimeout as pause } from "node:timers/promises";
import { pickDue } from "./pick.ts";
import { type SenderDeps, sendDelivery } from "./send.ts";

const atOnce = 100;
const idleMs = 500;
/** While something goes out: a channel at its rate may send the next at any moment. */
const busyIdleMs = 50;
const busyForMs = 1_000;
/** What ends within it makes place together. */
const gatherMs = 20;
const failureMs = 1_000;

/** Runs until the signal, and lets what is on its way come to its end. */
export async function runDeliveries(deps: SenderDeps, signal: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>();
  let wake: () => void = () => undefined;
  let pickedAt = Number.NEGATIVE_INFINITY;
  const start = (projectId: string, deliveryId: string) => {
    const one = sendDelivery(deps, { projectId, deliveryId }, () => new Date())
      // Its lease runs out, and it is taken again.
      .catch((error: unknown) => deps.log.error({ err: error, delivery: deliveryId }, "not sent"))
      .finally(() => {
        running.delete(one);
        wake();
      });
    running.add(one);
  };
  while (!signal.aborted) {
    const rest = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let waitMs = performance.now() - pickedAt < busyForMs ? busyIdleMs : idleMs;
    try {
      const picked = running.size < atOnce ? await pickDue(deps.db, atOnce - running.size, new Date()) : [];
      if (picked.length > 0) pickedAt = performance.now();
      for (const { project_id, id } of picked) start(project_id, id);
    } catch (error) {
      deps.log.warn({ err: error }, "deliveries could not be taken for a moment");
      waitMs = failureMs;
    }
    const timer = pause(waitMs, undefined, { signal: AbortSignal.any([signal, rest.signal]) }).catch(() => undefined);
    await Promise.race([woken, timer]);
    rest.abort();
    await pause(gatherMs, undefined, { signal }).catch(() => undefined);
  }
  await Promise.allSettled(running);
}
