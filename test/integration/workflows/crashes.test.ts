/** However and wherever it is cut short: each effect at most once, and none lost. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createKysely, createPool } from "../../../api/db/kysely.ts";
import { runJobs } from "../../../api/jobs/run.ts";
import { workflowConsumer } from "../../../api/workflows/follow.ts";
import { rescueRuns } from "../../../api/workflows/release.ts";
import { depthMax } from "../../../api/workflows/start.ts";
import { tryStep, workflowTasks } from "../../../api/workflows/tasks.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { failingAt } from "../../support/failing-database.ts";
import { newEmailChannel, newTemplate } from "../../support/messages.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { given, newCardCampaign, runsOf } from "../../support/workflows.ts";

const app = useApp();
const log = pino({ level: "silent" });
const ping = { trigger: { on: "custom", name: "ping" } };
const attempt = { number: 1, isLast: false };

/** One step of each kind that has an effect. */
async function everything(project: TestProject) {
  const { campaignId } = await setUpPromotion(project, { voucher: { kind: "unique" } });
  const segment = await send(project, "POST", "/v1/segments", { name: "vip" });
  const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
  return [
    { type: "points", points: 10 },
    { type: "publish_voucher", campaign_id: campaignId },
    { type: "gift_credit", amount: 500, currency: "EUR", campaign_id: await newCardCampaign(project) },
    { type: "deliver", ...to },
    { type: "add_to_segment", segment_id: segment.body.id },
    { type: "wait", minutes: 1 },
  ];
}

async function effects(project: TestProject) {
  const { rows } = await app.pool.query(
    `select (select count(*)::int from points_entry where project_id = $1) as points,
       (select count(*)::int from publication where project_id = $1) as publications,
       (select coalesce(sum(balance_amount), 0)::int from voucher where project_id = $1) as credit,
       (select count(*)::int from ledger where project_id = $1 and kind = 'top_up') as credits,
       (select count(*)::int from outbox where project_id = $1 and type = 'gift_card.credited') as credited,
       (select count(*)::int from delivery where project_id = $1) as deliveries,
       (select count(*)::int from outbox where project_id = $1 and type = 'segment.entered') as members,
       (select count(*)::int from workflow_run_entry where project_id = $1 and outcome = 'done') as done,
       (select count(*)::int from outbox where project_id = $1 and type = 'workflow_run.finished') as finished`,
    [project.projectId],
  );
  return rows[0];
}

const newAda = (project: TestProject) =>
  send(project, "PUT", "/v1/customers/ada", { email: "ada@people.example", consent: { email: true } });

async function dueStep(project: TestProject) {
  return app.db
    .selectFrom("workflow_run")
    .select(["project_id", "id as run_id", "position", "due_at"])
    .where("project_id", "=", project.projectId)
    .where("status", "=", "running")
    .executeTakeFirst();
}

describe("a step", () => {
  it("that fails after any of its statements has done nothing, and is done once when it is tried again", async () => {
    const project = await app.newProject();
    await newAda(project);
    const story = await given(app, project, { ...ping, steps: await everything(project) });
    await app.db
      .updateTable("workflow")
      .set({ active_since: new Date("2026-01-01") })
      .where("id", "=", story.id)
      .execute();
    await send(project, "POST", "/v1/events", { name: "ping", customer: { identifier: "ada" } });
    await drainConsumer(workflowConsumer({ db: app.db, log }));
    let failures = 0;
    for (let step = await dueStep(project); step !== undefined; step = await dueStep(project)) {
      const at = new Date(Math.max(step.due_at.getTime(), Date.now()));
      for (let statement = 1; ; statement += 1) {
        const failing = failingAt(app.pool, statement);
        const before = await effects(project);
        const failed = await tryStep(failing.db, step, attempt, at).then(
          () => false,
          () => true,
        );
        if (!failed) break;
        failures += 1;
        expect(await effects(project), `${step.position}, statement ${statement}`).toEqual(before);
      }
      // The queue may bring it twice: the process died before it said that it was done.
      const after = await effects(project);
      await tryStep(app.db, step, attempt, at);
      expect(await effects(project)).toEqual(after);
    }
    expect(failures).toBeGreaterThan(45);
    const once = {
      ...{ points: 1, publications: 2, credit: 500, credits: 1, credited: 1 },
      ...{ deliveries: 1, members: 1, done: 5, finished: 1 },
    };
    expect(await effects(project)).toEqual(once);
  });
});

describe("what begins runs", () => {
  it("begins one for each event however it is cut short, and misses none", async () => {
    const project = await app.newProject();
    const story = await given(app, project, {
      ...ping,
      steps: [
        { type: "wait", days: 1 },
        { type: "points", points: 1 },
      ],
    });
    await app.db
      .updateTable("workflow")
      .set({ active_since: new Date("2026-01-01") })
      .where("id", "=", story.id)
      .execute();
    let events = 0;
    for (let statement = 1; statement <= 40; statement += 3) {
      const customer = { identifier: `customer-${statement}` };
      await send(project, "POST", "/v1/events", { name: "ping", customer });
      events += 1;
      const cut = async () => {
        await app.pool.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and state = 'idle in transaction' and pid <> pg_backend_pid()`,
        );
      };
      const failing = failingAt(app.pool, statement, statement % 2 === 0 ? cut : undefined);
      await drainConsumer(workflowConsumer({ db: failing.db, log })).catch(() => undefined);
      await drainConsumer(workflowConsumer({ db: app.db, log }));
    }
    const { rows } = await app.pool.query(
      `select count(*)::int as runs, count(distinct trigger_key)::int as events,
         (select count(*)::int from graphile_worker.jobs j join workflow_run r on j.key = 'workflow-run:' || r.id
          where r.project_id = $1) as jobs
       from workflow_run where project_id = $1`,
      [project.projectId],
    );
    expect(rows).toEqual([{ runs: events, events, jobs: events }]);
  });

  it("gives a run a job again that lost it", async () => {
    const project = await app.newProject();
    const story = await given(app, project, { ...ping, steps: [{ type: "points", points: 1 }] });
    await app.db
      .updateTable("workflow")
      .set({ active_since: new Date("2026-01-01") })
      .where("id", "=", story.id)
      .execute();
    await send(project, "POST", "/v1/events", { name: "ping", customer: { identifier: "ada" } });
    await drainConsumer(workflowConsumer({ db: app.db, log }));
    const step = await dueStep(project);
    const jobs = () =>
      app.pool.query("select attempts from graphile_worker.jobs where key = $1", [`workflow-run:${step?.run_id}`]);
    await app.pool.query(
      "select graphile_worker.permanently_fail_jobs(array_agg(id)) from graphile_worker.jobs where key = $1",
      [`workflow-run:${step?.run_id}`],
    );
    const soon = new Date(Date.now() + 10 * 60_000);
    const late = new Date(Date.now() + 20 * 60_000);
    expect(await app.db.transaction().execute((tx) => rescueRuns(tx, soon))).toBe(0);
    expect(await app.db.transaction().execute((tx) => rescueRuns(tx, late))).toBeGreaterThan(0);
    expect((await jobs()).rows).toEqual([{ attempts: 0 }]);
    const again = await app.db.transaction().execute((tx) => rescueRuns(tx, late));
    expect(again).toBe(0);
  });

  it("ends a workflow that sets itself off", async () => {
    const project = await app.newProject();
    const segment = await send(project, "POST", "/v1/segments", { name: "circle" });
    const segment_id = segment.body.id;
    const story = await given(app, project, {
      trigger: { on: "segment.left", segment_id },
      steps: [
        { type: "add_to_segment", segment_id },
        { type: "remove_from_segment", segment_id },
      ],
    });
    await send(project, "POST", `/v1/segments/${segment_id}/members`, { customers: ["ada"] });
    await send(project, "POST", `/v1/segments/${segment_id}/members/remove`, { customers: ["ada"] });
    for (let round = 0; round < depthMax + 3; round += 1) {
      await drainConsumer(workflowConsumer({ db: app.db, log }));
      for (let step = await dueStep(project); step !== undefined; step = await dueStep(project)) {
        await tryStep(app.db, step, attempt);
      }
    }
    const runs = await runsOf(project, story.id);
    expect(runs).toHaveLength(depthMax + 2);
    expect(runs[0]).toMatchObject({ status: "skipped", reason: "loop", depth: depthMax + 1 });
  });
});

describe("workers", () => {
  it("whose connections are cut again and again give each customer what is theirs, once", async () => {
    const project = await app.newProject();
    const customers = Array.from({ length: 20 }, (_, n) => `customer-${n}`);
    const story = await given(app, project, {
      ...ping,
      steps: [
        { type: "points", points: 1 },
        { type: "points", points: 2 },
      ],
    });
    await app.db
      .updateTable("workflow")
      .set({ active_since: new Date("2026-01-01") })
      .where("id", "=", story.id)
      .execute();
    for (const identifier of customers)
      await send(project, "POST", "/v1/events", { name: "ping", customer: { identifier } });
    await drainConsumer(workflowConsumer({ db: app.db, log }));
    const finished = async () =>
      (
        await app.pool.query("select from workflow_run where project_id = $1 and status = 'finished'", [
          project.projectId,
        ])
      ).rowCount ?? 0;
    // The steps have connections of their own; that the queue survives the loss of its own is tested there.
    const pool = createPool({ connectionString: app.databaseUrl, max: 8, applicationName: "tessera-cut" });
    const stop = new AbortController();
    const tasks = workflowTasks({ db: createKysely(pool) });
    const running = runJobs({ pool: app.pool, log }, tasks, stop.signal);
    for (let round = 0; (await finished()) < customers.length; round += 1) {
      await app.pool.query(
        "select graphile_worker.reschedule_jobs(array_agg(id), now()) from graphile_worker.jobs where key like 'workflow-run:%' and locked_at is null",
      );
      const reached = Math.min((await finished()) + 3, customers.length);
      await expect.poll(finished, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(reached);
      if (round < 4) {
        await app.pool.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tessera-cut'",
        );
      }
    }
    stop.abort();
    await running;
    await pool.end();
    const { rows } = await app.pool.query(
      `select sum(points)::int as points, count(*)::int as entries from points_entry where project_id = $1`,
      [project.projectId],
    );
    expect(rows).toEqual([{ points: 3 * customers.length, entries: 2 * customers.length }]);
  });
});
