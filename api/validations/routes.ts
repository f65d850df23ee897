import { createRoute } from "@hono/zod-openapi";
import { guessLimits, refuseKnown } from "../attempts/attempts.ts";
import { guesserOf } from "../attempts/subjects.ts";
import type { Deps } from "../deps.ts";
import { type ReasonKey, reasonCodes } from "../domain/reason.ts";
import { secured } from "../http/auth.ts";
import { requestIdentity, withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems } from "../http/schemas.ts";
import { validationBody } from "../redemptions/schemas.ts";
import { checkCodes, type ValidationWire, validationWire } from "./check.ts";

const createValidation = createRoute({
  method: "post",
  path: "/v1/validations",
  tags: ["Redemption"],
  summary: "Check codes against a customer and an order",
  description:
    "Takes nothing. Answers 200 whether the codes apply or not, with the discount of each line or every failed rule: what was expected, what was seen, what is missing.",
  ...secured("checkout", { publishable: true }),
  request: { headers: idempotencyHeaders, body: jsonBody(validationBody) },
  responses: { 200: json(validationWire, "What the codes would give"), ...problems(422, 429) },
});

export function validationRoutes(deps: Deps) {
  return createRouter().openapi(createValidation, async (c) => {
    const body = c.req.valid("json");
    const guesser = guesserOf(c, guessLimits(deps), body);
    await refuseKnown(deps, guesser, requestIdentity(c)?.key);
    const answer = async (db?: Deps["db"]) => {
      const validation = await checkCodes(deps, c, body, guesser, db);
      return c.var.auth.kind === "publishable" ? forBrowsers(validation) : validation;
    };
    // A transaction is two more round trips, so only those who ask for a replay pay for one.
    if (requestIdentity(c) === undefined) return c.json(await answer(), 200);
    return withIdempotency(c, async (tx) => ({ status: 200, body: await answer(tx) }));
  });
}

/** Telling these apart would let a browser find out which codes exist. */
const hiddenKeys: ReadonlySet<string> = new Set<ReasonKey>([
  "voucher_unknown",
  "voucher_expired",
  "voucher_not_yet_active",
  "voucher_not_active",
  "voucher_no_uses_left",
  "gift_card_empty",
  "voucher_budget_reached",
  "voucher_assigned_to_other_customer",
  "campaign_ended",
  "campaign_not_started",
  "campaign_not_active",
  "campaign_redemptions_reached",
  "campaign_budget_reached",
  "customer_required",
  "customer_blocked",
  "in_holdout",
  "self_referral",
  "points_not_enough",
  "period_limit_reached",
  "held_for_review",
]);

/** What they compare is the basket, which the browser knows; all else is about the customer or the campaign. */
const openKeys: ReadonlySet<string> = new Set<ReasonKey>([
  "order_below_minimum",
  "order_total_mismatch",
  "currency_mismatch",
  "location_required",
  "outside_area",
]);

/** Publishable keys get one answer for every code that does not exist or can no longer be used, and no trace. */
function forBrowsers({ trace: _, ...validation }: ValidationWire): ValidationWire {
  return {
    ...validation,
    codes: validation.codes.map((code) =>
      code.reasons.some((reason) => hiddenKeys.has(reason.key))
        ? {
            ...code,
            campaign_id: null,
            reasons: [
              { key: "voucher_not_active", code: reasonCodes.voucher_not_active, message: "This code cannot be used." },
            ],
          }
        : { ...code, reasons: code.reasons.map(forBrowser) },
    ),
  };
}

function forBrowser(reason: ValidationWire["codes"][number]["reasons"][number]) {
  if (openKeys.has(reason.key)) return reason;
  const { expected: _expected, actual: _actual, gap: _gap, ...told } = reason;
  return told;
}
