import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { countGuesses, guessLimits, refuseKnown } from "../attempts/attempts.ts";
import { guesserOf } from "../attempts/subjects.ts";
import { unknownCodesOf } from "../attempts/unknown-codes.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import type { AppEnv } from "../http/environment.ts";
import { requestIdentity, sendText } from "../http/idempotency.ts";
import { languagesOf } from "../http/languages.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { decideAt } from "./decide-at.ts";
import { findRedemptionDetail, listRedemptions } from "./queries.ts";
import { type Answer, redeem } from "./redeem.ts";
import { rollBack } from "./roll-back.ts";
import {
  attemptsQuery,
  redemptionBody,
  redemptionDetailWire,
  redemptionWire,
  rollbackBody,
  rollbackWire,
} from "./schemas.ts";

const idParams = z.object({ id: resourceId });

const createRedemption = createRoute({
  method: "post",
  path: "/v1/redemptions",
  tags: ["Redemption"],
  summary: "Redeem codes on an order",
  description:
    "Takes every code or none, at most once: uses, limits and budgets are taken in the transaction that records the redemption. A refusal lists every reason at once and is itself recorded.",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, body: jsonBody(redemptionBody) },
  responses: { 201: json(redemptionWire, "Redeemed"), ...problems(409, 422, 429, 503) },
});

const listAllRedemptions = createRoute({
  method: "get",
  path: "/v1/redemptions",
  tags: ["Redemption"],
  summary: "List redemptions, newest first",
  ...secured(["checkout", "analytics", "manage"]),
  request: { query: attemptsQuery },
  responses: { 200: json(pageOf(redemptionWire), "A page of redemptions"), ...problems() },
});

const getRedemption = createRoute({
  method: "get",
  path: "/v1/redemptions/{id}",
  tags: ["Redemption"],
  summary: "One redemption with its decision trace",
  ...secured(["checkout", "analytics", "manage"]),
  request: { params: idParams },
  responses: { 200: json(redemptionDetailWire, "The redemption"), ...problems(404) },
});

const createRollback = createRoute({
  method: "post",
  path: "/v1/redemptions/{id}/rollback",
  tags: ["Redemption"],
  summary: "Undo a redemption, whole, by items or by amount",
  description:
    "At any age, and several times until nothing is left. Budgets and balances go back with every part; uses, spent points and issued rewards when nothing is left. The campaign's on_rollback says what happens to the rest when items are returned.",
  ...secured("checkout"),
  request: { params: idParams, headers: idempotencyHeaders, body: jsonBody(rollbackBody) },
  responses: { 201: json(rollbackWire, "Rolled back"), ...problems(404, 409, 422, 503) },
});

export function redemptionRoutes(deps: Deps) {
  return createRouter()
    .openapi(createRedemption, async (c) => {
      const body = c.req.valid("json");
      const identity = requestIdentity(c);
      if (identity === undefined) {
        throw new Problem("idempotency_key_required", "Send an Idempotency-Key, so that a retry cannot redeem twice.");
      }
      const guesser = guesserOf(c, guessLimits(deps), body);
      await refuseKnown(deps, guesser, identity.key);
      const { projectId } = c.var.auth;
      const answer = await redeem(deps, {
        projectId,
        idempotencyKey: identity.key,
        requestHash: identity.hash.toString("hex"),
        codes: body.codes,
        customer: body.customer?.identifier ?? null,
        order: { ...toOrderFacts(body.order), id: body.order.id },
        at: decideAt(c, body.at),
        languages: languagesOf(c),
        guesser,
        source: body.source,
        requestId: c.var.requestId,
      });
      await countGuesses(deps, guesser, unknownCodesOf(answer));
      return send(c, answer) as never;
    })
    .openapi(listAllRedemptions, async (c) =>
      c.json(await listRedemptions(deps.db, c.var.auth.projectId, c.req.valid("query")), 200),
    )
    .openapi(getRedemption, async (c) => {
      const found = await findRedemptionDetail(deps.db, c.var.auth.projectId, c.req.valid("param").id);
      if (found === undefined) throw notFound("redemption");
      return c.json(found, 200);
    })
    .openapi(createRollback, async (c) => {
      const identity = requestIdentity(c);
      const { reason, amount, items } = c.req.valid("json");
      const answer = await rollBack(deps, {
        projectId: c.var.auth.projectId,
        redemptionId: c.req.valid("param").id,
        what:
          amount !== undefined
            ? { kind: "amount", amount }
            : items !== undefined
              ? { kind: "items", items }
              : { kind: "whole" },
        reason: reason ?? null,
        idempotencyKey: identity?.key ?? null,
        requestHash: identity?.hash.toString("hex") ?? "",
        requestId: c.var.requestId,
      });
      return send(c, answer) as never;
    });
}

function send(c: Context<AppEnv>, answer: Answer): Response {
  return sendText(c, answer.status as ContentfulStatusCode, answer.body, answer.replayed);
}
