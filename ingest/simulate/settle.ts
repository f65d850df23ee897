/** Waits until the service has digested what it was told. */
import { setTimeout as wait } from "node:timers/promises";
import { ApiError, type Call } from "../replay/client.ts";

const pollMs = 40;
const patienceMs = 60_000;

interface Health {
  readonly late_scores_waiting: number;
  readonly consumers: readonly { readonly name: string; readonly rows: number }[];
}

/**
 * Returns once the named consumers of events have seen everything that happened before the call.
 *
 * @param lateScores whether earlier redemptions must have been scored again, too, as far as something asks for it.
 * @throws ApiError after a minute: a service that stands would make every figure of the season wrong
 */
export async function settle(
  call: Call,
  consumers: readonly string[],
  signal: AbortSignal,
  lateScores = false,
): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const { body } = await call({ method: "GET", path: "/v1/data-health/consumers" });
    const health = body as unknown as Health;
    const behind = [
      ...health.consumers.filter(({ name, rows }) => consumers.includes(name) && rows > 0),
      ...(lateScores && health.late_scores_waiting > 0
        ? [{ name: "late scores", rows: health.late_scores_waiting }]
        : []),
    ];
    if (behind.length === 0) return;
    if (Date.now() > until) {
      const list = behind.map(({ name, rows }) => `${name} (${rows})`).join(", ");
      throw new ApiError(`The service does not catch up with its events: ${list}. Do the workers run?`);
    }
    await wait(pollMs, undefined, { signal });
  }
}
