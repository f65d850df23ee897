/** Many who begin at once, and the few of another project. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { workflowConsumer } from "../../../api/workflows/follow.ts";
import { tryStep } from "../../../api/workflows/tasks.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { given } from "../../support/workflows.ts";

const app = useApp();
const log = pino({ level: "silent" });
const follow = () => drainConsumer(workflowConsumer({ db: app.db, log }));

async function newWorkflow(project: TestProject): Promise<void> {
  const steps = [
    { type: "points", points: 1 },
    { type: "wait", days: 1 },
    { type: "points", points: 1 },
  ];
  const { id } = await given(app, project, { trigger: { on: "custom", name: "ping" }, steps });
  await app.db
    .updateTable("workflow")
    .set({ active_since: new Date("2026-01-01") })
    .where("id", "=", id)
    .execute();
}

async function ping(project: TestProject, customers: number): Promise<void> {
  for (let n = 0; n < customers; n += 1) {
    const { status } = await send(project, "POST", "/v1/events", { name: "ping", customer: { identifier: `c${n}` } });
    expect(status).toBeLessThan(300);
  }
}

/** As the queue would take them. */
async function inLine(): Promise<{ project: string; priority: number; run: string; position: number }[]> {
  const { rows } = await app.pool.query(
    `select payload ->> 'project_id' as project, priority, payload ->> 'run_id' as run,
       (payload ->> 'position')::int as position
     from graphile_worker._private_jobs where payload ->> 'run_id' is not null order by priority, run_at, id`,
  );
  return rows;
}

it("stand behind those few, in all of their steps, however many events come together or after one another", async () => {
  const [many, few] = [await app.newProject(), await app.newProject()];
  await newWorkflow(many);
  await newWorkflow(few);
  await ping(many, 60);
  await follow();
  await ping(many, 60);
  await ping(few, 1);
  await follow();
  const line = await inLine();
  const ofMany = line.filter(({ project }) => project === many.projectId).map(({ priority }) => priority);
  expect([0, 1, 2].map((priority) => ofMany.filter((one) => one === priority).length)).toEqual([10, 90, 20]);
  expect(line.findIndex(({ project }) => project === few.projectId)).toBeLessThanOrEqual(10);

  const last = line.at(-1);
  for (const position of [0, 1]) {
    const step = { project_id: many.projectId, run_id: last?.run ?? "", position };
    await tryStep(app.db, step, { number: 1, isLast: false }, new Date());
  }
  expect(last).toMatchObject({ priority: 2, position: 0 });
  expect((await inLine()).find(({ run }) => run === last?.run)).toMatchObject({ priority: 2, position: 2 });
}, 120_000);
