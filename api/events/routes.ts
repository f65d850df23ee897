import { createRoute } from "@hono/zod-openapi";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, problems } from "../http/schemas.ts";
import { recordEvent } from "./record.ts";
import { eventReport, eventWire, type PropertyValue } from "./schemas.ts";

const record = createRoute({
  method: "post",
  path: "/v1/events",
  tags: ["Events"],
  summary: "Record a custom event of a customer",
  description: "Idempotent by id. Creates a customer never seen before. Rules can count events by name.",
  ...secured("checkout"),
  request: { headers: idempotencyHeaders, body: jsonBody(eventReport) },
  responses: {
    200: json(eventWire, "Known by its id"),
    201: json(eventWire, "Recorded"),
    ...problems(409, 422),
  },
});

export function eventRoutes() {
  return createRouter().openapi(record, (c) => {
    const body = c.req.valid("json");
    return withIdempotency(c, async (tx) => {
      const { row, created } = await recordEvent(tx, c.var.auth, body);
      return {
        status: created ? 201 : 200,
        body: {
          id: row.id,
          name: row.name,
          customer: { identifier: body.customer.identifier },
          occurred_at: row.occurred_at.toISOString(),
          properties: row.properties as Record<string, PropertyValue>,
        },
      };
    });
  });
}
