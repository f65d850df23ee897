import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../http/schemas.ts";
import { answerAttempt, requiredIdentity, sendAnswer } from "../redemptions/answer-attempt.ts";
import type { RedeemRequest } from "../redemptions/arguments.ts";
import { reserve } from "../redemptions/redeem.ts";
import { redemptionWire, reservationBody, reservationWire } from "../redemptions/schemas.ts";
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
      const { ttl_seconds, ...body } = c.req.valid("json");
      const identity = requiredIdentity(c, "a retry cannot hold twice");
      const hold = (request: RedeemRequest) => reserve(deps, request, ttl_seconds);
      return (await answerAttempt(deps, c, body, identity, hold)) as never;
    })
    .openapi(getReservation, async (c) => {
      const found = await findReservation(deps.pool, c.var.auth.projectId, c.req.valid("param").id);
      if (found === undefined) throw notFound("reservation");
      return c.json(toWire(found), 200);
    })
    .openapi(confirmReservation, async (c) => {
      const identity = requiredIdentity(c, "a retry cannot redeem twice");
      const answer = await confirm(deps, {
        projectId: c.var.auth.projectId,
        reservationId: c.req.valid("param").id,
        idempotencyKey: identity.key,
        requestHash: identity.hash.toString("hex"),
        requestId: c.var.requestId,
      });
      return sendAnswer(c, answer) as never;
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

/** A hold ends at its time, whenever it is swept. */
function toWire(row: ReservationRow): z.output<typeof reservationWire> {
  const status = row.status === "held" && row.expires_at <= row.clock ? "expired" : row.status;
  return reservationWire.parse({
    ...(row.content.shown ?? row.response),
    status,
    redemption_id: status === "confirmed" ? row.redemption_id : null,
    ended_at: (status === "expired" ? (row.ended_at ?? row.expires_at) : row.ended_at)?.toISOString() ?? null,
  });
}
