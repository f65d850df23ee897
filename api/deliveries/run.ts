/**
 * Sends what is due, many at once, in any number of processes. What is to be sent and when stands in `delivery`
 * (docs/decisions/0024 says why it is no job each).
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Picked, pickDue, slowSeconds } from "./pick.ts";
import { type SenderDeps, sendDelivery } from "./send.ts";

const atOnce = 100;
const idleMs = 500;
/** While something goes out: a channel at its rate may send the next at any moment. */
const busyIdleMs = 50;
const busyForMs = 1_000;
/** What ends within it makes place together. */
const gatherMs = 20;
const failureMs = 1_000;
/** A provider that hung is given few messages for so long: were it forgotten at once, each next ten would hang as well. */
const slowForMs = 60_000;

/**
 * Runs until the signal, and lets what is on its way come to its end.
 *
 * @param slowMs an attempt that took longer, and in which nobody took the message, makes its channel a slow one.
 */
export async function runDeliveries(
  deps: SenderDeps,
  signal: AbortSignal,
  slowMs = slowSeconds * 1_000,
): Promise<void> {
  const running = new Set<Promise<void>>();
  /** Until when, by the channel's id. */
  const slow = new Map<string, number>();
  let wake: () => void = () => undefined;
  let pickedAt = Number.NEGATIVE_INFINITY;
  const start = ({ project_id: projectId, channel_id: channelId, id: deliveryId }: Picked) => {
    const began = performance.now();
    const one = sendDelivery(deps, { projectId, deliveryId }, () => new Date())
      .then((outcome) => {
        const at = performance.now();
        if (outcome !== undefined && outcome !== "sent" && at - began > slowMs) slow.set(channelId, at + slowForMs);
      })
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
      for (const [channelId, until] of slow) if (until < performance.now()) slow.delete(channelId);
      const free = atOnce - running.size;
      const picked = free > 0 ? await pickDue(deps.db, free, new Date(), [...slow.keys()]) : [];
      if (picked.length > 0) pickedAt = performance.now();
      picked.forEach(start);
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
