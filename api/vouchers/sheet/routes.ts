import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findCampaign } from "../../campaigns/find.ts";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import type { AppEnv } from "../../http/environment.ts";
import { notFound } from "../../http/problem.ts";
import { createRouter } from "../../http/router.ts";
import { jsonBody, problems, resourceId } from "../../http/schemas.ts";
import { findBatch } from "../batches.ts";
import { sheetFile } from "./file.ts";
import { labelsOfBatch, labelsOfCodes } from "./labels.ts";
import { codesPerPart, sheetBody, sheetQuery } from "./schemas.ts";

const pdf = {
  description: "The sheet",
  content: { "application/pdf": { schema: z.string().openapi({ format: "binary" }) } },
};

const batchSheet = createRoute({
  method: "get",
  path: "/v1/voucher-batches/{id}/sheet.pdf",
  tags: ["Voucher batches"],
  summary: "Print the codes of a batch",
  description:
    "Labels with a QR code or Code 128, the campaign's name and text, the code, and until when it is valid. Those that are " +
    `disabled or used up are left out. At most ${codesPerPart} vouchers a part; \`Link\` with rel="next" names the part after it.`,
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }), query: sheetQuery },
  responses: { 200: pdf, ...problems(404) },
});

const chosenSheet = createRoute({
  method: "post",
  path: "/v1/vouchers/sheet",
  tags: ["Vouchers"],
  summary: "Print codes of your choice",
  description: "In the order given, whatever the status of each voucher.",
  ...secured("manage"),
  request: { body: jsonBody(sheetBody) },
  responses: { 200: pdf, ...problems(404) },
});

export function sheetRoutes(deps: Deps) {
  return createRouter()
    .openapi(batchSheet, async (c) => {
      const { id } = c.req.valid("param");
      const { part, ...layout } = c.req.valid("query");
      const { projectId } = c.var.auth;
      const batch = await findBatch(deps.db, projectId, id);
      if (!batch) throw notFound("voucher batch");
      const found = await labelsOfBatch(deps.db, projectId, id, part);
      if (!found) throw notFound("part of this batch");
      if (found.more) {
        const next = new URL(c.req.url);
        next.searchParams.set("part", String(part + 1));
        c.header("link", `<${next.pathname}${next.search}>; rel="next"`);
      }
      const campaign = await findCampaign(deps.db, projectId, batch.campaign_id);
      return sendSheet(c, `${id}-${part}`, sheetFile(layout, campaign?.name ?? id, new Date(), found.labels));
    })
    .openapi(chosenSheet, async (c) => {
      const { codes, ...layout } = c.req.valid("json");
      const labels = await labelsOfCodes(deps.db, c.var.auth.projectId, codes);
      return sendSheet(c, "vouchers", sheetFile(layout, "Vouchers", new Date(), labels));
    });
}

export function sendSheet(c: Context<AppEnv>, name: string, file: ReadableStream<Uint8Array>) {
  return c.body(file, 200, {
    "content-type": "application/pdf",
    "content-disposition": `attachment; filename="${name}.pdf"`,
    "cache-control": "no-store",
  });
}
