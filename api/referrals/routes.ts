import { createRoute, z } from "@hono/zod-openapi";
import { findCustomer } from "../customers/find.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import {
  customerIdentifier,
  idempotencyHeaders,
  json,
  jsonBody,
  listQuery,
  pageOf,
  problems,
  resourceId,
} from "../http/schemas.ts";
import { shownStatus } from "../vouchers/wire.ts";
import { createReferralCode } from "./create.ts";
import { listReferrals, type ReferralRow } from "./queries.ts";
import { referralCodeBody, referralVoucherWire, referralWire } from "./schemas.ts";

const tags = ["Referrals"];

const create = createRoute({
  method: "post",
  path: "/v1/campaigns/{id}/referral-codes",
  tags,
  summary: "Give a customer their own referral code",
  description:
    "One code a customer and campaign: asked again, the answer is 200 with the same code. Friends redeem it like any code; the customer themselves cannot.",
  ...secured(["manage", "checkout"]),
  request: { params: z.object({ id: resourceId }), headers: idempotencyHeaders, body: jsonBody(referralCodeBody) },
  responses: {
    200: json(referralVoucherWire, "The code that the customer has already"),
    201: json(referralVoucherWire, "The new code"),
    ...problems(404, 409, 422),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/customers/{identifier}/referrals",
  tags,
  summary: "List a customer's referral codes and what they brought",
  ...secured(["manage", "checkout", "analytics"]),
  request: { params: z.object({ identifier: customerIdentifier }), query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(referralWire), "Codes, the newest first"), ...problems(404) },
});

export function referralRoutes(deps: Deps) {
  return createRouter()
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => {
        const { id } = c.req.valid("param");
        const now = await databaseNow(tx);
        const { created, voucher } = await createReferralCode(tx, c.var.auth.projectId, id, c.req.valid("json"), now);
        return { status: created ? 201 : 200, body: voucher };
      }),
    )
    .openapi(list, async (c) => {
      const { projectId } = c.var.auth;
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const customer = await findCustomer(deps.db, projectId, c.req.valid("param").identifier);
      if (!customer) throw notFound("customer");
      const rows = await listReferrals(deps.db, projectId, customer.id, { before, limit: limit + 1 });
      return c.json(
        toPage(rows, limit, (row) => [row.id], toReferral),
        200,
      );
    });
}

function toReferral(row: ReferralRow): z.output<typeof referralWire> {
  return {
    code: row.code,
    voucher_id: row.id,
    campaign_id: row.campaign_id,
    status: shownStatus(row, row.now),
    friends_count: row.friends,
    redemptions_count: row.redemptions,
    rewards: { count: row.rewards, points: row.points, credit_amount: row.credit_amount },
    created_at: row.created_at.toISOString(),
  };
}
