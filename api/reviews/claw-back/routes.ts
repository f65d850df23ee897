import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { secured } from "../../http/auth.ts";
import { rememberAnswer } from "../../http/remember-answer.ts";
import { createRouter } from "../../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems, resourceId } from "../../http/schemas.ts";
import { actorOf } from "../routes.ts";
import { clawBack } from "./claw-back.ts";
import { previewClawBack } from "./preview.ts";
import { readClawBack } from "./read.ts";
import { clawBackBody, clawBackWire, previewQuery, previewWire } from "./schemas.ts";
import { undoClawBack } from "./undo.ts";

const tags = ["Reviews"];
const params = z.object({ id: resourceId });

const preview = createRoute({
  method: "get",
  path: "/v1/reviews/{id}/claw-back-preview",
  tags,
  summary: "What a claw-back would take back now",
  description:
    "`this`: the redemption and its single-use codes. `cluster`: the redemptions of the linked accounts of the last 90 days, their codes, and the accounts themselves, which are blocked. Codes for everybody and gift cards stay as they are.",
  ...secured("review"),
  request: { params, query: previewQuery },
  responses: { 200: json(previewWire, "The preview"), ...problems(404, 503) },
});

const begin = createRoute({
  method: "post",
  path: "/v1/reviews/{id}/claw-back",
  tags,
  summary: "Take back what a confirmed review is about",
  description: "For a review that was confirmed without, or whose claw-back was undone.",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(clawBackBody) },
  responses: { 202: json(clawBackWire, "Done, or running"), ...problems(404, 409, 422, 503) },
});

const get = createRoute({
  method: "get",
  path: "/v1/claw-backs/{id}",
  tags,
  summary: "A claw-back, step by step",
  ...secured("review"),
  request: { params },
  responses: { 200: json(clawBackWire, "The claw-back"), ...problems(404) },
});

const undo = createRoute({
  method: "post",
  path: "/v1/claw-backs/{id}/undo",
  tags,
  summary: "Take a claw-back back",
  description:
    "Redemptions stand again where everything they took can be taken again, each under a new id; codes are enabled and accounts unblocked that it disabled and blocked. What another claw-back holds, or somebody decided about since, is kept. Each step that could not be restored exactly says why. The review is open again.",
  ...secured("review"),
  request: { params, headers: idempotencyHeaders },
  responses: { 202: json(clawBackWire, "Undone, or being undone"), ...problems(404, 409, 422) },
});

export function clawBackRoutes(deps: Deps) {
  return createRouter()
    .openapi(preview, async (c) => {
      const { scope } = c.req.valid("query");
      return c.json(await previewClawBack(deps, c.var.auth.projectId, c.req.valid("param").id, scope), 200);
    })
    .openapi(begin, (c) =>
      rememberAnswer(c, async () => {
        const { id } = c.req.valid("param");
        const body = await clawBack(deps, c.var.auth.projectId, actorOf(c), id, c.req.valid("json"));
        return { status: 202, body };
      }),
    )
    .openapi(get, async (c) => c.json(await readClawBack(deps, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(undo, (c) =>
      rememberAnswer(c, async () => ({
        status: 202,
        body: await undoClawBack(deps, c.var.auth.projectId, actorOf(c), c.req.valid("param").id),
      })),
    );
}
