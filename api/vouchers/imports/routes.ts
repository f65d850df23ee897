import { createRoute, z } from "@hono/zod-openapi";
import { secured } from "../../http/auth.ts";
import { createRouter } from "../../http/router.ts";
import { idempotencyHeaders, json, problems, resourceId } from "../../http/schemas.ts";
import { receiveImport } from "./receive.ts";
import { importWire } from "./wire.ts";

const tags = ["Voucher imports"];
const params = z.object({ id: resourceId });
const files = { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } };

const importRoute = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/vouchers/import",
  tags,
  summary: "Import vouchers from a file",
  description:
    "CSV, the first line naming the columns, or NDJSON: code, customer_identifier, kind, redemptions_max, balance_amount, " +
    "starts_at, expires_at, metadata. At most 512 MiB, 5,000,000 rows, 64 KiB a line. A bad row is reported, the others go in.",
  ...secured("manage", { body: "raw" }),
  request: { params, headers: idempotencyHeaders, body: { required: true as const, content: files } },
  responses: { 202: json(importWire, "The import, running"), ...problems(404, 409, 422, 503) },
});

export function voucherImportRoutes() {
  return createRouter().openapi(importRoute, (c) => receiveImport(c, c.req.valid("param").id));
}
