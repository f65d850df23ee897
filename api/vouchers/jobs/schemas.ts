import { z } from "@hono/zod-openapi";
import { customerReference, instant, resourceId, typedCode } from "../../http/schemas.ts";

const codesMax = 10_000;
const actions = ["disable", "enable", "expire", "assign"] as const;

const scopes = ["campaign_id", "batch_id", "codes", "assignments"] as const;

export const createJobBody = z
  .strictObject({
    action: z.enum(actions),
    campaign_id: resourceId.optional().openapi({ description: "All vouchers that the campaign has now." }),
    batch_id: resourceId.optional().openapi({ description: "All vouchers that the batch has now." }),
    codes: z.array(typedCode).min(1).max(codesMax).optional(),
    assignments: z
      .array(z.strictObject({ code: typedCode, customer: customerReference }))
      .min(1)
      .max(codesMax)
      .optional()
      .openapi({ description: "For assign, and only there." }),
    expires_at: instant.optional().openapi({ description: "For expire; default: now." }),
  })
  .superRefine((given, context) => {
    const named = scopes.filter((scope) => given[scope] !== undefined);
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (given.action === "assign") {
      if (given.assignments === undefined) issue("assignments", "is required to assign");
      if (named.length > 1) issue(named[0] ?? "", "assign takes assignments and nothing else");
    } else {
      if (given.assignments !== undefined) issue("assignments", "belongs to the action assign");
      else if (named.length !== 1) issue("codes", "give one of campaign_id, batch_id and codes");
    }
    if (given.action !== "expire" && given.expires_at !== undefined) {
      issue("expires_at", "belongs to the action expire");
    }
  })
  .openapi("NewVoucherJob", { example: { action: "disable", codes: ["SALE10", "SALE20"] } });
export type JobInput = z.infer<typeof createJobBody>;

export const jobWire = z
  .object({
    id: z.string(),
    action: z.enum(actions),
    campaign_id: z.string().nullable(),
    batch_id: z.string().nullable(),
    expires_at: instant.nullable(),
    status: z.enum(["running", "done", "failed"]),
    total: z.int().nullable().openapi({ description: "Null: a campaign's vouchers are not counted beforehand." }),
    done: z.int().openapi({ description: "Vouchers looked at so far." }),
    changed: z.int().openapi({ description: "The others were like that already, or have an error." }),
    failed: z.int(),
    error: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("VoucherJob");
export type JobWire = z.infer<typeof jobWire>;
