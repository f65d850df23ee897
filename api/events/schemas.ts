import { z } from "@hono/zod-openapi";
import { customerIdentifier, customerReference, externalId, occurrence } from "../http/schemas.ts";

const depthMax = 4;
const fieldsMax = 100;
const textMax = 1_000;

export type PropertyValue = string | number | boolean | null | PropertyValue[] | { [field: string]: PropertyValue };

/** Small JSON: at most 4 deep, 100 values, texts of 1000 characters. */
const properties = z
  .record(z.string().min(1).max(100), z.unknown())
  .refine((value) => isSmall(value), "Expected at most 4 levels, 100 values and 1000 characters a text")
  // The body was JSON, so its parts are.
  .transform((value) => value as Record<string, PropertyValue>)
  .openapi({ type: "object", additionalProperties: true, example: { page: "/coffee", seconds: 42 } });

function isSmall(root: object): boolean {
  let values = 0;
  const fits = (value: unknown, depth: number): boolean => {
    values += 1;
    if (values > fieldsMax + 1 || depth > depthMax) return false;
    if (typeof value === "string") return value.length <= textMax;
    if (typeof value !== "object" || value === null) return true;
    return Object.entries(value).every(([field, inner]) => field.length <= 100 && fits(inner, depth + 1));
  };
  return fits(root, 0);
}

export const eventReport = z
  .strictObject({
    id: externalId.optional().openapi({ description: "Makes it idempotent" }),
    name: z.string().regex(/^[a-z][a-z0-9_.]{0,99}$/, "Expected a name such as cart.abandoned"),
    customer: customerReference,
    occurred_at: occurrence.optional(),
    properties: properties.default({}),
  })
  .openapi("EventReport", {
    example: {
      id: "event-1",
      name: "cart.abandoned",
      customer: { identifier: "customer-1" },
      properties: { items: 3 },
    },
  });

export type EventReport = z.output<typeof eventReport>;

export const eventWire = z
  .object({
    id: externalId,
    name: z.string(),
    customer: z.object({ identifier: customerIdentifier }),
    occurred_at: z.string(),
    properties: z.record(z.string(), z.unknown()),
  })
  .openapi("CustomEvent");
