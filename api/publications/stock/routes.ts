import { createRoute, z } from "@hono/zod-openapi";
import { findCampaign } from "../../campaigns/find.ts";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { notFound } from "../../http/problem.ts";
import { createRouter } from "../../http/router.ts";
import { instant, json, problems, resourceId } from "../../http/schemas.ts";
import { countFree } from "../take-stock.ts";

/** Beyond it nobody cares how many there are, and counting takes long. */
const countedMax = 1_000_000;

const stockWire = z
  .object({
    left: z.int().openapi({ description: `Vouchers that can be handed out, counted up to ${countedMax}.` }),
    low_stock: z.int().nullable(),
    low_stock_since: instant.nullable().openapi({ description: "When it was told that few are left." }),
    grown_count: z.int().openapi({ description: "Vouchers that growing has ordered or made." }),
    batch_id: z.string().nullable().openapi({ description: "The batch that growing ordered last." }),
  })
  .openapi("CampaignStock");

const stockRoute = createRoute({
  method: "get",
  path: "/v1/campaigns/{id}/stock",
  tags: ["Publications"],
  summary: "Read how many vouchers a campaign can still hand out",
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }) },
  responses: { 200: json(stockWire, "The stock"), ...problems(404) },
});

export function stockRoutes({ db }: Deps) {
  const router = createRouter();
  router.openapi(stockRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    const campaign = await findCampaign(db, projectId, id);
    if (!campaign) throw notFound("campaign");
    const stock = await db
      .selectFrom("campaign_stock")
      .selectAll()
      .where("project_id", "=", projectId)
      .where("campaign_id", "=", id)
      .executeTakeFirst();
    const body = {
      left: await countFree(db, projectId, id, new Date(), countedMax),
      low_stock: campaign.low_stock,
      low_stock_since: stock?.low_stock_at?.toISOString() ?? null,
      grown_count: stock?.grown_count ?? 0,
      batch_id: stock?.batch_id ?? null,
    };
    return c.json(body, 200);
  });
  return router;
}
