import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { createRouter } from "../http/router.ts";
import { customerIdentifier, json, listQuery, pageOf, problems, resourceId, typedCode } from "../http/schemas.ts";
import { historyWire, readHistory } from "./history.ts";
import { voucherWire } from "./schemas.ts";
import { searchVouchers } from "./search.ts";

export const voucherSearchQuery = z.strictObject({
  ...listQuery,
  code: typedCode.optional().openapi({ description: "The beginning of a code, in any case" }),
  customer: customerIdentifier.optional().openapi({ description: "Who it is assigned to" }),
  campaign_id: resourceId.optional(),
  batch_id: resourceId.optional(),
  status: voucherWire.shape.status.optional(),
  kind: voucherWire.shape.kind.optional(),
});

const search = createRoute({
  method: "get",
  path: "/v1/vouchers",
  tags: ["Vouchers"],
  summary: "Search vouchers",
  description:
    "The newest first; with `code` in the order of codes. A page may hold fewer than `limit` and still have a `next_cursor`: then the search goes on from there.",
  ...secured("manage"),
  request: { query: voucherSearchQuery },
  responses: { 200: json(pageOf(voucherWire), "Vouchers"), ...problems() },
});

const history = createRoute({
  method: "get",
  path: "/v1/vouchers/{code}/history",
  tags: ["Vouchers"],
  summary: "Read what became of a voucher",
  ...secured("manage"),
  request: { params: z.object({ code: typedCode }) },
  responses: { 200: json(historyWire, "Publications, uses, rollbacks and holds"), ...problems(404) },
});

export function voucherSearchRoutes({ db }: Deps) {
  return createRouter()
    .openapi(search, async (c) =>
      c.json(await searchVouchers(db, c.var.auth.projectId, c.req.valid("query"), new Date()), 200),
    )
    .openapi(history, async (c) => c.json(await readHistory(db, c.var.auth.projectId, c.req.valid("param").code), 200));
}
