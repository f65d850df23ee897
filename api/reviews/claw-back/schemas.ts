/** Claw-backs on the wire. */
import { z } from "@hono/zod-openapi";
import { amount, instant } from "../../http/schemas.ts";
import { clawBackScopes } from "../schemas.ts";

/** What one claw-back may take at most; a preview says when there is more. */
export const clawBackLimits = { redemptions: 1_000, vouchers: 1_000, customers: 200 } as const;

const stepKind = z.enum(["customer", "voucher", "redemption"]);

export const previewQuery = z.strictObject({ scope: z.enum(clawBackScopes).default("this") });

export const previewWire = z
  .object({
    review_id: z.string(),
    scope: z.enum(clawBackScopes),
    redemptions: z.array(
      z.object({
        id: z.string(),
        order_id: z.string(),
        customer: z.object({ identifier: z.string() }).nullable(),
        currency: z.string(),
        amount: amount.openapi({ description: "Discount that goes back" }),
        occurred_at: instant,
      }),
    ),
    vouchers: z.array(z.object({ id: z.string(), code: z.string(), kind: z.string(), campaign_id: z.string() })),
    customers: z.array(z.object({ identifier: z.string(), name: z.string().nullable() })),
    held: z
      .array(z.object({ kind: stepKind, target: z.string(), claw_back_id: z.string() }))
      .openapi({ description: "Taken by another claw-back: it stays so until that one and this one are undone" }),
    totals: z.object({
      redemptions_count: z.int(),
      vouchers_count: z.int(),
      customers_count: z.int(),
      amounts: z.array(z.object({ currency: z.string(), amount })),
    }),
    since: instant.nullable().openapi({ description: "Older redemptions of a cluster are left alone" }),
    truncated: z.boolean().openapi({ description: "There is more than one claw-back may take; the newest are listed" }),
    digest: z.string().openapi({ description: "Goes into the decision, so that exactly this is done" }),
  })
  .openapi("ClawBackPreview");
export type PreviewWire = z.output<typeof previewWire>;

export const clawBackBody = z
  .strictObject({
    scope: z.enum(clawBackScopes),
    preview_digest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "Expected a digest that a preview gave")
      .optional(),
  })
  .openapi("ClawBackRequest", { example: { scope: "this" } });
export type ClawBackInput = z.output<typeof clawBackBody>;

const outcome = z.enum(["pending", "done", "held", "unchanged", "failed"]);
const undoOutcome = z.enum(["pending", "done", "kept", "unchanged", "failed"]);

export const clawBackWire = z
  .object({
    id: z.string().openapi({ example: "clw_01k9m2v8f3e5h9t0q4w6y8z1ab" }),
    review_id: z.string(),
    scope: z.enum(clawBackScopes),
    status: z.enum(["running", "done", "undoing", "undone"]),
    created_at: instant,
    created_by: z.object({ id: z.string(), name: z.string().nullable() }),
    done_at: instant.nullable(),
    undone_at: instant.nullable(),
    undone_by: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    steps_count: z.int(),
    steps_done: z.int().openapi({ description: "Of what is under way: the claw-back, or its undoing" }),
    steps_failed: z.int(),
    amounts: z.array(z.object({ currency: z.string(), amount })).openapi({ description: "Discount given back so far" }),
    error: z
      .string()
      .nullable()
      .openapi({ description: "Why the last try to go on failed; it is tried again. Null once it goes on" }),
    undo_leaves: z
      .array(
        z.object({
          kind: stepKind,
          target: z.string(),
          because: z.enum(["held_by_claw_back", "changed_meanwhile"]),
          claw_back_id: z.string().nullable(),
        }),
      )
      .openapi({ description: "What undoing it now would leave as it is; empty while it is not done" }),
    steps: z.array(
      z.object({
        kind: stepKind,
        target: z.string().openapi({ description: "Identifier, code or id" }),
        outcome: outcome.openapi({
          description:
            "unchanged: it was like that already. held: by another claw-back, and it stays so for this one too",
        }),
        reason: z.string().nullable(),
        amount: amount.nullable(),
        currency: z.string().nullable(),
        undo: undoOutcome.nullable().openapi({ description: "kept: somebody else wants it as it is" }),
        undo_reason: z.string().nullable().openapi({ description: "Why it could not be restored exactly" }),
        held_by: z
          .string()
          .nullable()
          .openapi({ description: "The other claw-back: that had done it, or that it is kept for" }),
        restored_as: z.string().nullable().openapi({ description: "The redemption that stands in its place" }),
      }),
    ),
  })
  .openapi("ClawBack");
export type ClawBackWire = z.output<typeof clawBackWire>;
