import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { appendEvents } from "../../ingest/outbox.ts";
import { ensureCustomer } from "../customers/ensure.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import type { AppEnv } from "../http/environment.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { notFound, Problem } from "../http/problem.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { newId } from "../ids.ts";
import { listWaiting, markPopup, type Step, type WaitingPopup } from "./queries.ts";
import { customerHeader, type PopupWire, popupParams, popupWire, tokenBody, tokenWire } from "./schemas.ts";
import { readScript } from "./script.ts";
import { createPopupStreams } from "./streams.ts";
import { createPopupTokens } from "./token.ts";

const tags = ["Pop-ups"];
const shownMax = 20;
const defaultTtlSeconds = 3_600;

const tokenRoute = createRoute({
  method: "post",
  path: "/v1/popup-tokens",
  tags,
  summary: "Make a token that says who looks at a page of the shop",
  description: "For the shop's backend, which knows who is signed in. The page hands it to popup.js.",
  ...secured("checkout"),
  request: { body: jsonBody(tokenBody) },
  responses: { 201: json(tokenWire, "The token"), ...problems() },
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/popups",
  tags,
  summary: "Read the pop-ups that wait for a customer, the oldest first",
  ...secured("checkout", { publishable: true }),
  request: { headers: customerHeader },
  responses: { 200: json(z.object({ data: z.array(popupWire) }), "At most 20"), ...problems() },
});

const streamRoute = createRoute({
  method: "get",
  path: "/v1/popups/stream",
  tags,
  summary: "Hear of a customer's pop-ups as they come",
  description:
    "Server-sent events: `event: popup` with the pop-up as JSON; a comment every 15 s. Ends after 10 minutes or with the " +
    "token. 429 where too many listen already: ask GET /v1/popups now and then.",
  ...secured("checkout", { publishable: true }),
  request: { headers: customerHeader },
  responses: {
    200: { description: "Events", content: { "text/event-stream": { schema: z.string() } } },
    ...problems(429),
  },
});

function markRoute<S extends Step>(step: S, summary: string) {
  return createRoute({
    method: "post",
    path: `/v1/popups/{id}/${step}`,
    tags,
    summary,
    ...secured("checkout", { publishable: true }),
    request: { params: popupParams, headers: customerHeader },
    responses: { 204: { description: "Noted; again changes nothing" }, ...problems(404) },
  });
}
const markRoutes = {
  shown: markRoute("shown", "Say that the customer sees a pop-up"),
  clicked: markRoute("clicked", "Say that the customer followed a pop-up; it is not shown again"),
  dismissed: markRoute("dismissed", "Say that the customer closed a pop-up; it is not shown again"),
};

export function popupRoutes(deps: Deps) {
  const { db } = deps;
  const router = createRouter();
  const tokens = createPopupTokens(db);
  const streams = createPopupStreams(deps);

  const customerOf = async (c: Context<AppEnv>) => {
    const token = await tokens.read(c.req.header("tessera-customer") ?? "", c.var.auth.projectId, Date.now());
    if (token) return token;
    throw new Problem("unauthorized", "The customer token is not valid, or not any more.");
  };

  router.openapi(tokenRoute, async (c) => {
    const { projectId } = c.var.auth;
    const { customer, ttl_seconds = defaultTtlSeconds } = c.req.valid("json");
    const expiresAt = Math.floor(Date.now() / 1_000) + ttl_seconds;
    const customerId = await inTransaction(c, async (tx) => {
      return (await ensureCustomer(tx, projectId, customer.identifier, await databaseNow(tx))).id;
    });
    const token = await tokens.make({ projectId, customerId, expiresAt });
    return c.json({ token, expires_at: new Date(expiresAt * 1_000).toISOString() }, 201);
  });

  router.openapi(listRoute, async (c) => {
    const { projectId, customerId } = await customerOf(c);
    const rows = await listWaiting(db, [projectId], [customerId], shownMax);
    return c.json({ data: rows.map(popupToWire) }, 200);
  });

  router.openapi(streamRoute, async (c) => {
    const stream = streams.open(await customerOf(c), popupToWire);
    if (!stream) {
      throw new Problem("too_many_streams", "Too many listen already.", { headers: { "retry-after": "30" } });
    }
    return c.body(stream, 200, { "content-type": "text/event-stream", "x-accel-buffering": "no" }) as never;
  });

  for (const [step, route] of Object.entries(markRoutes) as [Step, (typeof markRoutes)["shown"]][]) {
    router.openapi(route, async (c) => {
      const { projectId, customerId } = await customerOf(c);
      const { id } = c.req.valid("param");
      await inTransaction(c, async (tx) => {
        const at = await databaseNow(tx);
        const marked = await markPopup(tx, projectId, customerId, id, step, at);
        if (!marked) throw notFound("pop-up");
        if (!marked.isNew) return;
        const { delivery_id, publication_id, campaign_id, customer } = marked;
        await appendEvents(tx, [
          {
            event_id: newId("evt"),
            project_id: projectId,
            type: `popup.${step}`,
            version: 1,
            occurred_at: at.toISOString(),
            payload: { popup_id: id, customer, delivery_id, publication_id, campaign_id },
          },
        ]);
      });
      return c.body(null, 204);
    });
  }

  // For pages of any shop: they name it in a script tag.
  router.get("/popup.js", async (c) => {
    return c.body(await readScript(), 200, {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=3600",
      "cross-origin-resource-policy": "cross-origin",
    });
  });

  return router;
}

function popupToWire({ id, content, created_at }: WaitingPopup): PopupWire {
  const { title = "", text = "", button = null, url = null } = content;
  return { id, title, text, button, url, created_at: created_at.toISOString() };
}
