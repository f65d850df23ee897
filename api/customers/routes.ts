import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor } from "../http/pagination.ts";
import { invalid, notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { customerIdentifier, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { findCustomer } from "./find.ts";
import { customerBody, customerWire, toCustomerWire, walletWire } from "./schemas.ts";
import { customerSearchQuery, searchCustomers } from "./search.ts";
import { upsertCustomer } from "./upsert.ts";
import { readWallet } from "./wallet.ts";

const tags = ["Customers"];
const params = z.object({ identifier: customerIdentifier });

const put = createRoute({
  method: "put",
  path: "/v1/customers/{identifier}",
  tags,
  summary: "Create or change a customer",
  description: "A field that is not given keeps its value. The same call again changes nothing.",
  ...secured("manage"),
  request: { params, body: jsonBody(customerBody) },
  responses: { 200: json(customerWire, "Changed, or as it was"), 201: json(customerWire, "Created"), ...problems() },
});

const get = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}",
  tags,
  summary: "Read a customer",
  ...secured(["manage", "analytics"]),
  request: { params },
  responses: { 200: json(customerWire, "The customer"), ...problems(404) },
});

const list = createRoute({
  method: "get",
  path: "/v1/customers",
  tags,
  summary: "List customers, or search them",
  ...secured(["manage", "analytics"]),
  request: { query: customerSearchQuery },
  responses: { 200: json(pageOf(customerWire), "Customers, newest first"), ...problems() },
});

const wallet = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}/wallet",
  tags,
  summary: "Read what a customer holds",
  description:
    "Vouchers assigned or published to them, gift cards with their balance, points, and codes of pools that were handed out.",
  ...secured(["manage", "checkout"]),
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(walletWire, "Vouchers, oldest first, and the sums beside them"), ...problems(404) },
});

export function customerRoutes(deps: Deps) {
  return createRouter()
    .openapi(put, async (c) => {
      const { identifier } = c.req.valid("param");
      const body = c.req.valid("json");
      const { row, outcome } = await inTransaction(c, async (tx) => {
        const now = await databaseNow(tx);
        if (body.created_at !== undefined && new Date(body.created_at) > now) {
          throw invalid("/created_at", "The instant is in the future.");
        }
        return upsertCustomer(tx, c.var.auth.projectId, identifier, body, now);
      });
      return c.json(toCustomerWire(row), outcome === "created" ? 201 : 200);
    })
    .openapi(get, async (c) => {
      const row = await findCustomer(deps.db, c.var.auth.projectId, c.req.valid("param").identifier);
      if (!row) throw notFound("customer");
      return c.json(toCustomerWire(row), 200);
    })
    .openapi(list, async (c) => {
      return c.json(await searchCustomers(deps.db, c.var.auth.projectId, c.req.valid("query")), 200);
    })
    .openapi(wallet, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const after = readCursor(cursor, idCursor)?.[0];
      const { projectId } = c.var.auth;
      const customer = await findCustomer(deps.db, projectId, c.req.valid("param").identifier);
      if (!customer) throw notFound("customer");
      return c.json(await readWallet(deps.db, projectId, customer.id, { after, limit }), 200);
    });
}

const idCursor = z.tuple([z.string()]);
