import { createRoute } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { json, pageOf, problems } from "../http/schemas.ts";
import { listAuditLog } from "./list.ts";
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

export function auditLogRoutes({ db }: Deps) {
  return createRouter().openapi(list, async (c) =>
    c.json(await listAuditLog(db, c.var.auth.projectId, c.req.valid("query")), 200),
  );
}
