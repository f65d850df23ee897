import { createRoute, z } from "@hono/zod-openapi";
import { riskFeatures } from "../../models/features/risk.ts";
import type { Deps } from "../deps.ts";
import { secured } from "../http/auth.ts";
import { withIdempotency } from "../http/idempotency.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { readCursor, toPage } from "../http/pagination.ts";
import { createRouter } from "../http/router.ts";
import { idempotencyHeaders, json, jsonBody, listQuery, pageOf, problems } from "../http/schemas.ts";
import { inTransaction } from "../http/transaction.ts";
import { backtest } from "./backtest.ts";
import { factPaths } from "./condition.ts";
import { changeRule, createRule, deleteRule, listRules, listRuleVersions, readRule } from "./rules.ts";
import {
  backtestBody,
  backtestWire,
  daysQuery,
  draftBacktestBody,
  featureWire,
  idParams,
  ruleBody,
  rulePatch,
  ruleVersionWire,
  ruleWire,
  shadowWire,
} from "./schemas.ts";
import { isRelative, labelOf } from "./sentence.ts";
import { reportShadow } from "./shadow.ts";

const tags = ["Risk"];
const mayRead = secured(["review", "manage", "admin"]);
const mayWrite = secured(["manage", "admin"]);

const list = createRoute({
  method: "get",
  path: "/v1/risk/rules",
  tags,
  summary: "List the rules, also those that come with the product",
  ...mayRead,
  request: { query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(ruleWire), "Rules, by id"), ...problems() },
});

const create = createRoute({
  method: "post",
  path: "/v1/risk/rules",
  tags,
  summary: "Write a rule",
  description:
    "At most 80 a project, of at most 20 leaves each. Backtest it, then let it run in shadow, then enable it.",
  ...mayWrite,
  request: { headers: idempotencyHeaders, body: jsonBody(ruleBody) },
  responses: { 201: json(ruleWire, "The rule"), ...problems(409, 422) },
});

const read = createRoute({
  method: "get",
  path: "/v1/risk/rules/{id}",
  tags,
  summary: "Read a rule",
  ...mayRead,
  request: { params: idParams },
  responses: { 200: json(ruleWire, "The rule"), ...problems(404) },
});

const change = createRoute({
  method: "patch",
  path: "/v1/risk/rules/{id}",
  tags,
  summary: "Change a rule, enable it, or disable it",
  description: "The next attempt is judged by it.",
  ...mayWrite,
  request: { params: idParams, body: jsonBody(rulePatch) },
  responses: { 200: json(ruleWire, "The rule as it is now"), ...problems(404) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/risk/rules/{id}",
  tags,
  summary: "Delete a rule",
  ...mayWrite,
  request: { params: idParams },
  responses: { 204: { description: "Deleted" }, ...problems(404, 409) },
});

const versions = createRoute({
  method: "get",
  path: "/v1/risk/rules/{id}/versions",
  tags,
  summary: "What became of a rule with each change, the newest first",
  ...mayRead,
  request: { params: idParams, query: z.strictObject(listQuery) },
  responses: { 200: json(pageOf(ruleVersionWire), "Versions"), ...problems(404) },
});

const test = createRoute({
  method: "post",
  path: "/v1/risk/rules/{id}/backtest",
  tags,
  summary: "What a rule would have met in the last days",
  description: "Over the attempts as the warehouse logged them, with what reviewers made of them.",
  ...mayRead,
  request: { params: idParams, body: jsonBody(backtestBody) },
  responses: { 200: json(backtestWire, "The backtest"), ...problems(404, 503) },
});

const testDraft = createRoute({
  method: "post",
  path: "/v1/risk/backtests",
  tags,
  summary: "What a condition would have met in the last days, before it is a rule",
  ...mayRead,
  request: { body: jsonBody(draftBacktestBody) },
  responses: { 200: json(backtestWire, "The backtest"), ...problems(503) },
});

const shadow = createRoute({
  method: "get",
  path: "/v1/risk/shadow",
  tags,
  summary: "What rules and thresholds in shadow would have done",
  ...mayRead,
  request: { query: daysQuery },
  responses: { 200: json(shadowWire, "The report"), ...problems(503) },
});

const features = createRoute({
  method: "get",
  path: "/v1/risk/features",
  tags,
  summary: "What a rule can ask for",
  ...mayRead,
  responses: { 200: json(z.object({ data: z.array(featureWire) }), "Features and facts"), ...problems() },
});

export function riskRoutes(deps: Deps) {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const after = readCursor(cursor, z.tuple([z.string()]))?.[0];
      const rules = await listRules(deps.db, c.var.auth.projectId);
      const rest = after === undefined ? rules : rules.filter(({ id }) => id > after);
      return c.json(
        toPage(
          rest,
          limit,
          ({ id }) => [id],
          (rule) => rule,
        ),
        200,
      );
    })
    .openapi(create, (c) =>
      withIdempotency(c, async (tx) => ({
        status: 201,
        body: await createRule(tx, c.var.auth.projectId, c.req.valid("json"), await databaseNow(tx)),
      })),
    )
    .openapi(read, async (c) => c.json(await readRule(deps.db, c.var.auth.projectId, c.req.valid("param").id), 200))
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      const rule = await inTransaction(c, async (tx) =>
        changeRule(tx, c.var.auth.projectId, id, c.req.valid("json"), await databaseNow(tx)),
      );
      return c.json(rule, 200);
    })
    .openapi(remove, async (c) => {
      await inTransaction(c, (tx) => deleteRule(tx, c.var.auth.projectId, c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(versions, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const before = readCursor(cursor, z.tuple([z.int()]))?.[0];
      const { id } = c.req.valid("param");
      const rows = await listRuleVersions(deps.db, c.var.auth.projectId, id, { limit: limit + 1, before });
      return c.json(
        toPage(
          rows,
          limit,
          (row) => [row.config_version],
          (row) => row,
        ),
        200,
      );
    })
    .openapi(test, async (c) => {
      const { projectId } = c.var.auth;
      const rule = await readRule(deps.db, projectId, c.req.valid("param").id);
      const { days, when = rule.when } = c.req.valid("json");
      return c.json(await backtest(deps, projectId, { ruleId: rule.id, when, days, now: new Date() }), 200);
    })
    .openapi(testDraft, async (c) => {
      const body = c.req.valid("json");
      const tested = { ruleId: null, ...body, now: new Date() };
      return c.json(await backtest(deps, c.var.auth.projectId, tested), 200);
    })
    .openapi(shadow, async (c) =>
      c.json(await reportShadow(deps, c.var.auth.projectId, c.req.valid("query").days, new Date()), 200),
    )
    .openapi(features, async (c) => c.json({ data: asked }, 200));
}

const asked: z.output<typeof featureWire>[] = [
  ...riskFeatures.features.map(({ name, type = "number", window = null }) => ({
    name,
    label: labelOf(name),
    type,
    window,
    relative: isRelative(name),
  })),
  ...Object.entries(factPaths).map(([name, kind]) => ({
    name,
    label: labelOf(name),
    type: kind === "texts" ? ("text" as const) : ("number" as const),
    window: null,
    relative: false,
  })),
];
