/** Posts an alert to the address that the operator set. A private address is as good as any: it is theirs. */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { AlertKind } from "../data-health/schemas.ts";

export interface AlertMessage {
  readonly kind: AlertKind;
  readonly state: "firing" | "resolved";
  readonly since: string;
  readonly detail: string;
  readonly resolved_at: string | null;
}

const timeoutMs = 5_000;
const attempts = 4;
const firstPauseMs = 1_000;

/** Never throws; tries a few times, then leaves it to the log and to the metrics. */
export async function tell(
  url: string,
  message: AlertMessage,
  log: Logger,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const failure = await post(url, message);
    if (failure === undefined) return;
    if (attempt === attempts || signal.aborted) {
      // The address may hold a secret, and errors of fetch may hold the address.
      log.warn({ kind: message.kind, failure }, "the alert could not be posted");
      return;
    }
    await delay(firstPauseMs * 4 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
  }
}

async function post(url: string, message: AlertMessage): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.name : "unknown";
  }
}
