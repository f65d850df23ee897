import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { addPoolCodes } from "./add-codes.ts";
import { changePool, createPool } from "./change.ts";
import { listPools, readPool } from "./list.ts";
import { addedCodesWire, createPoolBody, poolWire, updatePoolBody } from "./schemas.ts";

const tags = ["Pools"];
const params = z.object({ id: resourceId });

const createPoolRoute = createRoute({
  method: "post",
  path: "/v1/pools",
  tags,
  summary: "Create a pool of codes to hand out as rewards",
  ...secured("manage"),
  request: { headers: idempotencyHeaders, body: jsonBody(createPoolBody) },
  responses: { 201: json(poolWire, "The pool, empty"), ...problems(409, 422) },
});

const listPoolsRoute = createRoute({
  method: "get",
  path: "/v1/pools",
  tags,
  summary: "List pools, the newest first",
  ...secured("manage"),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(poolWire), "Pools"), ...problems() },
});

const getPoolRoute = createRoute({
  method: "get",
  path: "/v1/pools/{id}",
  tags,
  summary: "Read a pool and how many codes are left",
  ...secured("manage"),
  request: { params },
  responses: { 200: json(poolWire, "The pool"), ...problems(404) },
});

const changePoolRoute = createRoute({
  method: "patch",
  path: "/v1/pools/{id}",
  tags,
  summary: "Change a pool's name, mark or metadata",
  ...secured("manage"),
  request: { params, body: jsonBody(updatePoolBody) },
  responses: { 200: json(poolWire, "The pool as it is now"), ...problems(404, 409) },
});

const addCodesRoute = createRoute({
  method: "post",
  path: "/v1/pools/{id}/codes",
  tags,
  summary: "Add codes to a pool",
  description:
    "CSV with the header `code`, or NDJSON: a third party's codes, kept as they are. At most 512 MiB and 5,000,000 rows. " +
    "Codes the pool has already are skipped, so that a file may be sent again.",
  ...secured("manage", { body: "raw" }),
  request: {
    params,
    headers: idempotencyHeaders,
    body: {
      required: true as const,
      content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
    },
  },
  responses: { 200: json(addedCodesWire, "What became of the rows"), ...problems(404, 422) },
});

export function poolRoutes({ db }: Deps) {
  const router = createRouter();

  router.openapi(createPoolRoute, (c) =>
    withIdempotency(c, async (tx) => ({
      status: 201,
      body: await createPool(tx, c.var.auth.projectId, c.req.valid("json"), new Date()),
    })),
  );

  router.openapi(listPoolsRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    return c.json(await listPools(db, c.var.auth.projectId, { limit, cursor }), 200);
  });

  router.openapi(getPoolRoute, async (c) =>
    c.json(await readPool(db, c.var.auth.projectId, c.req.valid("param").id), 200),
  );

  router.openapi(changePoolRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { id } = c.req.valid("param");
    const change = c.req.valid("json");
    const body = await inTransaction(c, (tx) => changePool(tx, projectId, id, change, new Date()));
    return c.json(body, 200);
  });

  router.openapi(addCodesRoute, (c) => addPoolCodes(c, c.req.valid("param").id));

  return router;
}
