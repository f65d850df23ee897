import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { changeWorkflow, createWorkflow, setStatus } from "./change.ts";
import { findWorkflow, listVersions } from "./queries.ts";
import { pageOfWorkflows, readWorkflow } from "./read.ts";
import { params, statuses, versionWire, workflowBody, workflowPatch, workflowWire } from "./schemas.ts";
import { versionsToWire, workflowToWire } from "./wire.ts";

const tags = ["Workflows"];
const reading = secured(["manage", "analytics"]);

const create = createRoute({
  method: "post",
  path: "/v1/workflows",
  tags,
  summary: "Create a workflow",
  description: "A draft: nothing happens before it is activated. docs/workflows.md tells of triggers and steps.",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(workflowBody) },
  responses: { 201: json(workflowWire, "The workflow, a draft"), ...problems(409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/v1/workflows",
  tags,
  summary: "List workflows, the newest first",
  ...reading,
  request: { query: z.strictObject({ ...listQuery, status: z.enum(statuses).optional() }) },
  responses: { 200: json(pageOf(workflowWire), "Workflows"), ...problems() },
});

const read = createRoute({
  method: "get",
  path: "/v1/workflows/{id}",
  tags,
  summary: "Read a workflow",
  ...reading,
  request: { params },
  responses: { 200: json(workflowWire, "The workflow"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/workflows/{id}",
  tags,
  summary: "Change a workflow",
  description: "A changed definition is a new version. Runs that have begun keep the version they began with.",
  ...secured("manage"),
  request: { params, body: jsonBody(workflowPatch) },
  responses: { 200: json(workflowWire, "The workflow as it is now"), ...problems(404, 409) },
});

const moves = {
  activate: {
    status: "active",
    summary: "Activate a workflow, or let a paused one go on",
    description: "What happened before it begins nothing. Runs whose time came while it was paused go on now.",
  },
  pause: {
    status: "paused",
    summary: "Pause a workflow",
    description: "Nothing begins, and open runs wait before their next step.",
  },
  archive: {
    status: "archived",
    summary: "Archive a workflow",
    description: "For good: open runs end as cancelled.",
  },
} as const;

function moveRoute<M extends keyof typeof moves>(move: M) {
  const { summary, description } = moves[move];
  return createRoute({
    method: "post",
    path: `/v1/workflows/{id}/${move}`,
    tags,
    summary,
    description,
    ...secured("manage"),
    request: { params, headers: idempotencyHeaders },
    responses: { 200: json(workflowWire, "The workflow as it is now"), ...problems(404, 409, 422) },
  });
}

const versions = createRoute({
  method: "get",
  path: "/v1/workflows/{id}/versions",
  tags,
  summary: "List the versions of a workflow, the newest first",
  ...reading,
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(versionWire), "Versions"), ...problems(404) },
});

export function workflowRoutes({ db }: Deps) {
  const router = createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => {
        const row = await createWorkflow(tx, c.var.auth.projectId, c.req.valid("json"), await databaseNow(tx));
        return { status: 201, body: await workflowToWire(tx, row) };
      }),
    )
    .openapi(list, async (c) => c.json(await pageOfWorkflows(db, c.var.auth.projectId, c.req.valid("query")), 200))
    .openapi(read, async (c) => c.json(await readWorkflow(db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const wire = await inTransaction(c, async (tx) => {
        const row = await changeWorkflow(tx, c.var.auth.projectId, id, body, await databaseNow(tx));
        return workflowToWire(tx, row);
      });
      return c.json(wire, 200);
    })
    .openapi(versions, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      const { limit, cursor } = c.req.valid("query");
      if ((await findWorkflow(db, projectId, id)) === undefined) throw notFound("workflow");
      const before = readCursor(cursor, z.tuple([z.int()]))?.[0];
      const rows = await listVersions(db, projectId, id, { before, limit: limit + 1 });
      const page = toPage(
        rows,
        limit,
        (row) => [row.version],
        (row) => row,
      );
      return c.json({ ...page, data: await versionsToWire(db, projectId, page.data) }, 200);
    });
  for (const move of ["activate", "pause", "archive"] as const) {
    router.openapi(moveRoute(move), (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const row = await setStatus(tx, c.var.auth.projectId, id, moves[move].status, await databaseNow(tx));
        return { status: 200, body: await workflowToWire(tx, row) };
      }),
    );
  }
  return router;
}
