import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { invalid, notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, pageOf, problems, resourceId } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { addressHash, canonicalAddress } from "./address.ts";
import { deleteSuppression, listSuppressions } from "./queries.ts";
import { type AddressKind, suppressionBody, suppressionsQuery, suppressionToWire, suppressionWire } from "./schemas.ts";
import { suppress } from "./suppress.ts";

const tags = ["Suppressions"];

const add = createRoute({
  method: "post",
  path: "/v1/suppressions",
  tags,
  summary: "Never write to an address again",
  description: "Neither marketing nor anything else. One that is on the list stays with its first reason.",
  ...secured("manage"),
  request: { body: jsonBody(suppressionBody) },
  responses: { 200: json(suppressionWire, "The entry"), ...problems() },
});

const list = createRoute({
  method: "get",
  path: "/v1/suppressions",
  tags,
  summary: "List addresses that are not written to, the newest first",
  ...secured("manage"),
  request: { query: suppressionsQuery },
  responses: { 200: json(pageOf(suppressionWire), "Entries"), ...problems() },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/suppressions/{id}",
  tags,
  summary: "Write to an address again",
  ...secured("manage"),
  request: { params: z.object({ id: resourceId }) },
  responses: { 204: { description: "Taken off the list" }, ...problems(404) },
});

export function suppressionRoutes({ db }: Deps) {
  return createRouter()
    .openapi(add, async (c) => {
      const { projectId } = c.var.auth;
      const { kind, reason, ...given } = c.req.valid("json");
      const address = readAddress(kind, given.address);
      const entry = await inTransaction(c, async (tx) => {
        await suppress(tx, projectId, { kind, address, reason }, new Date());
        const hash = await addressHash(tx, projectId, kind, address);
        const [row] = await listSuppressions(tx, projectId, { limit: 1, before: undefined, kind, hash });
        if (row === undefined) throw new Error("a suppression is neither new nor there");
        return suppressionToWire(row);
      });
      return c.json(entry, 200);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.var.auth;
      const { limit, cursor, kind, address } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const wanted = kind === undefined || address === undefined ? undefined : readAddress(kind, address);
      const hash = kind && wanted ? await addressHash(db, projectId, kind, wanted) : undefined;
      const rows = await listSuppressions(db, projectId, { limit: limit + 1, before, kind, hash });
      return c.json(
        toPage(rows, limit, (row) => [row.id], suppressionToWire),
        200,
      );
    })
    .openapi(remove, async (c) => {
      const { projectId } = c.var.auth;
      const { id } = c.req.valid("param");
      await inTransaction(c, async (tx) => {
        if (!(await deleteSuppression(tx, projectId, id))) throw notFound("suppression");
      });
      return c.body(null, 204);
    });
}

/** @throws Problem 400 */
function readAddress(kind: AddressKind, text: string): string {
  const form = kind === "email" ? "email" : "phone";
  const address = canonicalAddress(form, text);
  if (address !== undefined) return address;
  throw invalid("/address", form === "email" ? "Expected an e-mail address." : "Expected a phone number in E.164.");
}
