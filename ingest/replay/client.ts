/** The replay's way to the HTTP API: retries what is worth retrying, returns business refusals as values. */
import { setTimeout as wait } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The service had answered this before and only repeated itself. */
  readonly replayed: boolean;
  /** Of the attempt that was answered, without waits for a retry. */
  readonly milliseconds: number;
}

interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** An answer that the replay did not expect: it stops, and continues from the last checkpoint next time. */
export class ApiError extends Error {}

export type Call = (request: ApiRequest) => Promise<Answer>;

const attemptsMax = 6;
const timeoutMs = 30_000;

/**
 * A function that sends one request. Answers of 200 to 299, 404, 409 and 422 are returned; 429, 5xx and broken
 * connections are tried again with growing waits (all requests of the replay are idempotent); all else throws.
 *
 * @param returned more statuses to return as they are, e.g. 429 where being slowed down is part of the answer
 * @throws ApiError
 */
export function createCall(base: string, key: string, signal: AbortSignal, returned: readonly number[] = []): Call {
  const origin = base.replace(/\/+$/, "");
  return async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await attemptOnce(origin, key, request, signal);
      if (answer !== undefined && returned.includes(answer.status)) return answer;
      if (answer !== undefined && !(answer.status === 429 || answer.status >= 500)) return checked(request, answer);
      if (attempt === attemptsMax) {
        const seen = answer === undefined ? "no connection" : `${answer.status} ${JSON.stringify(answer.body)}`;
        throw new ApiError(`${request.method} ${origin}${request.path}: ${seen} after ${attemptsMax} attempts`);
      }
      await wait(100 * 2 ** attempt, undefined, { signal });
    }
  };
}

function checked(request: ApiRequest, answer: Answer): Answer {
  if (answer.status < 300 || [404, 409, 422].includes(answer.status)) return answer;
  throw new ApiError(`${request.method} ${request.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Undefined when there was no answer at all. */
async function attemptOnce(
  origin: string,
  key: string,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const began = performance.now();
  try {
    const response = await fetch(origin + request.path, {
      method: request.method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(request.idempotencyKey === undefined ? {} : { "idempotency-key": request.idempotencyKey }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
      replayed: response.headers.get("idempotency-replayed") === "true",
      milliseconds: performance.now() - began,
    };
  } catch (error) {
    signal.throwIfAborted();
    // A body that is not JSON comes from something that is not our service: trying again would not help.
    if (error instanceof SyntaxError)
      throw new ApiError(`${origin} does not answer like the service: ${error.message}`);
    return undefined;
  }
}
