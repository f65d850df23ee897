import { createRoute, z } from "@hono/zod-openapi";
import { findCustomer } from "../customers/find.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { customerIdentifier, idempotencyHeaders, json, jsonBody, listQuery, problems } from "../http/schemas.ts";
import { exchangePoints } from "./exchange.ts";
import { adjustPoints, entryToWire } from "./move.ts";
import { listEntries, readBalance } from "./queries.ts";
import { exchangeBody, exchangedWire, movedPointsWire, movePointsBody, pointsWire } from "./schemas.ts";

const tags = ["Points"];
const params = z.object({ identifier: customerIdentifier });
const expiringMax = 100;

const read = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}/points",
  tags,
  summary: "Read a customer's points: balance, what expires, and every entry",
  description: "The balance is the sum of all entries, less what has expired since the newest one.",
  ...secured(["manage", "checkout", "analytics"]),
  request: { params, query: z.strictObject(listQuery) },
  responses: { 200: json(pointsWire, "The account"), ...problems(404) },
});

const move = createRoute({
  method: "post",
  path: "/v1/customers/{identifier}/points",
  tags,
  summary: "Give points to a customer, or take some away",
  description: "Points that are taken come from those that expire soonest. More than there are is refused: 409.",
  ...secured("manage"),
  request: { params, headers: idempotencyHeaders, body: jsonBody(movePointsBody) },
  responses: { 201: json(movedPointsWire, "The entry and the balance after it"), ...problems(404, 409, 422) },
});

const exchange = createRoute({
  method: "post",
  path: "/v1/customers/{identifier}/points/exchange",
  tags,
  summary: "Exchange points for a voucher",
  description:
    "Takes the campaign's points_price and gives the customer a voucher of their own, whose use costs no more points. Refused with every reason: 422 exchange_refused.",
  ...secured(["manage", "checkout"]),
  request: { params, headers: idempotencyHeaders, body: jsonBody(exchangeBody) },
  responses: { 201: json(exchangedWire, "The voucher and what it cost"), ...problems(404, 409, 422) },
});

const positionCursor = z.tuple([z.int().min(1)]);

export function pointsRoutes(deps: Deps) {
  return createRouter()
    .openapi(read, async (c) => {
      const { projectId } = c.var.auth;
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, positionCursor)?.[0];
      const customer = await findCustomer(deps.db, projectId, c.req.valid("param").identifier);
      if (!customer) throw notFound("customer");
      const { balance, expiring } = await readBalance(deps.db, projectId, customer.id, expiringMax);
      const rows = await listEntries(deps.db, projectId, customer.id, { before, limit: limit + 1 });
      const lots = expiring.map((lot) => ({ points: lot.points, expires_at: lot.expires_at.toISOString() }));
      return c.json({ balance, expiring: lots, ...toPage(rows, limit, (row) => [row.position], entryToWire) }, 200);
    })
    .openapi(move, (c) =>
      withIdempotency(c, async (tx) => {
        const { identifier } = c.req.valid("param");
        const now = await databaseNow(tx);
        const body = await adjustPoints(tx, c.var.auth.projectId, identifier, c.req.valid("json"), now);
        return { status: 201, body };
      }),
    )
    .openapi(exchange, (c) =>
      withIdempotency(c, async (tx) => {
        const { identifier } = c.req.valid("param");
        const { campaign_id } = c.req.valid("json");
        const now = await databaseNow(tx);
        const body = await exchangePoints(tx, c.var.auth.projectId, identifier, campaign_id, now);
        return { status: 201, body };
      }),
    );
}
