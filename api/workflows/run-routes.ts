import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { readProjectCap, writeProjectCap } from "./caps.ts";
import { dryRunOf } from "./dry-run.ts";
import { dryRunBody, dryRunWire } from "./dry-run-schema.ts";
import { pageOfRuns, readRun } from "./read.ts";
import { retriedAtOnce, retryFailed, retryRun } from "./retry.ts";
import { params, projectSettings, retriedWire, retryBody, runFilters, runWire, runWithLogWire } from "./schemas.ts";

const tags = ["Workflows"];
const reading = secured(["manage", "analytics"]);

const list = createRoute({
  method: "get",
  path: "/v1/workflows/{id}/runs",
  tags,
  summary: "List the runs of a workflow, the newest first",
  ...reading,
  request: { params, query: z.strictObject({ ...listQuery, ...runFilters }) },
  responses: { 200: json(pageOf(runWire), "Runs"), ...problems(404) },
});

const read = createRoute({
  method: "get",
  path: "/v1/workflow-runs/{id}",
  tags,
  summary: "Read a run, with all that happened",
  ...reading,
  request: { params },
  responses: { 200: json(runWithLogWire, "The run and its log"), ...problems(404) },
});

const retry = createRoute({
  method: "post",
  path: "/v1/workflow-runs/{id}/retry",
  tags,
  summary: "Replay a run that failed",
  description: "It goes on with the step that failed; what was done before is not done again.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders },
  responses: { 200: json(runWire, "The run, open again"), ...problems(404, 409, 422) },
});

const retryAll = createRoute({
  method: "post",
  path: "/v1/workflows/{id}/retry-failed",
  tags,
  summary: "Replay the runs of a workflow that failed",
  description: `The oldest first, at most ${retriedAtOnce} in a request.`,
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(retryBody) },
  responses: { 200: json(retriedWire, "How many go on"), ...problems(404, 409, 422) },
});

const readSettings = createRoute({
  method: "get",
  path: "/v1/workflow-settings",
  tags,
  summary: "Read what holds for all workflows of the project",
  ...reading,
  responses: { 200: json(projectSettings, "The settings"), ...problems() },
});

const putSettings = createRoute({
  method: "put",
  path: "/v1/workflow-settings",
  tags,
  summary: "Set how often all workflows together may write to a customer",
  ...secured("manage"),
  request: { body: jsonBody(projectSettings) },
  responses: { 200: json(projectSettings, "The settings as they are now"), ...problems() },
});

const dry = createRoute({
  method: "post",
  path: "/v1/workflows/{id}/dry-run",
  tags,
  summary: "See whom a workflow would have reached",
  description:
    "Reads the events of a time, at most 31 days and by default yesterday, and says which runs would have begun, what each step would have done and what would have been withheld. What is known of customers is what is known now. Changes nothing.",
  ...reading,
  request: { params, body: jsonBody(dryRunBody) },
  responses: { 200: json(dryRunWire, "What would have happened"), ...problems(404) },
});

export function workflowRunRoutes({ db, warehouse }: Deps) {
  return createRouter()
    .openapi(dry, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await dryRunOf({ db, warehouse }, c.var.auth.projectId, id, c.req.valid("json")), 200);
    })
    .openapi(list, async (c) => {
      const page = await pageOfRuns(db, c.var.auth.projectId, c.req.valid("param").id, c.req.valid("query"));
      return c.json(page, 200);
    })
    .openapi(read, async (c) => c.json(await readRun(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(retry, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        return { status: 200, body: await retryRun(tx, c.var.auth.projectId, id, await databaseNow(tx)) };
      }),
    )
    .openapi(retryAll, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const which = c.req.valid("json");
        return { status: 200, body: await retryFailed(tx, c.var.auth.projectId, id, which, await databaseNow(tx)) };
      }),
    )
    .openapi(readSettings, async (c) => {
      return c.json({ cap: (await readProjectCap(db, c.var.auth.projectId)) ?? null }, 200);
    })
    .openapi(putSettings, async (c) => {
      const { cap } = c.req.valid("json");
      await inTransaction(c, async (tx) => writeProjectCap(tx, c.var.auth.projectId, cap, await databaseNow(tx)));
      return c.json({ cap }, 200);
    });
}
