import { createRoute } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { BestOf } from "../domain/best-of.ts";
import type { ReasonKey } from "../domain/reason.ts";
import { secured } from "../http/auth.ts";
import { requestIdentity, withIdempotency } from "../http/idempotency.ts";
import { languagesOf } from "../http/languages.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems } from "../http/schemas.ts";
import { wireApplied } from "../redemptions/answer.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { type Qualified, qualify } from "./qualify.ts";
import { type QualifiedWire, qualificationBody, qualificationWire } from "./schemas.ts";

const createQualification = createRoute({
  method: "post",
  path: "/v1/qualifications",
  tags: ["Redemption"],
  summary: "List what might fit a customer and an order",
  description:
    "Takes nothing. Codes of the customer's wallet, generic codes of running campaigns and automatic campaigns, the best code of each campaign, best first. Publishable keys see nothing of the wallet, and of what does not apply only what is short of an amount or of a place.",
  ...secured("checkout", { publishable: true }),
  request: { headers: idempotencyHeaders, body: jsonBody(qualificationBody) },
  responses: { 200: json(qualificationWire, "What applies, then what nearly does"), ...problems(422) },
});

export function qualificationRoutes(deps: Deps) {
  return createRouter().openapi(createQualification, async (c) => {
    const { customer, order, limit, combine } = c.req.valid("json");
    const { projectId, kind } = c.var.auth;
    const isPublic = kind === "publishable";
    const { found, combination } = await qualify(deps, {
      projectId,
      customer: customer?.identifier ?? null,
      order: toOrderFacts(order),
      languages: languagesOf(c),
      isPublic,
      combine,
    });
    const shown = isPublic ? found.filter(isForBrowsers) : found;
    const body = { data: shown.slice(0, limit).map(toWire), combination: combination && toCombination(combination) };
    // A transaction is two more round trips, so only those who ask for a replay pay for one.
    if (requestIdentity(c) === undefined) return c.json(body, 200);
    return withIdempotency(c, async () => ({ status: 200, body }));
  });
}

function toWire({ decision, isAutomatic }: Qualified): QualifiedWire {
  const { applicable, discount_amount, rewards, reasons } = wireApplied(decision);
  return {
    campaign_id: decision.campaignId ?? "",
    code: isAutomatic ? null : decision.code,
    automatic: isAutomatic,
    applicable,
    discount_amount,
    rewards: rewards as QualifiedWire["rewards"],
    reasons: reasons as QualifiedWire["reasons"],
  };
}

function toCombination({ codes, decision, exhaustive }: BestOf) {
  return {
    codes: [...codes],
    automatic: decision.automatic.map(({ campaignId }) => campaignId ?? ""),
    discount_amount: decision.discountAmount,
    exhaustive: exhaustive && decision.exhaustive,
  };
}

/** What these compare is the basket, which the browser knows; any other rule stays between the shop and us. */
const openKeys: ReadonlySet<ReasonKey> = new Set([
  "order_below_minimum",
  "location_required",
  "outside_area",
  "no_effect",
]);

function isForBrowsers({ decision }: Qualified): boolean {
  return decision.reasons.every(({ key }) => openKeys.has(key));
}
