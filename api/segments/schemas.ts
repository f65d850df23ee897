/** Segments on the wire. */
import { z } from "@hono/zod-openapi";
import { customerIdentifier, instant } from "../http/schemas.ts";
import type { SegmentRow } from "./queries.ts";

/** One request names so many customers; more go into further requests. */
const namedMax = 1_000;

const name = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => text === text.trim(), "Expected no blanks at the ends")
  .openapi({ description: "Unique in the project; rules name segments by it", example: "vip" });

export const segmentBody = z.strictObject({ name }).openapi("NewSegment", { example: { name: "vip" } });

export const segmentPatch = z.strictObject({ name: name.optional() }).openapi("SegmentChange");

export const segmentWire = z
  .object({
    id: z.string(),
    name,
    kind: z.enum(["static"]).openapi({ description: "static: its members are named by hand" }),
    members_count: z.int(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("Segment");

export const membersBody = z
  .strictObject({
    customers: z.array(customerIdentifier).min(1).max(namedMax).openapi({ description: "Identifiers" }),
  })
  .openapi("SegmentMembers", { example: { customers: ["customer-1", "customer-2"] } });

export const enteredWire = z
  .object({ entered: z.int().openapi({ description: "Those who were not in it before" }), members_count: z.int() })
  .openapi("SegmentEntered");

export const leftWire = z
  .object({ left: z.int().openapi({ description: "Those who were in it" }), members_count: z.int() })
  .openapi("SegmentLeft");

export const memberWire = z.object({ identifier: customerIdentifier, entered_at: instant }).openapi("SegmentMember");

export function toSegmentWire(row: SegmentRow): z.output<typeof segmentWire> {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    members_count: row.members_count,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
