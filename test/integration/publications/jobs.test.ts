import { expect, it } from "vitest";
import { isHeldOut } from "../../../api/domain/holdout.ts";
import { eraseRound } from "../../../api/erasures/worker.ts";
import { tidyJob } from "../../../api/publications/jobs/tidy.ts";
import { runPublicationJobs } from "../../../api/publications/jobs/worker.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { addStock, setUpStock } from "../../support/campaign-stock.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { workUntil } from "../../support/workers.ts";

const context = useApp();
const worker = (signal: AbortSignal) => runPublicationJobs(context.deps, signal);
const file = { "content-type": "text/csv" };
const never = new AbortController().signal;

async function progress(project: TestProject, id: string) {
  return (await send(project, "GET", `/v1/publication-jobs/${id}`)).body;
}

async function order(project: TestProject, body: object): Promise<string> {
  const answer = await send(project, "POST", "/v1/publication-jobs", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body.id;
}

async function work(project: TestProject, id: string) {
  await workUntil([worker], async () => (await progress(project, id)).status !== "running");
  return progress(project, id);
}

/** So many customers, straight into the tables, as members of a segment. */
async function segmentOf(project: TestProject, count: number): Promise<string> {
  const segment = await send(project, "POST", "/v1/segments", { name: "all" });
  await context.pool.query(
    `with made as (
       insert into customer (project_id, id, identifier, created_at, updated_at)
       select $1, 'cus_' || lpad(n::text, 8, '0'), 'c' || n, now(), now() from generate_series(1, $2::int) n returning id)
     insert into segment_member (project_id, segment_id, customer_id, entered_at) select $1, $3, id, now() from made`,
    [project.projectId, count, segment.body.id],
  );
  return segment.body.id;
}

async function given(project: TestProject) {
  const { rows } = await context.pool.query(
    `select (select count(*) from publication where project_id = $1)::int as publications,
            (select count(distinct customer_id) from publication where project_id = $1)::int as customers,
            (select count(distinct voucher_id) from publication where project_id = $1)::int as vouchers,
            (select count(*) from voucher where project_id = $1 and customer_id is not null)::int as assigned,
            (select count(*) from outbox where project_id = $1 and type = 'voucher.published')::int as told`,
    [project.projectId],
  );
  return rows[0];
}

/** Ends the connections of whoever is in the middle of something. */
async function cutOff(): Promise<number> {
  const { rows } = await context.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`,
  );
  return rows.length;
}

it("gives each of 5,000 members of a segment exactly one voucher, though its workers are cut off in the middle", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 5_500, sub: { holdout_percent: 10 } });
  const segmentId = await segmentOf(project, 5_000);
  const id = await order(project, { campaign_id: campaignId, to: { segment_id: segmentId }, name: "Spring" });
  let cut = 0;
  await workUntil([worker, worker], async () => {
    if (cut < 2) cut += await cutOff();
    return (await progress(project, id)).status === "done";
  });
  expect(cut).toBeGreaterThan(0);
  const heldOut = Array.from({ length: 5_000 }, (_, place) => `c${place + 1}`).filter((each) =>
    isHeldOut(campaignId, each, 10),
  ).length;
  const expected = 5_000 - heldOut;
  expect(await progress(project, id)).toMatchObject({
    name: "Spring",
    total: 5_000,
    published: expected,
    skipped: { in_holdout: heldOut },
    failed: 0,
    error: null,
  });
  expect(await given(project)).toEqual({
    publications: expected,
    customers: expected,
    vouchers: expected,
    assigned: expected,
    told: expected,
  });
  const finished = await context.pool.query(
    "select payload from outbox where project_id = $1 and type = 'publication_job.finished'",
    [project.projectId],
  );
  expect(finished.rows).toMatchObject([{ payload: { job_id: id, status: "done", published: expected } }]);
});

it("pauses when nothing is left, and goes on from there when there is more", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 2 });
  const customers = ["c1", "c2", "c3"].map((identifier) => ({ identifier }));
  const id = await order(project, { campaign_id: campaignId, to: { customers } });
  expect(await work(project, id)).toMatchObject({ status: "paused", error: "out_of_stock", published: 2, skipped: {} });
  await addStock(context.pool, project, campaignId, 1);
  expect(await send(project, "POST", `/v1/publication-jobs/${id}/resume`)).toMatchObject({
    status: 200,
    body: { status: "running", error: null },
  });
  expect(await work(project, id)).toMatchObject({ status: "done", published: 3 });
  expect(await given(project)).toMatchObject({ customers: 3, vouchers: 3 });
  expect(await send(project, "POST", `/v1/publication-jobs/${id}/pause`)).toMatchObject({ status: 409 });
});

it("has at most a hundred jobs of a project under way, those that go on again too", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 1 });
  const body = { campaign_id: campaignId, to: { segment_id: await segmentOf(project, 1) } };
  const id = await order(project, body);
  await send(project, "POST", `/v1/publication-jobs/${id}/pause`);
  await context.pool.query(
    `insert into publication_job
     select (jsonb_populate_record(job, jsonb_build_object('id', job.id || n, 'status', 'running'))).*
     from publication_job job, generate_series(1, 100) n where job.project_id = $1`,
    [project.projectId],
  );
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/resume`)).status).toBe(409);
  expect((await send(project, "POST", "/v1/publication-jobs", body)).status).toBe(409);
  await context.pool.query("update publication_job set status = 'cancelled' where project_id = $1 and id <> $2", [
    project.projectId,
    id,
  ]);
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/resume`)).body.status).toBe("running");
  await send(project, "POST", `/v1/publication-jobs/${id}/cancel`);
});

it("gives to who is in the segment when it is ordered and still is, and pauses and ends when that is asked for", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 5 });
  const segmentId = await segmentOf(project, 3);
  const id = await order(project, { campaign_id: campaignId, to: { segment_id: segmentId } });
  await send(project, "POST", `/v1/segments/${segmentId}/members`, { customers: ["late"] });
  await send(project, "POST", `/v1/segments/${segmentId}/members/remove`, { customers: ["c1"] });
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/pause`)).body.status).toBe("paused");
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/pause`)).body.status).toBe("paused");
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/resume`)).body.status).toBe("running");
  expect(await work(project, id)).toMatchObject({ total: 2, published: 2 });
  const stopped = await order(project, { campaign_id: campaignId, to: { segment_id: segmentId } });
  expect((await send(project, "POST", `/v1/publication-jobs/${stopped}/cancel`)).body.status).toBe("cancelled");
  expect(await send(project, "POST", `/v1/publication-jobs/${stopped}/resume`)).toMatchObject({ status: 409 });
  expect(await given(project)).toMatchObject({ publications: 2 });
  const { data } = (await send(project, "GET", `/v1/publication-jobs?campaign_id=${campaignId}`)).body;
  expect(data.map((job: { id: string; status: string }) => [job.id, job.status])).toEqual([
    [stopped, "cancelled"],
    [id, "done"],
  ]);
});

it("lets projects take turns, puts off what fails, gives it up in the end, and goes on with it when asked to", async () => {
  const [one, other] = [await context.newProject(), await context.newProject()];
  const to = { customers: [{ identifier: "c1" }] };
  const ordered: string[] = [];
  for (const [project, count] of [
    [one, 3],
    [other, 1],
  ] as const) {
    const { campaignId } = await setUpPromotion(project, {});
    for (let at = 0; at < count; at += 1) ordered.push(await order(project, { campaign_id: campaignId, to }));
  }
  const broken = await setUpStock(context.pool, other, { count: 0 });
  const failing = await order(other, { campaign_id: broken, to });
  const grow = (value: string | null) =>
    context.pool.query("update campaign set auto_grow = $3 where project_id = $1 and id = $2", [
      other.projectId,
      broken,
      value,
    ]);
  // Nothing that the API lets in.
  await grow('{"nonsense":1}');
  await context.pool.query("update publication_job set attempts = 9 where id = $1", [failing]);
  const ended = await work(other, failing);
  expect(ended).toMatchObject({ status: "failed", error: "internal", published: 0 });
  await workUntil([worker], async () => (await progress(one, ordered[2] ?? "")).status === "done");
  const { rows } = await context.pool.query("select id from publication_job where id = any($1) order by worked_at", [
    ordered,
  ]);
  expect(rows.map(({ id }) => ordered.indexOf(id))).toEqual([0, 3, 1, 2]);
  await grow(null);
  await addStock(context.pool, other, broken, 1);
  expect((await send(other, "POST", `/v1/publication-jobs/${failing}/resume`)).body.status).toBe("running");
  expect(await work(other, failing)).toMatchObject({ status: "done", error: null, published: 1 });
  const told = await context.pool.query(
    "select payload ->> 'status' as status from outbox where payload ->> 'job_id' = $1 order by seq",
    [failing],
  );
  expect(told.rows.map(({ status }) => status)).toEqual(["failed", "done"]);
});

it("gives the others a turn after each job of a project that fails", async () => {
  const [failing, other] = [await context.newProject(), await context.newProject()];
  const to = { customers: [{ identifier: "c1" }] };
  const broken = await setUpStock(context.pool, failing, { count: 0 });
  const { campaignId } = await setUpPromotion(other, {});
  await order(other, { campaign_id: campaignId, to }).then((id) => work(other, id));
  const ids = [
    await order(failing, { campaign_id: broken, to }),
    await order(failing, { campaign_id: broken, to }),
    await order(other, { campaign_id: campaignId, to }),
  ];
  await context.pool.query(`update campaign set auto_grow = '{"nonsense":1}' where project_id = $1 and id = $2`, [
    failing.projectId,
    broken,
  ]);
  await context.pool.query("update publication_job set attempts = 9 where project_id = $1", [failing.projectId]);
  await workUntil([worker], async () => {
    const { rows } = await context.pool.query("select from publication_job where id = any($1) and status = 'running'", [
      ids,
    ]);
    return rows.length === 0;
  });
  const { rows } = await context.pool.query(
    "select id, status from publication_job where id = any($1) order by updated_at",
    [ids],
  );
  expect(rows.map(({ id, status }) => [ids.indexOf(id), status])).toEqual([
    [0, "failed"],
    [2, "done"],
    [1, "failed"],
  ]);
});

it("gives nothing to somebody who was erased meanwhile", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 3 });
  const id = await order(project, {
    campaign_id: campaignId,
    to: { customers: [{ identifier: "c1" }, { identifier: "c2" }] },
  });
  expect((await send(project, "DELETE", "/v1/customers/c1")).status).toBe(202);
  await eraseRound({ pool: context.pool, warehouse: context.warehouse, log: context.deps.log }, never, 0);
  expect(await work(project, id)).toMatchObject({ status: "done", published: 1, skipped: { customer_gone: 1 } });
  expect(await given(project)).toMatchObject({ publications: 1, assigned: 1 });
});

it("publishes nothing to a segment that is too large, however often it is resumed", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 3 });
  const id = await order(project, { campaign_id: campaignId, to: { segment_id: await segmentOf(project, 2) } });
  await context.pool.query("update publication_job set total = 999999 where id = $1", [id]);
  const refused = { status: "failed", error: "segment_too_large", published: 0, total: 1_000_001 };
  expect(await work(project, id)).toMatchObject(refused);
  expect((await send(project, "POST", `/v1/publication-jobs/${id}/resume`)).body.status).toBe("running");
  expect(await work(project, id)).toMatchObject(refused);
});

it("forgets uploads that broke off, and whom a job was for a month after it is over", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  const to = { customers: [{ identifier: "c1" }] };
  const ids = [];
  for (const status of ["receiving", "receiving", "failed", "done", "running"]) {
    const id = await order(project, { campaign_id: campaignId, to });
    const hours = ids.length === 1 ? 0 : status === "receiving" ? 2 : 24 * 31;
    await context.pool.query(
      "update publication_job set status = $2, updated_at = now() - make_interval(hours => $3) where id = $1",
      [id, status, hours],
    );
    ids.push(id);
  }
  expect(await send(project, "POST", `/v1/publication-jobs/${ids[2]}/resume`)).toMatchObject({ status: 409 });
  while (await tidyJob(context.db, new Date()));
  const { rows } = await context.pool.query(
    `select array_position($1::text[], j.id) as place, count(m.*)::int as members from publication_job j
     left join publication_job_member m on m.job_id = j.id where j.id = any($1::text[]) group by j.id order by 1`,
    [ids],
  );
  expect(rows.map(({ place, members }) => [place, members])).toEqual([
    [2, 1],
    [3, 0],
    [4, 0],
    [5, 1],
  ]);
  expect(await send(project, "POST", `/v1/publication-jobs/${ids[2]}/resume`)).toMatchObject({ status: 409 });
  await context.pool.query("update publication_job set status = 'cancelled' where id = any($1)", [ids]);
});

it("reads customers from a file, each once, and names the lines that it could not read", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  const path = `/v1/publication-jobs/import?campaign_id=${campaignId}&name=File`;
  const many = Array.from({ length: 2_100 }, (_, place) => `m${place}`).join("\n");
  const text = `customer\nc1\nc2\n\n c3 \nc1\n${many}\n`;
  const answer = await send(project, "POST", path, text, { ...file, "idempotency-key": "f" });
  expect(answer).toMatchObject({
    status: 202,
    body: {
      name: "File",
      status: "running",
      total: 2_102,
      failed: 1,
      faults: [{ line: 5, reason: expect.any(String) }],
    },
  });
  const again = await send(project, "POST", path, text, { ...file, "idempotency-key": "f" });
  expect(again.body.id).toBe(answer.body.id);
  expect(await work(project, answer.body.id)).toMatchObject({ status: "done", published: 2_102 });
  expect((await send(project, "GET", "/v1/publication-jobs")).body.data).toHaveLength(1);
});

it("refuses a campaign, a segment or a target that is none, naming the field", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  const ask = (body: object) => send(project, "POST", "/v1/publication-jobs", body);
  const customers = [{ identifier: "c1" }];
  expect(await ask({ campaign_id: "cam_none", to: { customers } })).toMatchObject({ status: 404 });
  expect(await ask({ campaign_id: campaignId, to: { segment_id: "seg_none" } })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/to/segment_id" }] },
  });
  expect(await ask({ campaign_id: campaignId, to: {} })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/to" }] },
  });
  const half = `/v1/publication-jobs/import?campaign_id=${campaignId}&channel_id=chn_1`;
  expect(await send(project, "POST", half, "customer\nc1\n", file)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/template_id" }] },
  });
});
