/** The people of a project: what a role lets them do, and that whoever is removed is out at once. */
import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const app = useApp();

async function add(project: TestProject, name: string, role: string, more: object = {}) {
  const { status, body } = await send(project, "POST", "/v1/members", { name, role, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

const as = (project: TestProject, key: string) => ({
  request: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    project.request(method, path, body, { authorization: `Bearer ${key}`, ...headers }),
});

const codeOf = async (project: TestProject, method: string, path: string, body?: unknown) => {
  const response = await project.request(method, path, body);
  return [response.status, response.status === 204 ? undefined : ((await response.json()) as { code?: string }).code];
};

it("gives a member a key of their own, with the scopes of the role, and shows its text once", async () => {
  const project = await app.newProject();
  const ada = await add(project, "Ada", "manager", { email: "ada@shop.example" });
  expect(ada).toMatchObject({ name: "Ada", email: "ada@shop.example", role: "manager" });
  expect(ada.key.text).toMatch(/^tsk_[\w-]{43}$/);
  expect(ada.scopes).toEqual(["checkout", "manage", "analytics", "import"]);
  const hers = as(project, ada.key.text);
  expect((await hers.request("GET", "/v1/campaigns")).status).toBe(200);
  expect((await hers.request("GET", "/v1/members")).status).toBe(403);
  const listed = await send(project, "GET", "/v1/members");
  expect(listed.body.data).toEqual([{ ...ada, key: { ...ada.key, text: undefined } }]);
  expect(JSON.stringify(listed.body)).not.toContain(ada.key.text);
  expect((await send(project, "GET", `/v1/members/${ada.id}`)).body).toEqual(listed.body.data[0]);
  const [key] = (await send(project, "GET", "/v1/keys")).body.data;
  expect(key).toMatchObject({ id: ada.key.id, name: "Ada", member_id: ada.id, kind: "secret", scopes: ada.scopes });
});

it("never writes the text of a member's key, not even for a replayed answer", async () => {
  const project = await app.newProject();
  const body = { name: "Ada", role: "analyst" };
  const first = await send(project, "POST", "/v1/members", body, { "idempotency-key": "k" });
  const again = await send(project, "POST", "/v1/members", body, { "idempotency-key": "k" });
  expect(again.body).toEqual({ ...first.body, key: { ...first.body.key, text: null } });
  expect((await send(project, "GET", "/v1/members")).body.data).toHaveLength(1);
});

it("ends the keys of a removed member at once, although they were just used, and keeps everybody else's", async () => {
  const project = await app.newProject();
  const [ada, bob] = [await add(project, "Ada", "analyst"), await add(project, "Bob", "analyst")];
  const graced = await send(project, "POST", `/v1/members/${ada.id}/rotate-key`, { grace_seconds: 600 });
  const texts = [ada.key.text, graced.body.key.text];
  for (const text of texts) expect((await as(project, text).request("GET", "/v1/customers")).status).toBe(200);
  expect(await codeOf(project, "DELETE", `/v1/members/${ada.id}`)).toEqual([204, undefined]);
  for (const text of texts) expect((await as(project, text).request("GET", "/v1/customers")).status).toBe(401);
  expect((await as(project, bob.key.text).request("GET", "/v1/customers")).status).toBe(200);
  expect((await project.request("GET", "/v1/customers")).status).toBe(200);
  expect(await codeOf(project, "GET", `/v1/members/${ada.id}`)).toEqual([404, "not_found"]);
  expect(await codeOf(project, "DELETE", `/v1/members/${ada.id}`)).toEqual([404, "not_found"]);
});

it("gives a member a new key: the old text ends at once without a grace, and the role stays", async () => {
  const project = await app.newProject();
  const ada = await add(project, "Ada", "analyst");
  const next = await send(project, "POST", `/v1/members/${ada.id}/rotate-key`, {});
  expect(next.status).toBe(201);
  expect(next.body).toMatchObject({ id: ada.id, role: "analyst" });
  expect((await as(project, ada.key.text).request("GET", "/v1/customers")).status).toBe(401);
  expect((await as(project, next.body.key.text).request("GET", "/v1/customers")).status).toBe(200);
});

it("lets a new role hold at once for the key that is in use", async () => {
  const project = await app.newProject();
  await add(project, "Olga", "owner");
  const ada = await add(project, "Ada", "manager");
  const hers = as(project, ada.key.text);
  expect((await hers.request("GET", "/v1/campaigns")).status).toBe(200);
  const changed = await send(project, "PATCH", `/v1/members/${ada.id}`, { role: "reviewer", name: "Ada L." });
  expect(changed.body).toMatchObject({ role: "reviewer", scopes: ["review"], name: "Ada L." });
  expect((await hers.request("GET", "/v1/campaigns")).status).toBe(403);
  expect((await hers.request("GET", "/v1/reviews")).status).toBe(200);
});

it("leaves a member's key to the member, and a machine's key to the keys", async () => {
  const project = await app.newProject();
  const ada = await add(project, "Ada", "analyst");
  expect(await codeOf(project, "DELETE", `/v1/keys/${ada.key.id}`)).toEqual([409, "conflict"]);
  expect(await codeOf(project, "POST", `/v1/keys/${ada.key.id}/rotate`, {})).toEqual([409, "conflict"]);
  expect((await as(project, ada.key.text).request("GET", "/v1/customers")).status).toBe(200);
});

it("keeps the last owner, whatever is tried", async () => {
  const project = await app.newProject();
  const ada = await add(project, "Ada", "owner");
  expect(await codeOf(project, "DELETE", `/v1/members/${ada.id}`)).toEqual([409, "last_owner"]);
  expect(await codeOf(project, "PATCH", `/v1/members/${ada.id}`, { role: "manager" })).toEqual([409, "last_owner"]);
  expect(await codeOf(project, "PATCH", `/v1/members/${ada.id}`, { role: "owner", name: "A." })).toEqual([
    200,
    undefined,
  ]);
  const bob = await add(project, "Bob", "owner");
  // Who is not the last may go by their own key.
  const gone = await as(project, ada.key.text).request("DELETE", `/v1/members/${ada.id}`);
  expect(gone.status).toBe(204);
  expect(await codeOf(project, "DELETE", `/v1/members/${bob.id}`)).toEqual([409, "last_owner"]);
});

it("keeps one owner when several are removed or demoted at the same moment", async () => {
  for (let round = 0; round < 3; round += 1) {
    const project = await app.newProject();
    const owners = [];
    for (const name of ["A", "B", "C", "D"]) owners.push(await add(project, name, "owner"));
    const answers = await Promise.all(
      owners.map(({ id }, at) =>
        at % 2 === 0
          ? codeOf(project, "DELETE", `/v1/members/${id}`)
          : codeOf(project, "PATCH", `/v1/members/${id}`, { role: "cashier" }),
      ),
    );
    expect(answers.filter(([status]) => status === 409)).toEqual([[409, "last_owner"]]);
    const { data } = (await send(project, "GET", "/v1/members")).body;
    expect(data.filter((member: { role: string }) => member.role === "owner")).toHaveLength(1);
  }
});

it("refuses two members with one e-mail address, names the field, and knows no half of one", async () => {
  const project = await app.newProject();
  await add(project, "Ada", "analyst", { email: "ada@shop.example" });
  const bob = await add(project, "Bob", "analyst");
  for (const [method, path, body] of [
    ["POST", "/v1/members", { name: "Eve", role: "cashier", email: "ADA@shop.example" }],
    ["PATCH", `/v1/members/${bob.id}`, { email: "ada@SHOP.example" }],
  ] as const) {
    const refused = await send(project, method, path, body);
    expect([refused.status, refused.body.code]).toEqual([409, "already_exists"]);
    expect(refused.body.errors[0].pointer).toBe("/email");
  }
  expect((await send(project, "GET", "/v1/members")).body.data).toHaveLength(2);
  expect((await send(project, "GET", "/v1/keys")).body.data).toHaveLength(3);
  for (const [field, value] of [
    ["email", "ada"],
    ["name", " Ada"],
    ["role", "king"],
  ] as const) {
    const { status, body } = await send(project, "POST", "/v1/members", { name: "E", role: "owner", [field]: value });
    expect([field, status, body.errors[0].pointer]).toEqual([field, 400, `/${field}`]);
  }
});

it("names the member in the audit log, whichever of their keys it was, and never the address", async () => {
  const project = await app.newProject();
  const ada = await add(project, "Ada", "manager", { email: "ada@shop.example" });
  await as(project, ada.key.text).request("POST", "/v1/segments", { name: "one" });
  const next = await send(project, "POST", `/v1/members/${ada.id}/rotate-key`, {});
  await as(project, next.body.key.text).request("POST", "/v1/segments", { name: "two" });
  const hers = await send(project, "GET", `/v1/audit-log?member=${ada.id}`);
  expect(hers.body.data.map((entry: { after: { name: string } }) => entry.after.name)).toEqual(["two", "one"]);
  expect(hers.body.data[0].actor).toEqual({ id: next.body.key.id, name: "Ada", member_id: ada.id });
  await send(project, "PATCH", `/v1/members/${ada.id}`, { email: null });
  expect(await codeOf(project, "DELETE", `/v1/members/${ada.id}`)).toEqual([204, undefined]);
  const of = await send(project, "GET", "/v1/audit-log?subject_type=member");
  expect(of.body.data.map((entry: { action: string }) => entry.action)).toEqual(["deleted", "updated", "created"]);
  expect(of.body.data[2].after).toMatchObject({ name: "Ada", role: "manager", email: "(personal)" });
  const whole = await send(project, "GET", "/v1/audit-log?limit=100");
  expect(JSON.stringify(whole.body)).not.toContain("ada@shop");
});

it("belongs to one project", async () => {
  const [project, stranger] = [await app.newProject(), await app.newProject()];
  const ada = await add(project, "Ada", "analyst");
  expect(await codeOf(stranger, "GET", `/v1/members/${ada.id}`)).toEqual([404, "not_found"]);
  expect(await codeOf(stranger, "PATCH", `/v1/members/${ada.id}`, { name: "x" })).toEqual([404, "not_found"]);
  expect(await codeOf(stranger, "POST", `/v1/members/${ada.id}/rotate-key`, {})).toEqual([404, "not_found"]);
  expect(await codeOf(stranger, "DELETE", `/v1/members/${ada.id}`)).toEqual([404, "not_found"]);
  expect((await send(stranger, "GET", `/v1/audit-log?member=${ada.id}`)).body.data).toEqual([]);
  expect((await as(project, ada.key.text).request("GET", "/v1/customers")).status).toBe(200);
});
