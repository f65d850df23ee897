import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { readVersion } from "./active.ts";
import { readProjectCap } from "./caps.ts";
import { dryRun, dryRunWindow } from "./dry-run.ts";
import { dryRunBody, dryRunWire } from "./dry-run-schema.ts";
import { findRun, findWorkflow, listEntries, listRuns } from "./queries.ts";
import { retryRuns } from "./release.ts";
import { params, projectSettings, retriedWire, retryBody, runFilters, runWire, runWithLogWire } from "./schemas.ts";
import { stepSentences } from "./sentence.ts";
import { namesOf, runToWire } from "./wire.ts";

const tags = ["Workflows"];
const reading = secured(["manage", "analytics"]);
const entriesShown = 500;
const retriedAtOnce = 1_000;

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
      const { from, to } = c.req.valid("json");
      const row = await findWorkflow(db, c.var.auth.projectId, c.req.valid("param").id);
      if (row === undefined) throw notFound("workflow");
      const window = dryRunWindow(from, to, await databaseNow(db));
      return c.json(await dryRun({ db, warehouse }, row, window), 200);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { limit, cursor, customer, status, from, to } = c.req.valid("query");
      if ((await findWorkflow(db, projectId, id)) === undefined) throw notFound("workflow");
      const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const filters = { workflowId: id, customer, status, from, to };
      const rows = await listRuns(db, projectId, filters, { before, limit: limit + 1 });
      return c.json(
        toPage(rows, limit, (row) => [row.id], runToWire),
        200,
      );
    })
    .openapi(read, async (c) => {
      const { projectId } = c.var.auth;
      const row = await findRun(db, projectId, c.req.valid("param").id);
      if (row === undefined) throw notFound("run");
      const definition = await readVersion(db, row);
      const sentences = stepSentences(definition, await namesOf(db, projectId, [definition]));
      const entries = await listEntries(db, projectId, row.id, entriesShown);
      return c.json(
        {
          ...runToWire(row),
          steps: definition.steps.map(({ type }, position) => ({
            position,
            type,
            sentence: sentences[position] ?? "",
          })),
          log: entries.map(({ position, kind, outcome, reason, detail, at }) => ({
            ...{ position, type: kind, outcome, reason, detail },
            at: at.toISOString(),
          })),
        },
        200,
      );
    })
    .openapi(retry, (c) =>
      withIdempotency(c, async (tx) => {
        const { projectId } = c.var.auth;
        const { id } = c.req.valid("param");
        if ((await findRun(tx, projectId, id)) === undefined) throw notFound("run");
        const retried = await retryRuns(tx, projectId, { runId: id }, 1, await databaseNow(tx));
        if (retried.length === 0) {
          throw new Problem("conflict", "Only a run that failed, of a workflow that is not archived, can be replayed.");
        }
        const row = await findRun(tx, projectId, id);
        if (row === undefined) throw new Error("the run that was just replayed is not there");
        return { status: 200, body: runToWire(row) };
      }),
    )
    .openapi(retryAll, (c) =>
      withIdempotency(c, async (tx) => {
        const { projectId } = c.var.auth;
        const { id } = c.req.valid("param");
        const { reason, from, to } = c.req.valid("json");
        const workflow = await findWorkflow(tx, projectId, id);
        if (workflow === undefined) throw notFound("workflow");
        if (workflow.status === "archived") throw new Problem("conflict", "The workflow is archived.");
        const which = {
          workflowId: id,
          reason,
          from: from === undefined ? undefined : new Date(from),
          to: to === undefined ? undefined : new Date(to),
        };
        const retried = await retryRuns(tx, projectId, which, retriedAtOnce, await databaseNow(tx));
        return { status: 200, body: { retried: retried.length, more: retried.length === retriedAtOnce } };
      }),
    )
    .openapi(readSettings, async (c) => {
      return c.json({ cap: (await readProjectCap(db, c.var.auth.projectId)) ?? null }, 200);
    })
    .openapi(putSettings, async (c) => {
      const { cap } = c.req.valid("json");
      await inTransaction(c, async (tx) => {
        const settings = {
          deliveries_max: cap?.deliveries_max ?? null,
          days: cap?.days ?? null,
          updated_at: await databaseNow(tx),
        };
        await tx
          .insertInto("workflow_settings")
          .values({ project_id: c.var.auth.projectId, ...settings })
          .onConflict((conflict) => conflict.column("project_id").doUpdateSet(settings))
          .execute();
      });
      return c.json({ cap }, 200);
    });
}
