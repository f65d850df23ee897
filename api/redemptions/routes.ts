import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { requestIdentity } from "../http/idempotency.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import { answerAttempt, requiredIdentity, sendAnswer } from "./answer-attempt.ts";
import { findRedemptionDetail, listRedemptions } from "./read.ts";
import { redeem } from "./redeem.ts";
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
      const identity = requiredIdentity(c, "a retry cannot redeem twice");
      return (await answerAttempt(deps, c, c.req.valid("json"), identity, (request) => redeem(deps, request))) as never;
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
      return sendAnswer(c, answer) as never;
    });
}
