/** Dynamic segments from the request to the members: over real stores, the worker's steps called one by one. */
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import type { Rule } from "../../api/domain/rules/rule.ts";
import { changeSegment } from "../../api/segments/change.ts";
import { writeMoves } from "../../api/segments/evaluate/moves.ts";
import { beginRound, continueRound, evaluateEverybody, evaluateTouched } from "../../api/segments/evaluate/pass.ts";
import { createRelay } from "../../ingest/relay.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";

const app = useApp();
const basket = [{ sku: "coffee", quantity: 1, unit_amount: 2_500 }];
const gold = { on: "customer.tags.tier", op: "any_of", value: ["gold"] };

async function newDynamic(project: TestProject, rules: object, name = "gold"): Promise<string> {
  const { status, body } = await send(project, "POST", "/v1/segments", { name, rules });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

/** What happened reaches the wide rows. */
async function deliver(): Promise<void> {
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
  await refreshCustomers(app.warehouse);
}

async function membersOf(project: TestProject, id: string): Promise<string[]> {
  const { body } = await send(project, "GET", `/v1/segments/${id}/members?limit=100`);
  return body.data.map((member: { identifier: string }) => member.identifier).sort();
}

async function moves(project: TestProject): Promise<string[]> {
  const { rows } = await app.pool.query(
    "select type, payload from outbox where project_id = $1 and type like 'segment.%' order by seq",
    [project.projectId],
  );
  return rows.map(({ type, payload }) => `${type.replace("segment.", "")} ${payload.name} ${payload.customer}`);
}

const customer = (project: TestProject, identifier: string, tier: string, more = {}) =>
  send(project, "PUT", `/v1/customers/${identifier}`, { tags: { tier: [tier] }, ...more });

describe("a dynamic segment", () => {
  it("has whoever fits its rules, follows events, and announces each move once", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await customer(project, "ada", "gold");
    await customer(project, "bob", "none");
    const id = await newDynamic(project, gold);
    const fresh = (await send(project, "GET", `/v1/segments/${id}`)).body;
    expect(fresh).toMatchObject({
      kind: "dynamic",
      rules: gold,
      rules_sentence: 'The customer\'s tag "tier" includes one of gold',
      ...{ state: "evaluating", failure: null, evaluated_at: null, age_seconds: null, members_count: 0 },
    });
    await deliver();
    expect(await evaluateTouched(app.deps, projectId, new Date())).toMatchObject({ customers: 0 });
    expect(await evaluateEverybody(app.deps, projectId, new Date())).toEqual({ customers: 2, entered: 1, left: 0 });
    const ready = (await send(project, "GET", `/v1/segments/${id}`)).body;
    expect(ready).toMatchObject({ state: "ready", members_count: 1 });
    expect(ready.age_seconds).toBeLessThan(60);
    expect(await membersOf(project, id)).toEqual(["ada"]);

    await customer(project, "bob", "gold");
    await customer(project, "ada", "none");
    await customer(project, "cleo", "gold");
    await deliver();
    expect(await evaluateTouched(app.deps, projectId, new Date())).toEqual({ customers: 3, entered: 2, left: 1 });
    // Nobody needs everybody looked at, and who is looked at again does not move again.
    expect(await evaluateEverybody(app.deps, projectId, new Date())).toEqual({ customers: 0, entered: 0, left: 0 });
    expect(await evaluateTouched(app.deps, projectId, new Date())).toMatchObject({ entered: 0, left: 0 });
    expect(await membersOf(project, id)).toEqual(["bob", "cleo"]);
    expect((await send(project, "GET", `/v1/segments/${id}`)).body.members_count).toBe(2);
    expect(await moves(project)).toEqual([
      "entered gold ada",
      "left gold ada",
      "entered gold bob",
      "entered gold cleo",
    ]);
  });

  it("has each member once, announced once, whoever evaluates it at the same time, and after what was broken off", async () => {
    const project = await app.newProject();
    const names = Array.from({ length: 40 }, (_, n) => `c${n}`);
    await Promise.all(names.map((name) => customer(project, name, "gold")));
    const ids = [await newDynamic(project, gold), await newDynamic(project, gold, "again")];
    await deliver();
    const now = new Date();
    await Promise.all([1, 2, 3].map(() => evaluateEverybody(app.deps, project.projectId, now)));
    // As after a crash between the members and the mark that says so.
    await app.pool.query("update segment_evaluation set evaluated_version = null where project_id = $1", [
      project.projectId,
    ]);
    expect(await evaluateEverybody(app.deps, project.projectId, now)).toEqual({ customers: 40, entered: 0, left: 0 });
    for (const id of ids) {
      expect(await membersOf(project, id)).toEqual([...names].sort());
      expect((await send(project, "GET", `/v1/segments/${id}`)).body.members_count).toBe(40);
    }
    const told = await moves(project);
    expect([told.length, new Set(told).size]).toEqual([80, 80]);
  });

  it("moves nobody by rules that were changed while its moves waited", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await customer(project, "ada", "gold");
    const id = await newDynamic(project, gold);
    const { rows } = await app.pool.query("select number, version from segment_evaluation where segment_id = $1", [id]);
    const segments = [{ id, number: rows[0].number, version: rows[0].version }];
    const { moving } = await app.db.transaction().execute(async (tx) => {
      const rules = { ...gold, value: ["silver"] } as Rule;
      await changeSegment(tx, projectId, id, { rules }, new Date());
      const found = [{ customer: "ada", numbers: [rows[0].number] }];
      const started = writeMoves(app.db, projectId, segments, found);
      const own = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await expect
        .poll(async () => {
          const waiting = await app.pool.query("select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", [
            own.rows[0]?.pid,
          ]);
          return waiting.rowCount;
        })
        .toBe(1);
      return { moving: started };
    });
    expect(await moving).toEqual({ entered: 0, left: 0 });
    expect(await moves(project)).toEqual([]);
  });

  it("lets nobody in again whom time has moved out while everybody is looked at", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await customer(project, "ada", "gold");
    await newDynamic(project, { on: "customer.age_days", op: "equals", value: 0 }, "today");
    await deliver();
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000);
    await evaluateTouched(app.deps, projectId, inHours(1));
    await evaluateEverybody(app.deps, projectId, inHours(1));
    const round = await beginRound(app.deps, projectId, inHours(23));
    expect(await evaluateTouched(app.deps, projectId, inHours(25))).toMatchObject({ left: 1 });
    if (round === undefined) throw new Error("nobody is looked at");
    expect((await continueRound(app.deps, projectId, round, inHours(25))).round).toMatchObject({
      customers: 1,
      entered: 0,
    });
    expect(await moves(project)).toEqual(["entered today ada", "left today ada"]);
  });

  it("is seen by rules of campaigns like a list, and a trace says how old it is", async () => {
    const project = await app.newProject();
    await send(project, "POST", "/v1/segments", { name: "a list" });
    const named = ["gold", "a list", "of nobody"];
    const { code, campaignId } = await setUpPromotion(project, {
      sub: { rules: { none: [{ none: [{ on: "customer.segments", op: "any_of", value: named }] }] } },
    });
    await customer(project, "ada", "gold");
    const id = await newDynamic(project, gold);
    const body = { codes: [code], customer: { identifier: "ada" }, order: { currency: "EUR", items: basket } };
    const validate = async () => (await send(project, "POST", "/v1/validations", body)).body;
    const leafOf = (trees: { campaign: { children: { children: unknown[] }[] } }) =>
      trees.campaign.children[0]?.children[0];
    const before = await validate();
    expect(before.valid).toBe(false);
    expect(leafOf(before.trace[0])).toMatchObject({
      expected: named,
      segments: [{ segment: "gold", evaluated_at: null, age_seconds: null }],
    });
    await deliver();
    await evaluateEverybody(app.deps, project.projectId, new Date());
    const { evaluated_at } = (await send(project, "GET", `/v1/segments/${id}`)).body;
    const after = await validate();
    expect(after.valid).toBe(true);
    const told = { met: true, segments: [{ segment: "gold", evaluated_at, age_seconds: expect.any(Number) }] };
    expect(leafOf(after.trace[0])).toMatchObject(told);
    const { customer: who, order } = body;
    const trial = (await send(project, "POST", `/v1/campaigns/${campaignId}/trial`, { customer: who, order })).body;
    expect(leafOf(trial.trace)).toMatchObject(told);
    expect(trial.explanation.join("\n")).toMatch(`(gold as of ${evaluated_at}, `);
  });

  it("is evaluated whole when its rules change, and again when time alone moves people", async () => {
    const project = await app.newProject();
    const { projectId } = project;
    await customer(project, "ada", "gold", {
      birthday: "1990-06-10",
      consent: { email: true },
      metadata: { size: 7.5 },
    });
    await customer(project, "bob", "gold", { birthday: "1990-12-10", consent: { email: false } });
    const id = await newDynamic(project, gold);
    await deliver();
    await evaluateTouched(app.deps, projectId, new Date("2027-06-01T12:00:00Z"));
    await evaluateEverybody(app.deps, projectId, new Date("2027-06-01T12:00:00Z"));
    expect(await membersOf(project, id)).toEqual(["ada", "bob"]);
    const soon = { on: "customer.birthday", op: "within", value: { days_before: 7, days_after: 0 } };
    const rules = { all: [soon, { on: "customer.consent.email", op: "equals", value: true }] };
    const changed = await send(project, "PATCH", `/v1/segments/${id}`, { rules });
    expect([changed.status, changed.body.state, changed.body.members_count]).toEqual([200, "evaluating", 2]);
    const at = (text: string) => evaluateEverybody(app.deps, projectId, new Date(text));
    expect(await at("2027-06-01T12:00:00Z")).toMatchObject({ customers: 2, left: 2 });
    expect(await at("2027-06-01T12:14:00Z")).toMatchObject({ customers: 0 });
    expect(await at("2027-06-03T12:00:00Z")).toMatchObject({ customers: 2, entered: 1 });
    expect(await membersOf(project, id)).toEqual(["ada"]);
    expect(await at("2027-06-11T00:00:00Z")).toMatchObject({ left: 1 });
    expect(await membersOf(project, id)).toEqual([]);
  });

  it("asks for members of lists by their name, and follows these", async () => {
    const project = await app.newProject();
    const list = (await send(project, "POST", "/v1/segments", { name: "vip" })).body.id;
    const rules = { all: [gold, { on: "customer.segments", op: "none_of", value: ["vip"] }] };
    const id = await newDynamic(project, rules, "gold, not vip");
    for (const name of ["ada", "bob"]) await customer(project, name, "gold");
    await send(project, "POST", `/v1/segments/${list}/members`, { customers: ["bob"] });
    await deliver();
    await evaluateTouched(app.deps, project.projectId, new Date());
    await evaluateEverybody(app.deps, project.projectId, new Date());
    expect(await membersOf(project, id)).toEqual(["ada"]);
    await send(project, "POST", `/v1/segments/${list}/members/remove`, { customers: ["bob"] });
    await deliver();
    await evaluateTouched(app.deps, project.projectId, new Date());
    expect(await membersOf(project, id)).toEqual(["ada", "bob"]);
    for (const value of ["gold, not vip", "nobody"]) {
      const wrong = { all: [{ on: "customer.segments", op: "any_of", value: ["vip", value] }] };
      const refused = await send(project, "POST", "/v1/segments", { name: "x", rules: wrong });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, "/rules/all/0/value/1"]);
    }
  });

  it("takes nobody in by hand, and says which part of its rules is wrong", async () => {
    const project = await app.newProject();
    const id = await newDynamic(project, gold);
    for (const path of ["members", "members/remove"]) {
      const refused = await send(project, "POST", `/v1/segments/${id}/${path}`, { customers: ["ada"] });
      expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
    }
    const file = { "content-type": "text/csv" };
    const refused = await send(project, "POST", `/v1/segments/${id}/members/import`, "customer\nada\n", file);
    expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
    const wrong = { any: [gold, { on: "order.amount", op: "equals", value: 1 }] };
    const bad = await send(project, "PATCH", `/v1/segments/${id}`, { rules: wrong });
    expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, "/rules/any/1/on"]);
    const list = (await send(project, "POST", "/v1/segments", { name: "vip", kind: "static" })).body.id;
    const none = await send(project, "PATCH", `/v1/segments/${list}`, { rules: gold });
    expect([none.status, none.body.errors[0].pointer]).toEqual([400, "/rules"]);
    const both = await send(project, "POST", "/v1/segments", { name: "y", kind: "dynamic" });
    expect([both.status, both.body.errors[0].pointer]).toEqual([400, "/rules"]);
  });

  it("can be looked at before it is saved", async () => {
    const project = await app.newProject();
    for (const [name, tier] of [
      ["ada", "gold"],
      ["bob", "none"],
      ["cleo", "gold"],
    ] as const) {
      await customer(project, name, tier);
    }
    await deliver();
    const { status, body } = await send(project, "POST", "/v1/segments/preview", { rules: gold });
    expect([status, body]).toMatchObject([200, { size: 2, complete: true, evaluated_count: 3, customers_count: 3 }]);
    expect(body.sample.sort()).toEqual(["ada", "cleo"]);
    expect(Date.parse(body.as_of)).toBeLessThanOrEqual(Date.now());
    const facts = await send(project, "GET", "/v1/segments/facts");
    expect(facts.body.data).toContainEqual(
      expect.objectContaining({ on: "customer.orders_count", type: "number", window_days: true, name: false }),
    );
  });
});

describe("a file of members", () => {
  it("puts in whoever is named right, and tells the other lines", async () => {
    const project = await app.newProject();
    const id = (await send(project, "POST", "/v1/segments", { name: "vip" })).body.id;
    const csv = (text: string) =>
      send(project, "POST", `/v1/segments/${id}/members/import`, text, { "content-type": "text/csv" });
    const first = await csv(`customer\nada\n"bob\n\nada\n${"x".repeat(300)}\n'=cmd\n`);
    expect([first.status, first.body]).toMatchObject([200, { rows_read: 5, entered: 2, failed: 2, members_count: 2 }]);
    expect(first.body.errors.map((error: { line: number }) => error.line)).toEqual([3, 6]);
    expect((await csv("customer\nada\ncleo\n")).body).toMatchObject({ entered: 1, members_count: 3 });
    expect((await csv("name\nada\n")).status).toBe(400);
    const rows = await send(project, "POST", `/v1/segments/${id}/members/import`, '{"customer":"dora"}\n{"x":1}\n', {
      "content-type": "application/x-ndjson",
    });
    expect(rows.body).toMatchObject({ entered: 1, failed: 1, errors: [{ line: 2 }] });
  });
});
