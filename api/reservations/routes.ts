import { createRoute, z } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { countGuesses, guessLimits, refuseKnown } from "../attempts/attempts.ts";
import { guesserOf } from "../attempts/subjects.ts";
import { unknownCodesOf } from "../attempts/unknown-codes.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { requestIdentity, sendText } from "../http/idempotency.ts";
import { languagesOf } from "../http/languages.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../http/schemas.ts";
import { decideAt } from "../redemptions/decide-at.ts";
import { reserve } from "../redemptions/redeem.ts";
import { redemptionWire, reservationBody, reservationWire } from "../redemptions/schemas.ts";
import { toOrderFacts } from "../validations/order-schema.ts";
import { confirm, ended } from "./confirm.ts";
import { findReservation, type ReservationRow } from "./queries.ts";
import { releaseReservation } from "./release.ts";

const params = z.object({ id: resourceId });
const tags = ["Redemption"];

const createReservation = createRoute({
  method: "post",
  path: "/v1/reservations",
  tags,
  summary: "Hold what a redemption would take",
  description:
    "Holds uses, budget, balance and points until expires_at. Confirm it to redeem, delete it to give all of it back; what has run out is given back by itself.",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, body: jsonBody(reservationBody) },
  responses: { 201: json(reservationWire, "Held"), ...problems(409, 422, 429, 503) },
});

const getReservation = createRoute({
  method: "get",
  path: "/v1/reservations/{id}",
  tags,
  summary: "Read a reservation",
  ...secured(["checkout", "manage"]),
  request: { params },
  responses: { 200: json(reservationWire, "The reservation"), ...problems(404) },
});

const confirmReservation = createRoute({
  method: "post",
  path: "/v1/reservations/{id}/confirm",
  tags,
  summary: "Redeem what a reservation holds",
  ...secured("checkout"),
  request: { params, headers: idempotencyHeaders },
  responses: { 201: json(redemptionWire, "Redeemed"), ...problems(404, 409, 422, 503) },
});

const cancelReservation = createRoute({
  method: "delete",
  path: "/v1/reservations/{id}",
  tags,
  summary: "Give back what a reservation holds",
  ...secured("checkout"),
  request: { params },
  responses: { 204: { description: "Nothing is held any more" }, ...problems(404, 409) },
});

export function reservationRoutes(deps: Deps) {
  return createRouter()
    .openapi(createReservation, async (c) => {
      const body = c.req.valid("json");
      const identity = requestIdentity(c);
      if (identity === undefined) throw keyRequired("a retry cannot hold twice");
      const guesser = guesserOf(c, guessLimits(deps), body);
      await refuseKnown(deps, guesser, identity.key);
      const answer = await reserve(
        deps,
        {
          projectId: c.var.auth.projectId,
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
        },
        body.ttl_seconds,
      );
      await countGuesses(deps, guesser, unknownCodesOf(answer));
      return sendText(c, answer.status as ContentfulStatusCode, answer.body, answer.replayed) as never;
    })
    .openapi(getReservation, async (c) => {
      const found = await findReservation(deps.pool, c.var.auth.projectId, c.req.valid("param").id);
      if (found === undefined) throw notFound("reservation");
      return c.json(toWire(found), 200);
    })
    .openapi(confirmReservation, async (c) => {
      const identity = requestIdentity(c);
      if (identity === undefined) throw keyRequired("a retry cannot redeem twice");
      const answer = await confirm(deps, {
        projectId: c.var.auth.projectId,
        reservationId: c.req.valid("param").id,
        idempotencyKey: identity.key,
        requestHash: identity.hash.toString("hex"),
        requestId: c.var.requestId,
      });
      return sendText(c, answer.status as ContentfulStatusCode, answer.body, answer.replayed) as never;
    })
    .openapi(cancelReservation, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const found = await findReservation(deps.pool, projectId, id);
      if (found === undefined) throw notFound("reservation");
      if (found.status === "held" && !(await cancel(deps, projectId, found))) {
        // Somebody else ended it between the two statements: what they made of it counts.
        const now = await findReservation(deps.pool, projectId, id);
        if (now?.status === "confirmed") throw ended(now);
      }
      if (found.status === "confirmed") throw ended(found);
      return c.body(null, 204);
    });
}

/** One whose time is over ends as expired, whoever comes first. */
async function cancel(deps: Deps, projectId: string, reservation: ReservationRow): Promise<boolean> {
  return (
    (await releaseReservation(deps.pool, projectId, reservation, "cancelled")) ||
    (await releaseReservation(deps.pool, projectId, reservation, "expired"))
  );
}

function keyRequired(why: string): Problem {
  return new Problem("idempotency_key_required", `Send an Idempotency-Key, so that ${why}.`);
}

/** A hold ends at its time, whenever it is swept. */
function toWire(row: ReservationRow): z.output<typeof reservationWire> {
  const status = row.status === "held" && row.expires_at <= row.clock ? "expired" : row.status;
  return reservationWire.parse({
    ...row.response,
    status,
    redemption_id: status === "confirmed" ? row.redemption_id : null,
    ended_at: (status === "expired" ? (row.ended_at ?? row.expires_at) : row.ended_at)?.toISOString() ?? null,
  });
}
