import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createApp } from "../../../api/app.ts";
import { sweepExports, workOnce } from "../../../api/list-exports/work.ts";
import { publicOnly } from "../../../api/outbound/vet.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";

const context = useApp();
const base = "/v1/list-exports";
let receiver: Receiver | undefined;
let deps: Parameters<typeof workOnce>[0];

beforeAll(async () => {
  deps = { ...context.deps, dataDir: await mkdtemp(join(tmpdir(), "tessera-test-lists-")) };
});
afterAll(() => rm(deps.dataDir, { recursive: true, force: true }));
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

const now = () => new Date(Date.now() + 1_000);

/** Three customers in a segment, two with a code; one of them says no to e-mail. */
async function setUpList(project: TestProject) {
  const { campaignId } = await setUpPromotion(project, {});
  const people = [
    {
      id: "ada",
      name: '=HYPERLINK("http://evil")',
      email: "ada@x.example",
      phone: "+4915112345678",
      consent: { email: true },
    },
    { id: "bob", name: "Bob, the second", email: "bob@x.example", phone: "+1 (2)", consent: { email: false } },
    { id: "@cy", name: "-1+1", attributes: { size: "L" }, consent: { email: true } },
  ];
  for (const { id, ...body } of people) await send(project, "PUT", `/v1/customers/${encodeURIComponent(id)}`, body);
  const segment = await send(project, "POST", "/v1/segments", { name: "vip" });
  const members = { customers: people.map(({ id }) => id) };
  await send(project, "POST", `/v1/segments/${segment.body.id}/members`, members);
  for (const { id } of people.slice(0, 2)) {
    const code = `OWN-${id}`.toUpperCase();
    await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, { kind: "unique", code });
    const given = { customer: { identifier: id }, channel: "manual" };
    expect((await send(project, "POST", `/v1/vouchers/${code}/publish`, given)).status).toBeLessThan(300);
  }
  return { campaignId, segmentId: segment.body.id as string };
}

const columns = ["identifier", "name", "phone", "code", "attributes.size"];
const whole = [
  "identifier,name,phone,code,attributes.size",
  `ada,"'=HYPERLINK(""http://evil"")",+4915112345678,OWN-ADA,`,
  `bob,"Bob, the second",'+1 (2),OWN-BOB,`,
  `'@cy,'-1+1,,,L`,
];

it("writes a segment's members with their codes, harmless to spreadsheets, and hands the file out", async () => {
  const project = await context.newProject();
  const { segmentId, campaignId } = await setUpList(project);
  const body = { segment_id: segmentId, campaign_id: campaignId, columns };
  const made = await send(project, "POST", base, body);
  expect(made).toMatchObject({ status: 202, body: { status: "queued", rows: 0, file: null, to: "file" } });
  expect(await workOnce(deps, now)).toBe(true);
  const { body: done } = await send(project, "GET", `${base}/${made.body.id}`);
  expect(done).toMatchObject({ status: "done", rows: 3, file: `${base}/${made.body.id}/file`, tries: 1 });
  const folder = join(deps.dataDir, "list-exports", project.projectId);
  expect(await readdir(folder)).toEqual([`${made.body.id}.csv`]);
  const text = await readFile(join(folder, `${made.body.id}.csv`), "utf8");
  expect(text).toBe(`${whole.join("\r\n")}\r\n`);
  expect((await stat(join(folder, `${made.body.id}.csv`))).size).toBe(done.bytes);
  const app = createApp({ ...context.deps, dataDir: deps.dataDir, metrics: new Registry() });
  const fetched = await app.request(done.file, { headers: { authorization: `Bearer ${project.key}` } });
  expect([fetched.status, fetched.headers.get("content-disposition")]).toEqual([
    200,
    `attachment; filename="${made.body.id}.csv"`,
  ]);
  expect(await fetched.text()).toBe(text);
  const stranger = await context.newProject();
  expect((await app.request(done.file, { headers: { authorization: `Bearer ${stranger.key}` } })).status).toBe(404);
  expect((await send(stranger, "GET", base)).body.data).toEqual([]);
});

it("leaves out who did not consent", async () => {
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  const made = await send(project, "POST", base, { segment_id: segmentId, columns: ["identifier"], consent: "email" });
  await workOnce(deps, now);
  const file = join(deps.dataDir, "list-exports", project.projectId, `${made.body.id}.csv`);
  expect(await readFile(file, "utf8")).toBe("identifier\r\nada\r\n'@cy\r\n");
});

it("sends the whole file to a URL, the same again when that fails, and keeps the URL no longer than it must", async () => {
  let status = 503;
  receiver = await startReceiver((response) => response.writeHead(status).end());
  const project = await context.newProject();
  const { segmentId, campaignId } = await setUpList(project);
  const url = `${receiver.url}?signature=geheim`;
  const body = { segment_id: segmentId, campaign_id: campaignId, columns, to: { url, method: "PUT" } };
  const made = await send(project, "POST", base, body);
  expect(made.body.to).toEqual({ origin: new URL(url).origin, method: "PUT" });
  await workOnce(deps, now);
  expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({
    status: "sending",
    reason: "http_503",
  });
  expect(await workOnce(deps, now)).toBe(false);
  status = 200;
  await send(project, "PUT", "/v1/customers/ada", { name: "Renamed" });
  expect(await workOnce(deps, () => new Date(Date.now() + 60_000))).toBe(true);
  expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({ status: "done", reason: null });
  expect(receiver.received.map((one) => one.body)).toEqual([0, 1].map(() => `${whole.join("\r\n")}\r\n`));
  expect(receiver.received[0]?.headers).toMatchObject({
    "content-length": String(Buffer.byteLength(receiver.received[0]?.body ?? "")),
  });
  const { rows } = await context.pool.query("select * from list_export where id = $1", [made.body.id]);
  expect(rows[0].url).toBeNull();
  expect(JSON.stringify(await (await project.request("GET", "/v1/audit-log?limit=100")).json())).not.toContain(
    "geheim",
  );
});

it("is given up where the address is not public, or the receiver refuses it", async () => {
  receiver = await startReceiver((response) => response.writeHead(403).end());
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  for (const [outbound, reason] of [
    [publicOnly, "url_refused"],
    [deps.outbound, "http_403"],
  ] as const) {
    const body = { segment_id: segmentId, columns: ["identifier"], to: { url: receiver.url } };
    const made = await send(project, "POST", base, body);
    await workOnce({ ...deps, outbound }, now);
    expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({ status: "failed", reason });
  }
  expect(receiver.received).toHaveLength(1);
});

it("goes on with another process when one died over it", async () => {
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  const made = await send(project, "POST", base, { segment_id: segmentId, columns: ["identifier"] });
  await context.pool.query(
    "update list_export set status = 'writing', tries = 1, leased_until = now() + interval '20 minutes' where id = $1",
    [made.body.id],
  );
  expect(await workOnce(deps, now)).toBe(false);
  expect(await workOnce(deps, () => new Date(Date.now() + 21 * 60_000))).toBe(true);
  expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({
    status: "done",
    rows: 3,
    tries: 2,
  });
});

it("forgets its files after a week, and at once when somebody is erased", async () => {
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  const made = await send(project, "POST", base, { segment_id: segmentId, columns: ["identifier", "email"] });
  await workOnce(deps, now);
  const folder = join(deps.dataDir, "list-exports", project.projectId);
  await sweepExports(deps, new Date(Date.now() + 6 * 86_400_000));
  expect(await readdir(folder)).toHaveLength(1);
  expect((await send(project, "DELETE", "/v1/customers/ada")).status).toBeLessThan(300);
  await sweepExports(deps, now());
  expect(await readdir(folder)).toEqual([]);
  expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({ status: "done", file: null });
});

it("keeps nobody whose erasure was asked for before and is done later, and sends again without them", async () => {
  receiver = await startReceiver((response) => response.writeHead(503).end());
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  const body = { segment_id: segmentId, columns: ["identifier", "name"], to: { url: receiver.url } };
  await send(project, "POST", base, body);
  await workOnce(deps, now);
  expect((await send(project, "DELETE", "/v1/customers/bob")).status).toBeLessThan(300);
  // As the erasure does, a moment later.
  await context.pool.query(
    `with gone as (
       update customer set identifier = 'erased_1', name = null where project_id = $1 and identifier = 'bob' returning id
     ) update erasure set customer_ids = array(select id from gone) where project_id = $1`,
    [project.projectId],
  );
  await workOnce(deps, () => new Date(Date.now() + 60_000));
  expect(receiver.received.map((one) => /bob|erased/i.test(one.body))).toEqual([true, false]);

  const made = await send(project, "POST", base, { segment_id: segmentId, columns: ["identifier"] });
  await workOnce(deps, now);
  await sweepExports(deps, now());
  expect((await send(project, "GET", `${base}/${made.body.id}`)).body).toMatchObject({ status: "done", file: null });
});

it("is of a whole list or of none: not while whom a job is for is written down, nor of what is being deleted or is forgotten", async () => {
  const project = await context.newProject();
  const { segmentId, campaignId } = await setUpList(project);
  const toAll = { campaign_id: campaignId, to: { segment_id: segmentId } };
  const job = await send(project, "POST", "/v1/publication-jobs", toAll);
  expect(job.status).toBe(202);
  const orders = [{ publication_job_id: job.body.id }, { segment_id: segmentId }];
  const made: string[] = [];
  for (const order of orders)
    made.push((await send(project, "POST", base, { ...order, columns: ["identifier"] })).body.id);
  const read = async () =>
    Promise.all(made.map(async (id) => (await send(project, "GET", `${base}/${id}`)).body)).then((all) =>
      all.map(({ status, reason, file }) => [status, reason, file]),
    );
  await context.pool.query("update segment set deleting_at = now() where id = $1", [segmentId]);
  for (const _ of made) expect(await workOnce(deps, now)).toBe(true);
  expect(await read()).toEqual([
    ["queued", "list_unfinished", null],
    ["failed", "list_gone", null],
  ]);
  await context.pool.query("update publication_job set segment_cursor = null, status = 'done' where id = $1", [
    job.body.id,
  ]);
  await workOnce(deps, () => new Date(Date.now() + 60_000));
  expect((await read())[0]?.[0]).toBe("done");
  await context.pool.query("update publication_job set members_forgotten_at = now() where id = $1", [job.body.id]);
  const refusals = [];
  for (const order of orders) {
    const { status, body } = await send(project, "POST", base, { ...order, columns: ["identifier"] });
    refusals.push([status, body.errors?.[0].pointer ?? body.detail]);
  }
  expect(refusals).toEqual([
    [409, "The job's customers are forgotten by now."],
    [400, "/segment_id"],
  ]);
});

it("says what is wrong with what it is asked for", async () => {
  const project = await context.newProject();
  const { segmentId } = await setUpList(project);
  const fine = { segment_id: segmentId, columns: ["identifier"] };
  for (const [change, pointer] of [
    [{ columns: ["password"] }, "/columns/0"],
    [{ columns: ["code"] }, "/campaign_id"],
    [{ segment_id: "seg_unknown" }, "/segment_id"],
    [{ publication_job_id: "job_1" }, ""],
    [{ to: { url: "https://169.254.169.254/" } }, "/to/url"],
  ] as const) {
    const { status, body } = await send(project, "POST", base, { ...fine, ...change });
    expect([status, body.errors?.[0].pointer]).toEqual([400, pointer]);
  }
  for (let made = 0; made < 5; made += 1) expect((await send(project, "POST", base, fine)).status).toBe(202);
  expect((await send(project, "POST", base, fine)).status).toBe(409);
});
