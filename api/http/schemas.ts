/**
 * Pieces of the wire that several resources share. Bodies are read by `json-body.ts` first, so that no schema has to
 * think of NUL, surrogates, duplicate keys or unsafe integers again.
 */
import { z } from "@hono/zod-openapi";
import { problemMediaType } from "./problem.ts";

/** Minor units; at most 10^12, so that sums over an order stay exact. */
export const amount = z.int().min(0).max(1_000_000_000_000).openapi({ description: "Minor units", example: 4990 });

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "Expected an ISO 4217 code such as EUR")
  .openapi({ example: "EUR" });

const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(2200, 0, 1);

/** RFC 3339 with Z or an offset, between 1970 and 2200. `new Date(value)` reads it. */
export const instant = z.iso
  .datetime({ offset: true, error: "Expected an RFC 3339 instant such as 2026-11-22T10:00:00Z" })
  .max(40)
  .refine((text) => {
    const at = Date.parse(text);
    return at >= earliest && at < latest;
  }, "Expected an instant from 1970 up to 2200")
  .openapi({ format: "date-time", example: "2026-11-22T10:00:00Z" });

/** When something happened: an instant that the warehouse keeps. */
export const occurrence = instant.refine((text) => {
  const at = Date.parse(text);
  return at >= Date.UTC(2000, 0, 1) && at < Date.UTC(2100, 0, 1);
}, "Expected an instant from 2000 up to 2100");

/** What people call something. Never blank at either end: two of one look would be two, and one of blanks alone nothing. */
export const nameOf = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => text === text.trim(), "Expected no blanks at the ends");

/** A customer as the shop knows them. Never blank at either end: two spellings of one customer would be two customers. */
export const customerIdentifier = nameOf(200).openapi({ example: "customer-1" });

export const customerReference = z.strictObject({ identifier: customerIdentifier }).openapi("CustomerReference");

/** Ids of other systems (orders, events). Ours pass too. */
export const externalId = nameOf(200);

/** Ids of ours in a path or a filter. A text of another form simply finds nothing. */
export const resourceId = z.string().min(1).max(100);

/** What a shopper types. Look-up ignores case and surrounding blanks. */
export const typedCode = z.string().min(1).max(200).openapi({ example: "SALE10" });

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()]);

function boundedRecord<T extends z.ZodType>(value: T, keysMax: number) {
  return z
    .record(z.string().min(1).max(100), value)
    .refine((record) => Object.keys(record).length <= keysMax, `Expected at most ${keysMax} fields`);
}

/** Flat: at most 50 fields of text, number or boolean. */
export const metadata = boundedRecord(scalar, 50).openapi({ example: { source: "newsletter" } });

/** Like metadata, and a field may also be a list of texts. */
export const attributes = boundedRecord(z.union([scalar, z.array(z.string().max(200)).max(50)]), 50);

/** `{ category: [tag] }` */
export const tags = boundedRecord(z.array(z.string().min(1).max(100)).max(100), 50).openapi({
  example: { tier: ["gold"] },
});

/** `{ channel: allowed }` */
export const consent = boundedRecord(z.boolean(), 50).openapi({ example: { email: true } });

const limitParameter = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, "Expected a whole number from 1 to 100")
  .transform(Number)
  .pipe(z.int().min(1).max(100))
  .default(20)
  .openapi({ type: "integer", minimum: 1, maximum: 100, default: 20 });

/** Query of every list. Extend it with filters: `z.strictObject({ ...listQuery, customer: ... })`. */
export const listQuery = {
  limit: limitParameter,
  cursor: z.string().min(1).max(1_000).optional().openapi({ description: "The next_cursor of the page before" }),
};

/** `{ data, next_cursor }` */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() });
}

const problemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string(),
          detail: z.string(),
          in: z.enum(["query", "path", "header"]).optional(),
        }),
      )
      .optional(),
  })
  .openapi("Problem", {
    example: {
      type: "urn:tessera:problem:invalid_request",
      title: "The request is not valid",
      status: 400,
      code: "invalid_request",
      detail: "body /order/items/0/quantity: Too small: expected number to be >=1",
      instance: "urn:uuid:0b1f6f1c-8f1a-4b7e-9a35-1b7f0a3c9e11",
      errors: [{ pointer: "/order/items/0/quantity", detail: "Too small: expected number to be >=1" }],
    },
  });

const problemDescriptions = {
  400: "Malformed or invalid; `errors` names each field",
  401: "No key, or one that is not valid",
  403: "The key lacks the scope, or is used from a foreign origin",
  404: "Not there, or not yours",
  409: "Conflicts with what is stored",
  413: "The body is larger than 256 KiB",
  415: "The body is not application/json",
  422: "Refused, or the Idempotency-Key was used with another request",
  429: "Too many requests; see Retry-After",
  503: "Busy or not ready; try again",
} as const;

type ProblemStatus = keyof typeof problemDescriptions;

const problemContent = { [problemMediaType]: { schema: problemDocument } };

type ProblemResponses<S extends ProblemStatus> = Record<S, { description: string; content: typeof problemContent }>;

function describe<S extends ProblemStatus>(statuses: readonly S[]): ProblemResponses<S> {
  const entries = statuses.map((status) => [
    status,
    { description: problemDescriptions[status] as string, content: problemContent },
  ]);
  return Object.fromEntries(entries) as ProblemResponses<S>;
}

/** Error answers of a secured route: `responses: { 201: …, ...problems(404, 409) }`. 400, 401, 403, 413 and 415 are always there. */
export function problems<S extends ProblemStatus = never>(...more: S[]) {
  return describe<S | 400 | 401 | 403 | 413 | 415>([400, 401, 403, 413, 415, ...more]);
}

/** A JSON answer: `responses: { 200: json(campaign, "The campaign") }`. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body: `request: { body: jsonBody(orderBody) }`. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true as const, content: { "application/json": { schema } } };
}

/** Goes into `request.headers` of routes that take the header. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, "Expected 1 to 200 printable ASCII characters")
    .optional()
    .openapi({
      description: "Makes a retry safe: the same key and body get the same answer.",
      example: "order-1-try-1",
    }),
});
