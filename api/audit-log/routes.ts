import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { createRouter } from "../http/router.ts";
import { instant, json, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { type AuditRow, listAuditLog } from "./queries.ts";

const subjectTypes = [
  "project",
  "key",
  "campaign",
  "voucher",
  "voucher_batch",
  "voucher_import",
  "voucher_job",
  "customer",
  "pool",
  "segment",
  "model",
  "risk_rule",
  "risk_policy",
  "offer_policy",
  "redemption",
  "review",
  "claw_back",
] as const;

const fields = z.record(z.string(), z.unknown()).nullable();

const auditEntryWire = z
  .object({
    id: z.string(),
    at: instant,
    actor: z.object({
      id: z.string().openapi({ description: "The key, or `system`." }),
      name: z.string().nullable().openapi({ description: "The key's name at that time." }),
    }),
    action: z.string().openapi({ example: "status_changed" }),
    subject_type: z.enum(subjectTypes),
    subject_id: z.string(),
    before: fields.openapi({ description: "What changed, as it was; null for something new." }),
    after: fields.openapi({ description: "What changed, as it is now; null for something deleted." }),
    request_id: z.string().nullable().openapi({ description: "The X-Request-Id of the request that did it." }),
  })
  .openapi("AuditEntry");

const list = createRoute({
  method: "get",
  path: "/v1/audit-log",
  tags: ["Audit log"],
  summary: "Who changed what, the newest first",
  description:
    "Every change of campaigns, vouchers, customers, keys, pools, segments and champions of models. Nothing in it can be changed or deleted. Secrets are not in it, nor personal fields of customers: it says that those changed, not to what. Bulk jobs are one entry each.",
  ...secured(["manage", "admin"]),
  request: {
    query: z.strictObject({
      ...listQuery,
      subject_type: z.enum(subjectTypes).optional(),
      subject_id: resourceId.optional(),
      actor: resourceId.optional().openapi({ description: "The id of a key, or `system`." }),
      from: instant.optional(),
      to: instant.optional().openapi({ description: "Exclusive." }),
    }),
  },
  responses: { 200: json(pageOf(auditEntryWire), "Entries"), ...problems() },
});

export function auditLogRoutes(deps: Deps) {
  return createRouter().openapi(list, async (c) => {
    const { limit, cursor, subject_type, subject_id, ...filter } = c.req.valid("query");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const rows = await listAuditLog(
      deps.db,
      c.var.auth.projectId,
      { ...filter, subjectType: subject_type, subjectId: subject_id },
      { limit: limit + 1, before },
    );
    return c.json(
      toPage(rows, limit, (row) => [row.id], toWire),
      200,
    );
  });
}

function toWire(row: AuditRow): z.output<typeof auditEntryWire> {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: { id: row.actor, name: row.actor_name },
    action: row.action,
    subject_type: row.subject_type as (typeof subjectTypes)[number],
    subject_id: row.subject_id,
    before: row.before as z.output<typeof fields>,
    after: row.after as z.output<typeof fields>,
    request_id: row.request_id,
  };
}
