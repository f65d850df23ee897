import { createRoute } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { createRouter } from "../http/router.ts";
import { json, jsonBody, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { deletePolicy, putPolicy, readPolicy } from "./policies.ts";
import { idParams, policyBody, policyQuery, policyWire } from "./schemas.ts";

const tags = ["Risk"];
const mayRead = secured(["review", "manage", "admin"]);
const mayWrite = secured(["manage", "admin"]);
const answer = { 200: json(policyWire, "The policy"), ...problems(404) };
const gone = { 204: { description: "Gone" }, ...problems(404) };

const ofCampaign = { path: "/v1/campaigns/{id}/risk-policy", tags, request: { params: idParams } } as const;
const ofProject = { path: "/v1/risk/policy", tags } as const;

const description =
  "Hold and reject are off until a threshold is set. A sub-campaign's policy goes before its main campaign's, and that before the project's.";

const readOfCampaign = createRoute({
  method: "get",
  ...ofCampaign,
  summary: "From which score on a campaign flags, holds and rejects",
  ...mayRead,
  responses: answer,
});
const putOfCampaign = createRoute({
  method: "put",
  ...ofCampaign,
  summary: "Set from which score on a campaign flags, holds and rejects",
  description,
  ...mayWrite,
  request: { params: idParams, body: jsonBody(policyBody) },
  responses: { ...answer, ...problems(404, 409) },
});
const removeOfCampaign = createRoute({
  method: "delete",
  ...ofCampaign,
  summary: "Go by the next policy again",
  ...mayWrite,
  request: { params: idParams, query: policyQuery },
  responses: gone,
});

const readOfProject = createRoute({
  method: "get",
  ...ofProject,
  summary: "The policy of campaigns that have none",
  ...mayRead,
  responses: answer,
});
const putOfProject = createRoute({
  method: "put",
  ...ofProject,
  summary: "Set the policy of campaigns that have none",
  description,
  ...mayWrite,
  request: { body: jsonBody(policyBody) },
  responses: { ...answer, ...problems(404, 409) },
});
const removeOfProject = createRoute({
  method: "delete",
  ...ofProject,
  summary: "Go by the product's default again: scores only flag",
  ...mayWrite,
  request: { query: policyQuery },
  responses: gone,
});

/** The project's default is kept under no campaign. */
const everywhere = "";

export function riskPolicyRoutes(deps: Deps) {
  return createRouter()
    .openapi(readOfCampaign, async (c) =>
      c.json(await readPolicy(deps.db, c.var.auth.projectId, c.req.valid("param").id), 200),
    )
    .openapi(putOfCampaign, async (c) => {
      const { id } = c.req.valid("param");
      const policy = await inTransaction(c, async (tx) =>
        putPolicy(tx, c.var.auth.projectId, id, c.req.valid("json"), await databaseNow(tx)),
      );
      return c.json(policy, 200);
    })
    .openapi(removeOfCampaign, async (c) => {
      const { status } = c.req.valid("query");
      await inTransaction(c, (tx) => deletePolicy(tx, c.var.auth.projectId, c.req.valid("param").id, status));
      return c.body(null, 204);
    })
    .openapi(readOfProject, async (c) => c.json(await readPolicy(deps.db, c.var.auth.projectId, everywhere), 200))
    .openapi(putOfProject, async (c) => {
      const policy = await inTransaction(c, async (tx) =>
        putPolicy(tx, c.var.auth.projectId, everywhere, c.req.valid("json"), await databaseNow(tx)),
      );
      return c.json(policy, 200);
    })
    .openapi(removeOfProject, async (c) => {
      const { status } = c.req.valid("query");
      await inTransaction(c, (tx) => deletePolicy(tx, c.var.auth.projectId, everywhere, status));
      return c.body(null, 204);
    });
}
