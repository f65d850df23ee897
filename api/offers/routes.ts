import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { OrderFacts } from "../domain/facts.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../http/schemas.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { recordOutcome, recordServed, toOfferWire } from "./record.ts";
import { offersBody, offersWire, outcomeBody, outcomeWire } from "./schemas.ts";
import { serveOffers } from "./serve.ts";

const tags = ["Offers"];

const serve = createRoute({
  method: "post",
  path: "/v1/offers",
  tags,
  summary: "Rank what may be offered to a customer",
  description:
    "From the customer's wallet and the generic codes of running campaigns. With an order only what applies to it. Best expected value first; `model` says who ranked.",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, body: jsonBody(offersBody) },
  responses: { 200: json(offersWire, "The offers, best first; none is an answer too"), ...problems(422) },
});

const outcome = createRoute({
  method: "post",
  path: "/v1/offers/{decision_id}/outcome",
  tags,
  summary: "Report what became of an offer",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, params: z.object({ decision_id: resourceId }), body: jsonBody(outcomeBody) },
  responses: { 201: json(outcomeWire, "Recorded"), ...problems(404, 422) },
});

export function offerRoutes(deps: Deps) {
  return createRouter()
    .openapi(serve, async (c) => {
      const { customer, order, context, limit } = c.req.valid("json");
      const { projectId } = c.var.auth;
      const served = await serveOffers(deps, {
        projectId,
        customer: customer.identifier,
        order: order === undefined ? null : inContext(toOrderFacts(order), context),
        limit,
      });
      return withIdempotency(c, async (tx) => {
        const decisionId = await recordServed(tx, projectId, customer.identifier, served);
        return { status: 200, body: { decision_id: decisionId, offers: toOfferWire(served), model: served.model } };
      });
    })
    .openapi(outcome, (c) => {
      const { decision_id } = c.req.valid("param");
      const body = c.req.valid("json");
      return withIdempotency(c, async (tx) => {
        const report = { campaignId: body.campaign_id, outcome: body.outcome };
        const at = await recordOutcome(tx, c.var.auth.projectId, decision_id, report);
        return { status: 201, body: { decision_id, ...body, recorded_at: at.toISOString() } };
      });
    });
}

type Context = z.output<typeof offersBody>["context"];

function inContext(order: OrderFacts, context: Context): OrderFacts {
  return {
    ...order,
    channel: order.channel ?? context?.channel ?? null,
    storeId: order.storeId ?? context?.store_id ?? null,
    metadata: { ...context?.metadata, ...order.metadata },
  };
}
