/** Points on the wire. */
import { z } from "@hono/zod-openapi";
import { instant, resourceId } from "../http/schemas.ts";
import { voucherWire } from "../vouchers/schemas.ts";

/** So that no sum over an account can leave the integers that JSON carries exactly. */
const pointsMax = 1_000_000_000;
const kinds = ["earned", "spent", "exchanged", "expired", "adjusted", "returned", "revoked"] as const;

export const pointsEntryWire = z
  .object({
    id: z.string(),
    kind: z.enum(kinds),
    points: z.int().openapi({ description: "Negative when they left the account" }),
    balance_after: z.int(),
    reason: z.string().nullable(),
    reference_id: z.string().nullable().openapi({ description: "The redemption or the voucher behind it" }),
    created_at: instant,
  })
  .openapi("PointsEntry");

const expiringWire = z.object({ points: z.int(), expires_at: instant }).openapi("ExpiringPoints");

export const pointsWire = z
  .object({
    balance: z.int().openapi({ description: "What can be spent now" }),
    expiring: z.array(expiringWire).openapi({ description: "The soonest first, 100 at most" }),
    data: z.array(pointsEntryWire).openapi({ description: "The newest first" }),
    next_cursor: z.string().nullable(),
  })
  .openapi("PointsAccount");

export const movePointsBody = z
  .strictObject({
    points: z
      .int()
      .min(-pointsMax)
      .max(pointsMax)
      .refine((points) => points !== 0, "Expected another number than 0")
      .openapi({ description: "Above 0 to give, below 0 to take", example: 100 }),
    reason: z.string().min(1).max(500).optional().openapi({ example: "Sorry for the delay" }),
    expires_at: instant.optional().openapi({ description: "Of points that are given. Default: they never expire." }),
    expires_in_days: z
      .int()
      .min(1)
      .max(3650)
      .optional()
      .openapi({ description: "Days of 24 hours, instead of expires_at" }),
  })
  .superRefine((given, context) => {
    const field = given.expires_at === undefined ? "expires_in_days" : "expires_at";
    const expires = given[field] !== undefined;
    if (expires && given.points < 0) {
      context.addIssue({ code: "custom", path: [field], message: "Only points that are given can expire" });
    }
    if (given.expires_at !== undefined && given.expires_in_days !== undefined) {
      context.addIssue({ code: "custom", path: ["expires_in_days"], message: "Goes without expires_at only" });
    }
  })
  .openapi("PointsMove", { example: { points: 100, reason: "Sorry for the delay", expires_in_days: 365 } });
export type MovePointsInput = z.output<typeof movePointsBody>;

export const movedPointsWire = z.object({ balance: z.int(), entry: pointsEntryWire }).openapi("MovedPoints");

export const exchangeBody = z
  .strictObject({ campaign_id: resourceId.openapi({ description: "An active sub-campaign with a points_price" }) })
  .openapi("PointsExchange", { example: { campaign_id: "cam_01jz8q6k3nf5vbe5n2yq0x4t7d" } });

export const exchangedWire = z
  .object({ voucher: voucherWire, points: z.object({ spent: z.int(), balance: z.int() }) })
  .openapi("ExchangedPoints");
