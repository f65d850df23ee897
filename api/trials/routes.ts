import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { languagesOf } from "../http/languages.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, problems, resourceId } from "../http/schemas.ts";
import { wireApplied, wireOrder } from "../redemptions/answer.ts";
import { explanationOf } from "../redemptions/explanation.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { trialBody, trialWire } from "./schemas.ts";
import { type Trial, tryCampaign } from "./try-campaign.ts";

const tryRoute = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/trial",
  tags: ["Campaigns"],
  summary: "Try a sub-campaign on a basket, also a draft",
  description:
    "Judges the campaign as if it and its main campaign were active and a code of it were typed, by itself, and tells what it gives or every reason against it. Takes nothing, announces nothing.",
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }), body: jsonBody(trialBody) },
  responses: { 200: json(trialWire, "What it would do"), ...problems(404, 409) },
});

export function trialRoutes(deps: Deps) {
  return createRouter().openapi(tryRoute, async (c) => {
    const { customer, order, at } = c.req.valid("json");
    const { id } = c.req.valid("param");
    const trial = await tryCampaign(deps, {
      projectId: c.var.auth.projectId,
      campaignId: id,
      customer: customer?.identifier ?? null,
      order: toOrderFacts(order),
      at: at === undefined ? null : new Date(at).toISOString(),
      languages: languagesOf(c),
    });
    return c.json(toWire(trial), 200);
  });
}

function toWire({ facts, decision, sums }: Trial): z.output<typeof trialWire> {
  const { applicable, discount_amount, rewards, reasons } = wireApplied(decision);
  const told = { campaign_id: decision.campaignId, applicable, discount_amount, reasons };
  return {
    campaign_id: decision.campaignId ?? "",
    applicable,
    discount_amount,
    rewards: rewards as z.output<typeof trialWire>["rewards"],
    reasons: reasons as z.output<typeof trialWire>["reasons"],
    order: wireOrder(facts, sums) as unknown as z.output<typeof trialWire>["order"],
    trace: decision.trace as Readonly<Record<string, unknown>>,
    explanation: explanationOf({ codes: [], automatic: [told] }, [decision.trace], facts.order.currency),
  };
}
