/** Referral codes on the wire. */
import { z } from "@hono/zod-openapi";
import { customerReference, instant } from "../http/schemas.ts";
import { newCode, voucherWire } from "../vouchers/schemas.ts";

export const referralCodeBody = z
  .strictObject({
    customer: customerReference,
    code: newCode.optional().openapi({
      description: "A wish. Absent: a random one. Whoever has a code keeps it, whatever is wished for.",
      example: "ADA-LOVES-COFFEE",
    }),
  })
  .openapi("NewReferralCode", { example: { customer: { identifier: "customer-1" } } });
export type ReferralCodeInput = z.output<typeof referralCodeBody>;

export const referralVoucherWire = voucherWire
  .extend({ referrer: customerReference.openapi({ description: "Whose code it is" }) })
  .openapi("ReferralVoucher");

export const referralWire = z
  .object({
    code: z.string(),
    voucher_id: z.string(),
    campaign_id: z.string(),
    status: voucherWire.shape.status,
    friends_count: z.int().openapi({ description: "Different customers whose redemptions of the code stand" }),
    redemptions_count: z.int().openapi({ description: "Redemptions of it that were not rolled back whole" }),
    rewards: z
      .object({ count: z.int(), points: z.int(), credit_amount: z.int() })
      .openapi({ description: "What the referrer got for it and kept" }),
    created_at: instant,
  })
  .openapi("Referral");
