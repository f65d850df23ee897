/** Dynamic segments when something is large, busy or broken. */
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { emptySegmentTask } from "../../api/segments/delete.ts";
import type { EvaluationDeps } from "../../api/segments/evaluate/evaluate.ts";
import { evaluateEverybody, evaluateTouched } from "../../api/segments/evaluate/pass.ts";
import { Turns } from "../../api/segments/evaluate/turns.ts";
import { createRelay } from "../../ingest/relay.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const app = useApp();
const tier = (value: string) => ({ on: "customer.tags.tier", op: "any_of", value: [value] });

const drain = () => createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();

async function setTier(project: TestProject, value: string, ...names: string[]): Promise<void> {
  for (const name of names) await send(project, "PUT", `/v1/customers/${name}`, { tags: { tier: [value] } });
}

async function deliver(): Promise<void> {
  await drain();
  await refreshCustomers(app.warehouse);
}

async function newSegment(project: TestProject, value: string): Promise<string> {
  return (await send(project, "POST", "/v1/segments", { name: value, rules: tier(value) })).body.id;
}

async function evaluate(project: TestProject, deps: EvaluationDeps = app.deps): Promise<void> {
  await evaluateTouched(deps, project.projectId, new Date());
  await evaluateEverybody(deps, project.projectId, new Date());
}

const read = async (project: TestProject, id: string) => (await send(project, "GET", `/v1/segments/${id}`)).body;

async function moves(project: TestProject, id: string): Promise<string[]> {
  const { rows } = await app.pool.query(
    `select type || ' ' || (payload ->> 'customer') as move from outbox
     where project_id = $1 and type like 'segment.%' and payload ->> 'segment_id' = $2 order by seq`,
    [project.projectId, id],
  );
  return rows.map((row) => row.move);
}

/** A warehouse that refuses whatever has the text in it or among its values. */
function refusing(text: string, code: string): ClickHouseClient {
  return new Proxy(app.warehouse, {
    get(target, name, receiver) {
      if (name !== "query") return Reflect.get(target, name, receiver);
      return (asked: Parameters<ClickHouseClient["query"]>[0]) => {
        if (asked.query.includes(text) || JSON.stringify(asked.query_params ?? {}).includes(text)) {
          throw new ClickHouseError({ message: "no", code, type: "NO" });
        }
        return target.query(asked);
      };
    },
  });
}

describe("many who were touched", () => {
  it("of one project hold up no other's, and all have their turn", async () => {
    const [busy, small] = [await app.newProject(), await app.newProject()].sort((a, b) =>
      a.projectId < b.projectId ? -1 : 1,
    ) as [TestProject, TestProject];
    await setTier(busy, "gold", "a", "b", "c");
    await setTier(small, "gold", "d");
    const ids = [await newSegment(busy, "gold"), await newSegment(small, "gold")] as const;
    await deliver();
    let at = Date.now();
    // Each look at the clock is long after the one before: a turn is one batch, of one customer.
    const clock = () => (at += 10_000);
    const batchLimits = { first: 1, least: 1, most: 1 };
    const turns = new Turns({ ...app.deps, batchLimits }, clock);
    const never = new AbortController().signal;
    const counts = () =>
      Promise.all([read(busy, ids[0]), read(small, ids[1])].map(async (one) => (await one).members_count));
    const takeAll = async () => {
      do await turns.take(never);
      while (turns.areUnderWay);
    };
    await takeAll();
    await takeAll();
    expect(await counts()).toEqual([3, 1]);
    await setTier(busy, "none", "a", "b", "c");
    await setTier(small, "none", "d");
    await deliver();
    await turns.take(never);
    expect(await counts()).toEqual([2, 0]);
    expect(turns.areUnderWay).toBe(true);
    await takeAll();
    expect(await counts()).toEqual([0, 0]);
    expect((await moves(busy, ids[0])).length).toBe(6);
  });

  it("of a project that cannot be looked at hold up no other's, and are looked at once it can be", async () => {
    const [broken, other] = [await app.newProject(), await app.newProject()].sort((a, b) =>
      a.projectId < b.projectId ? -1 : 1,
    ) as [TestProject, TestProject];
    await setTier(broken, "gold", "a");
    await setTier(other, "gold", "b");
    const ids = [await newSegment(broken, "gold"), await newSegment(other, "gold")] as const;
    await deliver();
    const deps = { ...app.deps, warehouse: refusing(broken.projectId, "999") };
    let later = 0;
    const turns = new Turns(deps, () => Date.now() + later);
    const counts = async () => [(await read(broken, ids[0])).members_count, (await read(other, ids[1])).members_count];
    const takeUntil = async (wanted: readonly number[]) => {
      for (let times = 0; times < 20 && String(await counts()) !== String(wanted); times += 1) {
        await turns.take(new AbortController().signal);
      }
      expect(await counts()).toEqual(wanted);
    };
    await takeUntil([0, 1]);
    deps.warehouse = app.warehouse;
    later = 60_000;
    await takeUntil([1, 1]);
  });

  it("are not touched again by being moved", async () => {
    const project = await app.newProject();
    await setTier(project, "gold", "ada", "bob");
    const id = await newSegment(project, "gold");
    await deliver();
    await evaluate(project);
    expect((await read(project, id)).members_count).toBe(2);
    await drain();
    expect(await refreshCustomers(app.warehouse)).toMatchObject({ customers: 0 });
    // What a list does changes what rules find.
    const list = (await send(project, "POST", "/v1/segments", { name: "vip" })).body.id;
    await send(project, "POST", `/v1/segments/${list}/members`, { customers: ["ada"] });
    await drain();
    expect(await refreshCustomers(app.warehouse)).toMatchObject({ customers: 1 });
  });
});

describe("an evaluation that fails", () => {
  it("leaves members as they were, says as of when they are, and goes on once the warehouse is back", async () => {
    const project = await app.newProject();
    await setTier(project, "gold", "ada");
    const id = await newSegment(project, "gold");
    await deliver();
    await evaluate(project);
    const before = await read(project, id);
    await setTier(project, "none", "ada");
    await deliver();
    const away = createWarehouse({ url: "http://127.0.0.1:9/", database: "tessera" });
    await expect(evaluateTouched({ ...app.deps, warehouse: away }, project.projectId, new Date())).rejects.toThrow();
    await away.close();
    const meanwhile = await read(project, id);
    expect(meanwhile).toMatchObject({ state: "ready", failure: null, members_count: 1 });
    expect(meanwhile.evaluated_at).toBe(before.evaluated_at);
    await evaluateTouched(app.deps, project.projectId, new Date());
    expect(await read(project, id)).toMatchObject({ members_count: 0 });
    expect(await moves(project, id)).toEqual(["segment.entered ada", "segment.left ada"]);
  });

  it("of one segment's rules is told of that segment alone, and is tried again later", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await setTier(project, "gold", "ada");
    const ids = [await newSegment(project, "gold"), await newSegment(project, "none")] as const;
    await deliver();
    await evaluate(project);
    const before = await read(project, ids[0]);
    await setTier(project, "none", "ada");
    await deliver();
    const refused = { ...app.deps, warehouse: refusing('"gold"', "43") };
    await evaluateTouched(refused, projectId, new Date());
    const failed = await read(project, ids[0]);
    expect([failed.state, failed.members_count, failed.failure]).toEqual([
      "failed",
      1,
      "The warehouse refuses to answer these rules.",
    ]);
    // Of who was touched since, nobody was looked at.
    expect(failed.evaluated_at).toBe(before.evaluated_at);
    expect(await read(project, ids[1])).toMatchObject({ state: "ready", members_count: 1 });
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    expect(await evaluateEverybody(app.deps, projectId, inMinutes(9))).toMatchObject({ customers: 0 });
    expect(await evaluateEverybody(app.deps, projectId, inMinutes(11))).toMatchObject({ customers: 1, left: 1 });
    expect(await read(project, ids[0])).toMatchObject({ state: "ready", failure: null, members_count: 0 });
  });

  it("of what all customers are compared by is told of the segments that need it alone", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await setTier(project, "gold", "ada");
    const rules = { on: "customer.rfm_recency", op: "greater_or_equal", value: 1 };
    const compared = (await send(project, "POST", "/v1/segments", { name: "compared", rules })).body.id;
    const golden = await newSegment(project, "gold");
    await deliver();
    const deps = { ...app.deps, warehouse: refusing("quantilesExact(0.8", "159") };
    await evaluateEverybody(deps, projectId, new Date());
    expect(await read(project, compared)).toMatchObject({ state: "failed", members_count: 0 });
    expect(await read(project, golden)).toMatchObject({ state: "ready", failure: null, members_count: 1 });
    await evaluateEverybody(app.deps, projectId, new Date(Date.now() + 11 * 60_000));
    expect(await read(project, compared)).toMatchObject({ state: "ready", failure: null });
  });
});

describe("a large segment that is deleted", () => {
  it("sees its members out chunk by chunk, wherever it is broken off, and takes nobody in meanwhile", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    const id = (await send(project, "POST", "/v1/segments", { name: "many" })).body.id;
    const names = Array.from({ length: 2_500 }, (_, n) => `c${n}`);
    const file = `customer\n${names.join("\n")}\n`;
    await send(project, "POST", `/v1/segments/${id}/members/import`, file, { "content-type": "text/csv" });
    const deleted = await send(project, "DELETE", `/v1/segments/${id}`);
    expect([deleted.status, deleted.body.state, deleted.body.members_count]).toEqual([202, "deleting", 1_500]);
    const entering = await send(project, "POST", `/v1/segments/${id}/members`, { customers: ["late"] });
    const renaming = await send(project, "PATCH", `/v1/segments/${id}`, { name: "few" });
    expect([entering.status, renaming.status]).toEqual([409, 409]);
    const workflow = await send(project, "POST", "/v1/workflows", {
      name: "too late",
      trigger: { on: "order.paid" },
      steps: [{ type: "add_to_segment", segment_id: id }],
    });
    expect([workflow.status, workflow.body.errors[0].pointer]).toEqual([400, "/steps/0/segment_id"]);
    const jobs = async () =>
      (await app.pool.query("select from graphile_worker.jobs where key like $1", [`%${id}`])).rowCount;
    expect(await jobs()).toBe(1);
    await app.pool.query("select graphile_worker.remove_job(key) from graphile_worker.jobs where key like $1", [
      `%${id}`,
    ]);
    expect((await send(project, "DELETE", `/v1/segments/${id}`)).body.members_count).toBe(1_500);
    expect((await send(project, "DELETE", `/v1/segments/${id}`)).body.members_count).toBe(1_500);
    expect(await jobs()).toBe(1);
    const task = emptySegmentTask(app.db);
    const payload = { project_id: projectId, segment_id: id };
    const stopped = { number: 1, isLast: false, signal: AbortSignal.abort() };
    await expect(task.run(payload, stopped)).rejects.toThrow();
    expect((await read(project, id)).members_count).toBe(500);
    const going = { number: 2, isLast: false, signal: new AbortController().signal };
    await task.run(payload, going);
    await task.run(payload, going);
    expect((await send(project, "GET", `/v1/segments/${id}`)).status).toBe(404);
    const left = (await moves(project, id)).filter((move) => move.startsWith("segment.left"));
    expect([left.length, new Set(left).size]).toEqual([2_500, 2_500]);
  });
});
