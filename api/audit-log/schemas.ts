import { z } from "@hono/zod-openapi";
import { instant, listQuery, resourceId } from "../http/schemas.ts";

/** What the log tells of: the subject types of `audit(…)` and of the triggers. */
export const subjectTypes = [
  "project",
  "key",
  "member",
  "campaign",
  "voucher",
  "voucher_batch",
  "voucher_import",
  "voucher_job",
  "customer",
  "pool",
  "segment",
  "channel",
  "template",
  "suppression",
  "workflow",
  "workflow_settings",
  "event_subscription",
  "publication_job",
  "list_export",
  "import",
  "erasure",
  "model",
  "risk_rule",
  "risk_policy",
  "offer_policy",
  "redemption",
  "review",
  "claw_back",
] as const;

const fields = z.record(z.string(), z.unknown()).nullable();

export const auditEntryWire = z
  .object({
    id: z.string(),
    at: instant,
    actor: z.object({
      id: z.string().openapi({ description: "The key, or `system`." }),
      name: z.string().nullable().openapi({ description: "The key's name at that time." }),
      member_id: z.string().nullable().openapi({ description: "The person whose key it is; null: a machine." }),
    }),
    action: z.string().openapi({ example: "status_changed" }),
    subject_type: z.enum(subjectTypes),
    subject_id: z.string(),
    before: fields.openapi({ description: "What changed, as it was; null for something new." }),
    after: fields.openapi({ description: "What changed, as it is now; null for something deleted." }),
    request_id: z.string().nullable().openapi({ description: "The X-Request-Id of the request that did it." }),
  })
  .openapi("AuditEntry");

export const auditQuery = z.strictObject({
  ...listQuery,
  subject_type: z.enum(subjectTypes).optional(),
  subject_id: resourceId.optional(),
  actor: resourceId.optional().openapi({ description: "The id of a key, or `system`." }),
  member: resourceId.optional().openapi({ description: "The id of a member: whichever of their keys it was." }),
  from: instant.optional(),
  to: instant.optional().openapi({ description: "Exclusive." }),
});

export type AuditEntryWire = z.output<typeof auditEntryWire>;
