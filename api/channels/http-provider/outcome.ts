/** What a provider's answer, or its silence, means for a message. */
import type { OutsideAnswer } from "../../outbound/request.ts";
import type { SendOutcome } from "../adapter.ts";
import type { HttpProviderSettings } from "./settings.ts";

/** Request Timeout, Bad Gateway, Gateway Timeout: said by who had the message, or by somebody on the way to who may have it. */
export const gaveUpWaiting: readonly number[] = [408, 502, 504];

export function outcomeOf(answer: OutsideAnswer, settings: HttpProviderSettings): SendOutcome {
  if (answer.outcome === "failed") {
    if (answer.isBegun) return { outcome: "unknown", reason: answer.reason };
    const isForGood = ["url_refused", "address_refused", "request_refused"].includes(answer.reason);
    return { outcome: isForGood ? "failed" : "retry", reason: answer.reason };
  }
  const { status } = answer;
  const body = parse(answer.body);
  const code = [...settings.retry_when, ...settings.bounced_when].map(({ pointer }) => at(body, pointer)).find(isCode);
  // Codes and nothing of the words: they repeat the number.
  const reason = code === undefined ? `http_${status}` : `http_${status}_${code}`;
  if (isAny(body, settings.bounced_when) || settings.bounced_statuses.includes(status)) {
    return { outcome: "bounced", reason };
  }
  if (isAny(body, settings.retry_when) || settings.retry_statuses.includes(status)) {
    return { outcome: "retry", reason, ...retryAfter(answer.headers["retry-after"]) };
  }
  // As with an answer that does not come, nobody knows what became of the message.
  if (gaveUpWaiting.includes(status)) return { outcome: "unknown", reason };
  if (status < 200 || status > 299) return { outcome: "failed", reason };
  const id = settings.provider_id === undefined ? undefined : at(body, settings.provider_id);
  const isId = (typeof id === "string" || typeof id === "number") && String(id).length <= 300;
  return { outcome: "sent", providerId: isId ? String(id) : null };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** RFC 6901; undefined where there is nothing. */
function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function isAny(body: unknown, matches: HttpProviderSettings["retry_when"]): boolean {
  return matches.some(({ pointer, any_of }) => {
    const found = at(body, pointer);
    return any_of.some((wanted) => found === wanted || String(found) === String(wanted));
  });
}

function isCode(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && /^[A-Za-z0-9_.-]{1,40}$/.test(value));
}

/** Seconds; a date is left to our own pauses. */
function retryAfter(header: string | undefined): { afterSeconds?: number } {
  return header !== undefined && /^\d{1,6}$/.test(header) ? { afterSeconds: Number(header) } : {};
}
