import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, pageOf, problems, resourceId } from "../http/schemas.ts";
import { listAuditLog, readAuditEntry } from "./list.ts";
import { auditEntryWire, auditQuery } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/audit-log",
  tags: ["Audit log"],
  summary: "Who changed what, the newest first",
  description:
    "Every change of campaigns, vouchers, customers, keys, members, pools, segments and champions of models. Nothing in it can be changed or deleted. Secrets are not in it, nor personal fields of customers and members: it says that those changed, not to what. Bulk jobs are one entry each.",
  ...secured(["manage", "admin"]),
  request: {
    query: auditQuery,
  },
  responses: { 200: json(pageOf(auditEntryWire), "Entries"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/audit-log/{id}",
  tags: ["Audit log"],
  summary: "Read an entry",
  ...secured(["manage", "admin"]),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(auditEntryWire, "The entry"), ...problems(404) },
});

export function auditLogRoutes({ db }: Deps) {
  return createRouter()
    .openapi(list, async (c) => c.json(await listAuditLog(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readAuditEntry(db, c.var.auth.projectId, c.req.valid("param").id), 200));
}
