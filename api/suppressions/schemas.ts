import { z } from "@hono/zod-openapi";
import { instant, listQuery } from "../http/schemas.ts";
import type { SuppressionRow } from "./queries.ts";

/** The kinds of channels that have addresses. */
export const addressKinds = ["email", "sms", "messenger"] as const;
export type AddressKind = (typeof addressKinds)[number];

const address = z.string().min(1).max(254);

export const suppressionBody = z
  .strictObject({
    kind: z.enum(addressKinds),
    address: address.openapi({ description: "An e-mail address, or a phone number in E.164" }),
    reason: z.enum(["bounced", "complained", "manual"]).default("manual"),
  })
  .openapi("NewSuppression", { example: { kind: "email", address: "nobody@people.example" } });
export type SuppressionInput = z.output<typeof suppressionBody>;

export const suppressionsQuery = z
  .strictObject({ ...listQuery, kind: z.enum(addressKinds).optional(), address: address.optional() })
  .refine(({ kind, address: wanted }) => wanted === undefined || kind !== undefined, {
    path: ["kind"],
    message: "Which kind of address?",
  });

export const suppressionWire = z
  .object({
    id: z.string(),
    kind: z.enum(addressKinds),
    address: z
      .string()
      .nullable()
      .openapi({ description: "null: whose it was is erased. It is still not written to." }),
    reason: z.enum(["bounced", "complained", "manual"]),
    created_at: instant,
  })
  .openapi("Suppression");
export type SuppressionWire = z.output<typeof suppressionWire>;

export function suppressionToWire(row: SuppressionRow): SuppressionWire {
  const { id, address: stored, reason } = row;
  return { id, kind: row.kind as AddressKind, address: stored, reason, created_at: row.created_at.toISOString() };
}
