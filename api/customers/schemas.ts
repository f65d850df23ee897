import { z } from "@hono/zod-openapi";
import { attributes, consent, currency, customerIdentifier, instant, metadata, tags } from "../http/schemas.ts";
import type { CustomerRow } from "./queries.ts";

const text = (max: number) => z.string().min(1).max(max).nullable().optional();

/** A field that is not given keeps its value; null takes it away. */
export const customerBody = z
  .strictObject({
    name: text(200),
    email: z.email().max(254).nullable().optional(),
    phone: text(40),
    birthday: z.iso.date().nullable().optional().openapi({ format: "date", example: "1990-05-17" }),
    attributes: attributes.optional(),
    tags: tags.optional(),
    consent: consent.optional(),
    metadata: metadata.optional(),
    blocked: z.boolean().optional().openapi({ description: "A blocked customer redeems nothing" }),
    created_at: instant.optional().openapi({ description: "When the shop first knew them; only at the first call" }),
  })
  .openapi("CustomerUpsert", {
    example: { name: "Ada", email: "ada@shop.example", tags: { tier: ["gold"] }, consent: { email: true } },
  });

export type CustomerBody = z.output<typeof customerBody>;

export const customerWire = z
  .object({
    id: z.string(),
    identifier: customerIdentifier,
    name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    birthday: z.string().nullable(),
    attributes,
    tags,
    consent,
    metadata,
    blocked: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Customer");

export function toCustomerWire(row: CustomerRow): z.output<typeof customerWire> {
  return {
    id: row.id,
    identifier: row.identifier,
    name: row.name,
    email: row.email,
    phone: row.phone,
    birthday: row.birthday,
    // jsonb columns that only `customerBody` writes.
    attributes: row.attributes as z.output<typeof attributes>,
    tags: row.tags,
    consent: row.consent,
    metadata: row.metadata as z.output<typeof metadata>,
    blocked: row.blocked,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export const walletEntry = z
  .object({
    code: z.string(),
    voucher_id: z.string(),
    campaign_id: z.string(),
    kind: z.enum(["unique", "generic", "gift_card"]),
    status: z.enum(["created", "distributed", "reserved", "redeemed", "disabled", "expired"]).openapi({
      description: "reserved: a reservation holds its last use",
    }),
    assigned: z.boolean().openapi({ description: "Only this customer can redeem it" }),
    balance_amount: z.int().nullable().openapi({ description: "What a gift card holds; null: it is not one" }),
    referral: z.boolean().openapi({ description: "The customer's own code, for friends to use" }),
    redemptions_left: z.int().nullable().openapi({ description: "Uses left of the code; null: no limit" }),
    redemptions_by_customer: z.int(),
    starts_at: z.string().nullable(),
    expires_at: z.string().nullable(),
  })
  .openapi("WalletEntry");

export const walletWire = z
  .object({
    points: z.object({
      balance: z.int(),
      next_expiry: z.object({ points: z.int(), expires_at: z.string() }).nullable(),
    }),
    gift_cards: z
      .array(z.object({ currency, cards_count: z.int(), balance_amount: z.int() }))
      .openapi({ description: "What usable gift cards hold, by currency" }),
    pool_codes: z
      .array(
        z.object({
          code: z.string(),
          pool_id: z.string(),
          pool_name: z.string(),
          redemption_id: z.string().nullable(),
          taken_at: z.string(),
        }),
      )
      .openapi({ description: "Codes handed out from pools, the newest first, 100 at most" }),
    data: z.array(walletEntry),
    next_cursor: z.string().nullable(),
  })
  .openapi("Wallet");
