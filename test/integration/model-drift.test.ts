/** What models are asked moves away from what they learned from: it is looked at, told where it is read, and raised. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { createWatcher } from "../../api/alerts/watch.ts";
import { dataHealthWire } from "../../api/data-health/schemas.ts";
import { readDeliveryState } from "../../api/data-health/state.ts";
import { lookAtDrift } from "../../api/models/drift-worker.ts";
import { named } from "../../models/features/feature.ts";
import { riskFeatures } from "../../models/features/risk.ts";
import { writeProjectModel } from "../../models/registry/project.ts";
import type { Trained } from "../../models/training/report.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { scoredRedemption } from "../support/scored.ts";
import { riskExamples } from "../unit/models/synthetic.ts";
import { trainOrdinary } from "../unit/models/trained.ts";

const context = useApp();
const log = pino({ level: "silent" });
const far = { name: "risk", source: "project", reference_count: 560, recent_count: 300 };

let trained: Trained;

beforeAll(async () => {
  trained = await trainOrdinary();
}, 240_000);

/** A project with a champion of its own that was asked of customers by the law it learned, accounts older by `days`. */
async function askedProject(version: string, days: number): Promise<TestProject> {
  const project = await context.newProject();
  await writeProjectModel(context.pool, project.projectId, { ...trained.manifest, version }, trained.files, "a test");
  await promote(project, version);
  const age = riskFeatures.features.findIndex(({ name }) => name === "account_age_days");
  const events = riskExamples(300, 9).map(({ features }, index) => {
    const vector = features.with(age, (features[age] ?? 0) + days);
    const risk = { score: 0.5, model: `risk@${version}`, features: named(riskFeatures, vector) };
    return scoredRedemption(project.projectId, index, Date.now() - (index + 1) * 60_000, risk);
  });
  await insertEvents(context.warehouse, events);
  return project;
}

const promote = (project: TestProject, version: string) =>
  send(project, "POST", `/v1/models/risk/versions/${version}/promote`, undefined);
const look = () => lookAtDrift({ ...context, log }, [], Date.now());
const health = async (project: TestProject) =>
  dataHealthWire.parse((await send(project, "GET", "/v1/data-health")).body);
const standing = async () =>
  (await context.pool.query("select kind, detail from alert where resolved_at is null")).rows as { kind: string }[];

describe("drift of a project's own models", () => {
  it("is a line of data health and an alert, told to its project only, until another version serves", async () => {
    const moved = await askedProject("moved", 120);
    const steady = await askedProject("steady", 0);
    expect((await health(moved)).models).toEqual([]);
    await look();
    expect((await health(moved)).models).toMatchObject([
      { ...far, version: "moved", moved_features: ["account_age_days"], score_psi: null },
    ]);
    expect((await health(steady)).models).toMatchObject([{ ...far, version: "steady", moved_features: [] }]);

    const watcher = createWatcher({ pool: context.pool, log });
    await watcher.look();
    await watcher.look();
    expect(await standing()).toEqual([
      { kind: "model_drift", detail: "what models are asked lies far from what they learned from for 1 project" },
    ]);
    expect((await health(moved)).alerts.map(({ kind }) => kind)).toEqual(["model_drift"]);
    expect((await health(steady)).alerts).toEqual([]);

    const newer = { ...trained.manifest, version: "newer" };
    await writeProjectModel(context.pool, moved.projectId, newer, trained.files, "a test");
    await promote(moved, "newer");
    await watcher.look();
    expect(await standing()).toEqual([]);
    await watcher.told();
  });

  it("is told, and no alert, of what comes with the product", async () => {
    const project = await askedProject("own", 120);
    await send(project, "POST", "/v1/models/risk/versions/own/rollback", undefined);
    const product = { ...trained.manifest, version: "shipped" };
    await lookAtDrift({ ...context, log }, [product], Date.now());
    expect((await health(project)).models).toMatchObject([
      { ...far, version: "shipped", source: "product", moved_features: ["account_age_days"] },
    ]);
    const watcher = createWatcher({ pool: context.pool, log });
    await watcher.look();
    await watcher.look();
    expect((await health(project)).alerts).toEqual([]);
  });

  it("is told, and no alert, of a model of effects: it learned from customers who never came, too", async () => {
    const project = await askedProject("effects", 0);
    await look();
    const asUplift = (table: string, other: object) =>
      context.pool.query(
        `insert into ${table} select (jsonb_populate_record(one, $2)).* from ${table} one where project_id = $1`,
        [project.projectId, { name: "uplift", ...other }],
      );
    const before = (await readDeliveryState(context.pool)).driftedProjects;
    await asUplift("model_version", {});
    await asUplift("model_drift", { moved_features: ["days_since_last_order"] });
    expect((await health(project)).models).toMatchObject([
      { name: "risk", moved_features: [] },
      { name: "uplift", version: "effects", source: "project", moved_features: ["days_since_last_order"] },
    ]);
    const watcher = createWatcher({ pool: context.pool, log });
    await watcher.look();
    await watcher.look();
    expect((await health(project)).alerts).toEqual([]);
    expect((await readDeliveryState(context.pool)).driftedProjects).toBe(before);
  });

  it("is forgotten of whom no model was asked for a day", async () => {
    const project = await askedProject("quiet", 0);
    await look();
    await context.pool.query("update model_drift set looked_at = now() - interval '25 hours'");
    await lookAtDrift({ ...context, log }, [], Date.now() + 30 * 86_400_000);
    expect((await health(project)).models).toEqual([]);
  });
});
