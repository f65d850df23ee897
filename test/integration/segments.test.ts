import { describe, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

async function newSegment(project: TestProject, name = "vip"): Promise<string> {
  const { status, body } = await send(project, "POST", "/v1/segments", { name });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function moves(project: TestProject): Promise<[string, string, string][]> {
  const { rows } = await app.pool.query(
    "select type, payload from outbox where project_id = $1 and type like 'segment.%' order by seq",
    [project.projectId],
  );
  return rows.map((row) => [row.type, row.payload.name, row.payload.customer]);
}

const enter = (project: TestProject, id: string, customers: string[]) =>
  send(project, "POST", `/v1/segments/${id}/members`, { customers });
const leave = (project: TestProject, id: string, customers: string[]) =>
  send(project, "POST", `/v1/segments/${id}/members/remove`, { customers });

describe("segments", () => {
  it("take a file of thousands of short names, which comes in one piece", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    const names = Array.from({ length: 7_500 }, (_, i) => `c${i}`);
    const file = `customer\n${names.join("\n")}\n`;
    const put = await send(project, "POST", `/v1/segments/${id}/members/import`, file, { "content-type": "text/csv" });
    expect([put.status, put.body]).toMatchObject([200, { rows_read: 7_500, entered: 7_500, failed: 0 }]);
  });

  it("are made, read, listed newest first, renamed and deleted; a name is there once", async () => {
    const project = await app.newProject();
    const vip = await newSegment(project);
    const staff = await newSegment(project, "staff");
    expect((await send(project, "GET", `/v1/segments/${vip}`)).body).toMatchObject({
      id: vip,
      name: "vip",
      kind: "static",
      members_count: 0,
    });
    const first = await send(project, "GET", "/v1/segments?limit=1");
    const second = await send(project, "GET", `/v1/segments?limit=1&cursor=${first.body.next_cursor}`);
    expect([...first.body.data, ...second.body.data].map((row) => row.id)).toEqual([staff, vip]);
    for (const [method, path] of [
      ["POST", "/v1/segments"],
      ["PATCH", `/v1/segments/${staff}`],
    ] as const) {
      const taken = await send(project, method, path, { name: "vip" });
      expect([taken.status, taken.body.code, taken.body.errors[0].pointer]).toEqual([409, "already_exists", "/name"]);
    }
    const renamed = await send(project, "PATCH", `/v1/segments/${staff}`, { name: "crew" });
    expect([renamed.status, renamed.body.name]).toEqual([200, "crew"]);
    expect((await project.request("DELETE", `/v1/segments/${staff}`)).status).toBe(204);
    expect((await project.request("GET", `/v1/segments/${staff}`)).status).toBe(404);
  });

  it("let a customer in once and out once, and announce each change once", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    await send(project, "PUT", "/v1/customers/ada", {});
    const entered = await enter(project, id, ["ada", "bob", "ada"]);
    expect([entered.status, entered.body]).toEqual([200, { entered: 2, members_count: 2 }]);
    expect((await enter(project, id, ["bob", "cleo"])).body).toEqual({ entered: 1, members_count: 3 });
    expect((await leave(project, id, ["bob", "nobody"])).body).toEqual({ left: 1, members_count: 2 });
    expect((await leave(project, id, ["bob"])).body).toEqual({ left: 0, members_count: 2 });
    expect(await moves(project)).toEqual([
      ["segment.entered", "vip", "ada"],
      ["segment.entered", "vip", "bob"],
      ["segment.entered", "vip", "cleo"],
      ["segment.left", "vip", "bob"],
    ]);
    expect((await send(project, "GET", "/v1/customers/cleo")).status).toBe(200);
    const first = await send(project, "GET", `/v1/segments/${id}/members?limit=1`);
    const rest = await send(project, "GET", `/v1/segments/${id}/members?cursor=${first.body.next_cursor}`);
    const members = [...first.body.data, ...rest.body.data].map((member) => member.identifier);
    expect(members.sort()).toEqual(["ada", "cleo"]);
  });

  it("that are deleted are left by everybody", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    await enter(project, id, ["ada", "bob"]);
    expect((await project.request("DELETE", `/v1/segments/${id}`)).status).toBe(204);
    expect((await moves(project)).slice(2)).toEqual([
      ["segment.left", "vip", "ada"],
      ["segment.left", "vip", "bob"],
    ]);
  });

  it("end up with whoever the moves say, after many callers at once", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    const names = Array.from({ length: 30 }, (_, n) => `c${n}`);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const some = names.filter((_, index) => (index * 7 + n) % 3 !== 0);
        const order = n % 2 === 0 ? some : some.reverse();
        return n % 4 === 3 ? leave(project, id, order) : enter(project, id, order);
      }),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(40).fill(200));
    const inside = new Set<string>();
    for (const [type, , customer] of await moves(project)) {
      if (type === "segment.entered") {
        expect(inside.has(customer)).toBe(false);
        inside.add(customer);
      } else expect(inside.delete(customer)).toBe(true);
    }
    const { body } = await send(project, "GET", `/v1/segments/${id}/members?limit=100`);
    expect(body.data.map((member: { identifier: string }) => member.identifier).sort()).toEqual([...inside].sort());
  });

  it("take a thousand customers in one request and no more", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    const names = Array.from({ length: 1_001 }, (_, n) => `customer-${n}`);
    const tooMany = await enter(project, id, names);
    expect([tooMany.status, tooMany.body.errors[0].pointer]).toEqual([400, "/customers"]);
    expect((await enter(project, id, names.slice(1))).body).toEqual({ entered: 1_000, members_count: 1_000 });
    const empty = await enter(project, id, []);
    expect([empty.status, empty.body.errors[0].pointer]).toEqual([400, "/customers"]);
    const blank = await leave(project, id, ["ok", " x"]);
    expect([blank.status, blank.body.errors[0].pointer]).toEqual([400, "/customers/1"]);
  });

  it("are seen by rules under their name", async () => {
    const project = await app.newProject();
    const id = await newSegment(project);
    const { code } = await setUpPromotion(project, {
      sub: { rules: { on: "customer.segments", op: "any_of", value: ["vip"] } },
    });
    const validate = () =>
      send(project, "POST", "/v1/validations", redeemBody({ codes: [code], orderId: "o1", customer: "ada" }));
    await send(project, "PUT", "/v1/customers/ada", {});
    expect((await validate()).body.valid).toBe(false);
    await enter(project, id, ["ada"]);
    expect((await validate()).body.valid).toBe(true);
    await leave(project, id, ["ada"]);
    expect((await validate()).body.valid).toBe(false);
  });
});
