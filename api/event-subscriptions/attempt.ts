/** Sends one event to one receiver, once. Touches nothing of ours: what came of it is settled by `settle.ts`. */
import { requestOutside } from "../outbound/request.ts";
import type { Outbound } from "../outbound/vet.ts";
import { SealError, type Sealer } from "../secrets/seal.ts";
import type { Claimed } from "./claim.ts";
import { retryAfterSeconds } from "./schedule.ts";
import { signatureHeaders } from "./sign.ts";

export interface AttemptDeps {
  readonly sealer: Sealer;
  readonly outbound?: Outbound | undefined;
}

/** As it is kept and shown. */
export interface AttemptNote {
  readonly at: string;
  readonly outcome: "delivered" | "failed" | "unknown";
  /** Of an answer. */
  readonly status?: number;
  /** Where there was none: a stable word. */
  readonly reason?: string;
  readonly duration_ms?: number;
  /** What it began with. */
  readonly answer?: string;
}

export interface Attempted {
  readonly claimed: Pick<Claimed, "project_id" | "subscription_id" | "event_id" | "tries" | "is_failing">;
  readonly at: Date;
  readonly note: AttemptNote;
  /** delivered; again: later; never: the event cannot be sent; gone: the receiver wants nothing any more; put_back: we end. */
  readonly result: "delivered" | "again" | "never" | "gone" | "put_back";
  readonly retryAfterSeconds: number | undefined;
}

const timeoutMs = 15_000;
const answerBytes = 500;

export type Secrets = Pick<
  Claimed,
  "project_id" | "subscription_id" | "secret" | "secret_before" | "secret_before_until"
>;

/** One before that does not open is left out: it was replaced because its key was lost. @throws SealError */
export function openSecrets(sealer: Sealer, row: Secrets, at: Date): string[] {
  const place = secretPlace(row.project_id, row.subscription_id);
  const before = row.secret_before_until !== null && row.secret_before_until > at ? row.secret_before : null;
  return [sealer.open(row.secret, place), ...(before === null ? [] : openIfPossible(sealer, before, place))];
}

function openIfPossible(sealer: Sealer, sealed: Buffer, place: string): string[] {
  try {
    return [sealer.open(sealed, place)];
  } catch (error) {
    if (error instanceof SealError) return [];
    throw error;
  }
}

export function secretPlace(projectId: string, subscriptionId: string): string {
  return `${projectId}/${subscriptionId}`;
}

/** @param body undefined: the event is no longer kept, or cannot be read. */
export async function attempt(
  deps: AttemptDeps,
  claimed: Claimed,
  body: string | undefined,
  at: Date,
  signal?: AbortSignal,
): Promise<Attempted> {
  const ended = (result: Attempted["result"], note: Omit<AttemptNote, "at">, wait?: number): Attempted => ({
    claimed,
    at,
    note: { at: at.toISOString(), ...note },
    result,
    retryAfterSeconds: wait,
  });
  if (body === undefined) return ended("never", { outcome: "failed", reason: "event_gone" });
  let secrets: string[];
  try {
    secrets = openSecrets(deps.sealer, claimed, at);
  } catch (error) {
    if (error instanceof SealError) return ended("again", { outcome: "failed", reason: "secret_unreadable" });
    throw error;
  }
  const answer = await post(deps, claimed.url, secrets, { id: claimed.event_id, at, body }, signal);
  const { result, note, retryAfter } = answer;
  return ended(result, note, retryAfterSeconds(retryAfter, at));
}

/** Signs, sends, and says what the answer means. */
export async function post(
  deps: AttemptDeps,
  url: string,
  secrets: readonly string[],
  message: { readonly id: string; readonly at: Date; readonly body: string },
  signal?: AbortSignal,
): Promise<{ result: Attempted["result"]; note: Omit<AttemptNote, "at">; retryAfter: string | undefined }> {
  const answer = await requestOutside({
    url,
    method: "POST",
    headers: { "content-type": "application/json", ...signatureHeaders(secrets, message) },
    body: message.body,
    timeoutMs,
    answerBytesMax: answerBytes,
    outbound: deps.outbound,
    signal,
  });
  const { durationMs: duration_ms } = answer;
  if (answer.outcome === "failed") {
    const { reason } = answer;
    if (reason === "interrupted") {
      return { result: "put_back", note: { outcome: "unknown", reason, duration_ms }, retryAfter: undefined };
    }
    return { result: "again", note: { outcome: "failed", reason, duration_ms }, retryAfter: undefined };
  }
  const { status } = answer;
  const isFine = status >= 200 && status < 300;
  const said = { status, duration_ms, answer: readable(answer.body) };
  const retryAfter = answer.headers["retry-after"];
  if (isFine) return { result: "delivered", note: { outcome: "delivered", ...said }, retryAfter };
  return { result: status === 410 ? "gone" : "again", note: { outcome: "failed", ...said }, retryAfter };
}

/** JSON of Postgres holds no NUL, and people read no control characters. */
function readable(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll(/\p{Cc}/gu, " ");
}
