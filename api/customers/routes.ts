import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { invalid, notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { customerIdentifier, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { findCustomer } from "./find.ts";
import { listCustomers, listWallet } from "./queries.ts";
import { customerBody, customerWire, toCustomerWire, walletEntry } from "./schemas.ts";
import { upsertCustomer } from "./upsert.ts";

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
  summary: "List customers",
  ...secured(["manage", "analytics"]),
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(customerWire), "Customers, newest first"), ...problems() },
});

const wallet = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}/wallet",
  tags,
  summary: "List the vouchers assigned or published to a customer",
  ...secured(["manage", "checkout"]),
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(walletEntry), "Vouchers, oldest first"), ...problems(404) },
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
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, idCursor)?.[0];
      const rows = await listCustomers(deps.db, c.var.auth.projectId, before, limit);
      return c.json(
        toPage(rows, limit, (row) => [row.id], toCustomerWire),
        200,
      );
    })
    .openapi(wallet, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const after = readCursor(cursor, idCursor)?.[0];
      const { projectId } = c.var.auth;
      const customer = await findCustomer(deps.db, projectId, c.req.valid("param").identifier);
      if (!customer) throw notFound("customer");
      const rows = await listWallet(deps.db, projectId, customer.id, after, limit);
      return c.json(
        toPage(rows, limit, (row) => [row.id], toWalletEntry),
        200,
      );
    });
}

const idCursor = z.tuple([z.string()]);

type WalletRow = Awaited<ReturnType<typeof listWallet>>[number];

function toWalletEntry(row: WalletRow): z.output<typeof walletEntry> {
  return {
    code: row.code,
    voucher_id: row.id,
    campaign_id: row.campaign_id,
    kind: row.kind,
    status: row.expired && row.status !== "redeemed" && row.status !== "disabled" ? "expired" : row.status,
    assigned: row.customer_id !== null,
    redemptions_left: row.redemptions_max === null ? null : Math.max(0, row.redemptions_max - row.redemptions_count),
    redemptions_by_customer: row.used_by_customer,
    starts_at: row.starts_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
  };
}
