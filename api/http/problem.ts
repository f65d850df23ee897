/** Mistakes of the caller, as RFC 9457 documents with a stable `code`. Anything that is not a Problem is a bug of ours. */
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Every code that a client may meet, with its status and its title. Codes are never renamed. */
const problemCatalogue = {
  invalid_request: { status: 400, title: "The request is not valid" },
  malformed_json: { status: 400, title: "The body is not well-formed JSON" },
  idempotency_key_required: { status: 400, title: "An Idempotency-Key header is required" },
  unauthorized: { status: 401, title: "A valid key is required" },
  scope_missing: { status: 403, title: "The key does not have the scope for this" },
  origin_not_allowed: { status: 403, title: "The key may not be used from this origin" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  conflict: { status: 409, title: "The request conflicts with what is stored" },
  last_owner: { status: 409, title: "The project would be left without an owner" },
  already_exists: { status: 409, title: "It exists already" },
  code_taken: { status: 409, title: "The code exists already" },
  campaign_status_conflict: { status: 409, title: "The campaign's status does not allow this" },
  order_status_conflict: { status: 409, title: "The order's status does not allow this" },
  order_mismatch: { status: 409, title: "The order is stored with other contents" },
  order_already_redeemed: { status: 409, title: "The code was already redeemed on this order" },
  order_already_reserved: { status: 409, title: "The code is reserved on this order" },
  reservation_expired: { status: 409, title: "The reservation has expired" },
  held_for_review: { status: 409, title: "The reservation waits for a review" },
  reservation_ended: { status: 409, title: "The reservation has ended" },
  rollback_exceeds_rest: { status: 409, title: "More than is left cannot be rolled back" },
  already_rolled_back: { status: 409, title: "The redemption was already rolled back" },
  out_of_stock: { status: 409, title: "Nothing is left to hand out" },
  customer_blocked: { status: 409, title: "The customer is blocked" },
  in_holdout: { status: 409, title: "The campaign is withheld from this customer" },
  review_locked: { status: 409, title: "Somebody else has the review" },
  review_decided: { status: 409, title: "The review was decided already" },
  review_undecided: { status: 409, title: "The review was not confirmed" },
  preview_changed: { status: 409, title: "What would be taken back is not what was shown" },
  claw_back_conflict: { status: 409, title: "The claw-back's status does not allow this" },
  points_not_enough: { status: 409, title: "The account does not hold that many points" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body's media type is not supported" },
  redemption_rejected: { status: 422, title: "The redemption was rejected" },
  exchange_refused: { status: 422, title: "The points were not exchanged" },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used with another request" },
  too_many_streams: { status: 429, title: "Too many streams are open" },
  too_many_attempts: { status: 429, title: "Too many codes that do not exist were tried" },
  too_many_requests: { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Something went wrong on our side" },
  busy: { status: 503, title: "The service is busy, try again" },
  not_ready: { status: 503, title: "The service is not ready" },
} as const satisfies Record<string, { status: ContentfulStatusCode; title: string }>;

export type ProblemCode = keyof typeof problemCatalogue;

/** One fault. `pointer` is an RFC 6901 pointer into the body, or into the part of the request that `in` names. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
  readonly in?: "query" | "path" | "header";
}

export interface ProblemOptions {
  readonly errors?: readonly Fault[];
  /** Further members of the document, e.g. the reasons of a rejection. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.status = problemCatalogue[code].status;
    this.detail = detail;
    this.options = options;
  }

  /** The document as it is sent; `requestId` names the occurrence. */
  toDocument(requestId: string): Record<string, unknown> {
    const members = {
      type: `urn:tessera:problem:${this.code}`,
      title: problemCatalogue[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.detail,
      instance: `urn:uuid:${requestId}`,
      ...(this.options.errors ? { errors: this.options.errors } : {}),
    };
    // First for the reader, last so that no extension can replace them.
    return { ...members, ...this.options.extensions, ...members };
  }
}

export const problemMediaType = "application/problem+json";

/** @param keys path from the root of the document, as zod gives it. */
export function jsonPointer(keys: readonly PropertyKey[]): string {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** A foreign thing and a missing thing get the same answer. */
export function notFound(what: string): Problem {
  return new Problem("not_found", `There is no such ${what}.`);
}

export function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid_request", detail, { errors: [{ pointer, detail }] });
}
