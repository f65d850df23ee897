/** Publishing to many from the console: to a segment, and to whoever was named. */
import { expect, it } from "vitest";
import { runPublicationJobs } from "../../api/publications/jobs/worker.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpStock } from "../support/campaign-stock.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();
const list = "/console/publications";

async function open(project: TestProject) {
  const signIn = await context.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key: project.key, return_to: "/console" }),
  });
  const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const get = async (path: string) => (await context.app.request(path, { headers: { cookie } })).text();
  const hidden = async (path: string): Promise<Record<string, string>> => {
    const page = await get(path);
    const of = (name: string) => new RegExp(`name="${name}" value="([\\w-]+)"`).exec(page)?.[1] ?? "";
    return { token: of("token"), attempt: of("attempt") };
  };
  const post = async (path: string, fields: Readonly<Record<string, string | File>>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const answer = await context.app.request(path, { method: "POST", headers: { cookie }, body });
    return { status: answer.status, to: answer.headers.get("location") ?? "", text: await answer.text() };
  };
  return { get, hidden, post };
}

const jobsOf = async (project: TestProject) => (await send(project, "GET", "/v1/publication-jobs")).body.data;

async function work(project: TestProject) {
  const worker = (signal: AbortSignal) => runPublicationJobs(context.deps, signal);
  await workUntil([worker], async () =>
    (await jobsOf(project)).every(({ status }: { status: string }) => status !== "running"),
  );
}

it("publishes to a segment once, however often the form is sent, and shows how far it is", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 5 });
  const { body: segment } = await send(project, "POST", "/v1/segments", { name: "Regulars" });
  await send(project, "POST", `/v1/segments/${segment.id}/members`, { customers: ["ada", "bea", "cyd"] });
  const { get, hidden, post } = await open(project);

  const form = `${list}/new?segment_id=${segment.id}`;
  expect(await get(form)).toContain(`value="${segment.id}" selected`);
  const order = { ...(await hidden(form)), campaign_id: campaignId, "to.segment_id": segment.id, name: "Spring" };
  const both = await post(list, { ...order, customers: "dan" });
  expect([both.status, both.text.includes("not both")]).toEqual([400, true]);
  const [first, second] = [await post(list, order), await post(list, order)];
  expect([first.status, second.to]).toEqual([303, first.to]);
  const jobs = await jobsOf(project);
  expect(jobs.map(({ name }: { name: string }) => name)).toEqual(["Spring"]);

  const address = `${list}/${jobs[0].id}`;
  expect(await get(address)).toMatch(/id="progress" data-running="yes".*<noscript><meta http-equiv="refresh"/s);
  for (const [verb, status] of [
    ["pause", "paused"],
    ["resume", "running"],
  ] as const) {
    expect((await post(`${address}/${verb}`, await hidden(address))).to).toBe(
      `${address}?done=${status === "running" ? "resumed" : status}`,
    );
    expect((await jobsOf(project))[0].status).toBe(status);
  }
  await work(project);
  const page = await get(address);
  expect(page).toMatch(/<span class="number">3<\/span> of 3 customers/);
  expect(page).toContain(`/console/list-exports/new?publication_job_id=${jobs[0].id}`);
  expect(await get(`/console/list-exports/new?publication_job_id=${jobs[0].id}`)).toContain(`value="${jobs[0].id}"`);
  expect(await get(list)).toMatch(/Spring.*Regulars.*3 of 3/s);
  const late = await post(`${address}/cancel`, await hidden(`${address}/cancel`));
  expect([late.status, late.text.includes("cannot be cancelled")]).toEqual([409, true]);
});

it("publishes to those of a file or of a pasted list, and tells the rows that were refused", async () => {
  const project = await context.newProject();
  const campaignId = await setUpStock(context.pool, project, { count: 5 });
  const { get, hidden, post } = await open(project);
  const order = { ...(await hidden(`${list}/new`)), campaign_id: campaignId };
  const nobody = await post(list, order);
  expect([nobody.status, nobody.text.includes("Choose a segment, or name customers below")]).toEqual([400, true]);
  const half = await post(list, { ...order, customers: "ada", "deliver.channel_id": "chn_none" });
  expect([half.status, half.text.includes('href="#f-deliver.template_id"')]).toEqual([400, true]);

  const csv = { ...order, file: new File([`customer\nada\n${"x".repeat(300)}\nbea\n`], "list.csv") };
  const [first, second] = [await post(list, csv), await post(list, csv)];
  expect([first.status, second.to]).toEqual([303, first.to]);
  const pasted = await post(list, { ...(await hidden(`${list}/new`)), campaign_id: campaignId, customers: "cyd\r\n" });
  expect(pasted.status).toBe(303);
  expect(await jobsOf(project)).toHaveLength(2);
  await work(project);
  const page = await get(first.to);
  expect(page).toMatch(/<span class="number">2<\/span> of 2 customers/);
  expect(page).toMatch(/Rows that were refused.*>3</s);
  expect(await get(pasted.to)).toMatch(/<span class="number">1<\/span> of 1 customer</);
});
