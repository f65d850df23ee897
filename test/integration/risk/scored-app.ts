/** The application with a model that says of each project what the test wants to hear. */
import { Registry } from "prom-client";
import { beforeAll } from "vitest";
import { createApp } from "../../../api/app.ts";
import type { Models, RiskScore } from "../../../models/serving.ts";
import { type Body, send } from "../../support/answers.ts";
import { type TestApp, type TestProject, useApp } from "../../support/app.ts";

type Score = number | null | (() => RiskScore);

export interface ScoredApp extends TestApp {
  /** From now on every attempt of the project gets it. */
  score(project: TestProject, score: Score): void;
}

export function useScoredApp(): ScoredApp {
  const context = useApp();
  beforeAll(() => {
    addScores(context);
  });
  return context as ScoredApp;
}

/** Gives an application that is open the model, and the means to tell it what to say. */
export function addScores(app: TestApp): ScoredApp {
  const context = app as { -readonly [K in keyof ScoredApp]: ScoredApp[K] };
  const scores = new Map<string, Score>();
  context.score = (project, score) => scores.set(project.projectId, score);
  const models: Models = {
    ...context.deps.models,
    scoreRisk: (projectId) => {
      const score = scores.get(projectId) ?? null;
      if (typeof score === "function") return score();
      if (score === null) return { score: null, model: null, features: null, reasons: [] };
      const reasons = [{ feature: "codes_count", value: 1, contribution: score, text: "Codes in one request: 1." }];
      return { score, model: "risk@test", features: null, reasons };
    },
  };
  context.deps = { ...context.deps, models, metrics: new Registry() };
  context.app = createApp(context.deps);
  return context;
}

let keys = 0;
export function newKey() {
  keys += 1;
  return { "idempotency-key": `risk-${keys}` };
}

export function redeemed(project: Pick<TestProject, "request">, body: object, headers = newKey()) {
  return send(project, "POST", "/v1/redemptions", body, headers);
}

export function reserved(project: Pick<TestProject, "request">, body: object, ttl = 600, headers = newKey()) {
  return send(project, "POST", "/v1/reservations", { ...body, ttl_seconds: ttl }, headers);
}

export async function setPolicy(project: TestProject, campaignId: string | null, policy: object): Promise<Body> {
  const path = campaignId === null ? "/v1/risk/policy" : `/v1/campaigns/${campaignId}/risk-policy`;
  const { status, body } = await send(project, "PUT", path, policy);
  if (status !== 200) throw new Error(`no policy was set: ${JSON.stringify(body)}`);
  return body;
}

/** Payloads of the project's events of a type, in order. */
export async function announced(app: TestApp, project: TestProject, type: string): Promise<Body[]> {
  const { rows } = await app.pool.query(
    "select payload from outbox where project_id = $1 and type = $2 order by xid, seq",
    [project.projectId, type],
  );
  return rows.map(({ payload }) => payload);
}

export function keysOf(body: Body): string[] {
  return body.reasons.map((reason: { key: string }) => reason.key);
}
