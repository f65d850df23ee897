import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import type { AppEnv } from "../http/environment.ts";
import { rememberAnswer } from "../http/remember-answer.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import type { Actor } from "./actor.ts";
import { assignReview, releaseReview } from "./assign.ts";
import { decideReviews } from "./bulk.ts";
import { decideReview } from "./decide.ts";
import { listReviews } from "./list.ts";
import { readReviewMetrics } from "./metrics.ts";
import { addNote } from "./note.ts";
import { readReview } from "./read.ts";
import {
  bulkBody,
  bulkWire,
  decisionBody,
  metricsQuery,
  metricsWire,
  noteBody,
  reviewDetailWire,
  reviewsQuery,
  reviewWire,
} from "./schemas.ts";

const tags = ["Reviews"];
const params = z.object({ id: resourceId });

const list = createRoute({
  method: "get",
  path: "/v1/reviews",
  tags,
  summary: "What waits for a reviewer, the most expensive suspicion first",
  description:
    "Every redemption, rejection and held reservation that a score or a rule flagged, held or refused. The priority is score × amount at risk.",
  ...secured("review"),
  request: { query: reviewsQuery },
  responses: { 200: json(pageOf(reviewWire), "A page of reviews"), ...problems() },
});

const metrics = createRoute({
  method: "get",
  path: "/v1/reviews/metrics",
  tags,
  summary: "What waits, how often suspicions were right, and what looking brought",
  ...secured("review"),
  request: { query: metricsQuery },
  responses: { 200: json(metricsWire, "Figures"), ...problems() },
});

const bulk = createRoute({
  method: "post",
  path: "/v1/reviews/bulk",
  tags,
  summary: "The same decision about up to 100 reviews",
  description: "Each by itself: the answer says for every id what became of it.",
  ...secured("review"),
  request: { headers: idempotencyHeaders, body: jsonBody(bulkBody) },
  responses: { 200: json(bulkWire, "What became of each"), ...problems(422) },
});

const get = createRoute({
  method: "get",
  path: "/v1/reviews/{id}",
  tags,
  summary: "One review with its reasons, timeline, order, customer and linked accounts",
  ...secured("review"),
  request: { params },
  responses: { 200: json(reviewDetailWire, "The review"), ...problems(404) },
});

const assign = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/assign",
  tags,
  summary: "Take a review for 15 minutes, or renew it",
  description: "Nobody else may decide meanwhile: they get 409 `review_locked`, which says until when.",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders },
  responses: { 200: json(reviewWire, "It is yours"), ...problems(404, 409, 422) },
});

const release = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/release",
  tags,
  summary: "Give a review back to the queue",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders },
  responses: { 200: json(reviewWire, "It is nobody's"), ...problems(404, 409, 422) },
});

const takeNote = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/notes",
  tags,
  summary: "Leave a note in the timeline",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(noteBody) },
  responses: { 201: json(reviewWire, "Noted"), ...problems(404, 422) },
});

const decide = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/decision",
  tags,
  summary: "Confirm, dismiss or hold back",
  description:
    "`confirm`: it is abuse; a held reservation is cancelled, and `claw_back` takes back this redemption or what the linked accounts did. `dismiss`: it is not; a held reservation is redeemed. `hold`: look again a day later. The same decision by the same key again is answered the same.",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(decisionBody) },
  responses: { 200: json(reviewWire, "Decided"), ...problems(404, 409, 422, 503) },
});

/** Who asks, as the verbs of reviews want to know it. */
export function actorOf(c: Context<AppEnv>): Actor {
  return { keyId: c.var.auth.keyId, requestId: c.var.requestId };
}

export function reviewRoutes(deps: Deps) {
  return createRouter()
    .openapi(list, async (c) =>
      c.json(await listReviews(deps, c.var.auth.projectId, actorOf(c), c.req.valid("query")), 200),
    )
    .openapi(metrics, async (c) =>
      c.json(await readReviewMetrics(deps, c.var.auth.projectId, c.req.valid("query").days), 200),
    )
    .openapi(bulk, (c) =>
      rememberAnswer(c, async () => ({
        status: 200,
        body: await decideReviews(deps, c.var.auth.projectId, actorOf(c), c.req.valid("json")),
      })),
    )
    .openapi(get, async (c) => c.json(await readReview(deps, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(assign, (c) =>
      rememberAnswer(c, async () => ({
        status: 200,
        body: await assignReview(deps, c.var.auth.projectId, actorOf(c), c.req.valid("param").id),
      })),
    )
    .openapi(release, (c) =>
      rememberAnswer(c, async () => ({
        status: 200,
        body: await releaseReview(deps, c.var.auth.projectId, actorOf(c), c.req.valid("param").id),
      })),
    )
    .openapi(takeNote, (c) =>
      rememberAnswer(c, async () => {
        const { note } = c.req.valid("json");
        const body = await addNote(deps, c.var.auth.projectId, actorOf(c), c.req.valid("param").id, note);
        return { status: 201, body };
      }),
    )
    .openapi(decide, (c) =>
      rememberAnswer(c, async () => {
        const { id } = c.req.valid("param");
        const body = await decideReview(deps, c.var.auth.projectId, actorOf(c), id, c.req.valid("json"));
        return { status: 200, body };
      }),
    );
}
