import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { OrderFacts } from "../domain/facts.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { offerPolicySettings } from "./policy.ts";
import { changePolicy, readPolicy } from "./read-policy.ts";
import { recordOutcome, recordServed, toOfferWire } from "./record.ts";
import { readPoliciesReport } from "./report.ts";
import { policiesReportWire } from "./report-schemas.ts";
import { offerPolicyWire, offersBody, offersWire, outcomeBody, outcomeWire } from "./schemas.ts";
import { serveOffers } from "./serve.ts";

const tags = ["Offers"];

const serve = createRoute({
  method: "post",
  path: "/v1/offers",
  tags,
  summary: "Rank what may be offered to a customer",
  description:
    "From the customer's wallet and the generic codes of running campaigns. With an order only what applies to it. Best expected value first, now and then in an order drawn at random; every offer says how likely it was to stand where it does.",
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

const readSettings = createRoute({
  method: "get",
  path: "/v1/offers/policy",
  tags,
  summary: "Read how offers are ranked",
  ...secured(["manage", "analytics", "admin"]),
  responses: { 200: json(offerPolicyWire, "The settings, and their version"), ...problems() },
});

const changeSettings = createRoute({
  method: "put",
  path: "/v1/offers/policy",
  tags,
  summary: "Change how offers are ranked",
  description:
    "All settings together: what is left out takes its default. Other settings begin a new comparison of the arms.",
  ...secured(["manage", "admin"]),
  request: { body: jsonBody(offerPolicySettings) },
  responses: { 200: json(offerPolicyWire, "The settings as they are now"), ...problems() },
});

const daysMax = 90;

const report = createRoute({
  method: "get",
  path: "/v1/offers/policies/report",
  tags,
  summary: "Compare champion, challenger, popularity and random",
  description:
    "Per decision: offers redeemed and their expected margin less the discount. What each policy's own arm had; what the decisions of all arms estimate of it; and what its arm's customers did, against the champion's.",
  ...secured("analytics"),
  request: {
    query: z.strictObject({
      days: z
        .string()
        .regex(/^[1-9]\d?$/, `Expected a whole number from 1 to ${daysMax}`)
        .transform(Number)
        .pipe(z.int().min(1).max(daysMax))
        .default(28)
        .openapi({ type: "integer", minimum: 1, maximum: daysMax, default: 28 }),
    }),
  },
  responses: { 200: json(policiesReportWire, "The comparison; without decisions it has no policies"), ...problems() },
});

export function offerRoutes(deps: Deps) {
  return createRouter()
    .openapi(report, async (c) => {
      const { days } = c.req.valid("query");
      return c.json(await readPoliciesReport(deps.warehouse, c.var.auth.projectId, days), 200);
    })
    .openapi(readSettings, async (c) => {
      const { version, settings } = await readPolicy(deps.db, c.var.auth.projectId);
      return c.json({ version, ...settings }, 200);
    })
    .openapi(changeSettings, async (c) => {
      const settings = c.req.valid("json");
      const changed = await inTransaction(c, (tx) => changePolicy(tx, c.var.auth.projectId, settings, new Date()));
      return c.json({ version: changed.version, ...changed.settings }, 200);
    })
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
        await recordServed(tx, projectId, customer.identifier, served);
        const { decisionId, model, arm } = served;
        return { status: 200, body: { decision_id: decisionId, offers: toOfferWire(served), model, policy: arm } };
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
