/** What the forms of workflows and templates offer, and that a key that only reads sends none of the console. */
import { expect, it } from "vitest";
import { readChoices } from "../../api/console/workflows/choices.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { newEmailChannel } from "../support/messages.ts";

const context = useApp();
const type = { "content-type": "application/x-www-form-urlencoded" };

async function signIn(key: string): Promise<string> {
  const body = new URLSearchParams({ key, return_to: "/console" });
  const answer = await context.app.request("/console/sign-in", { method: "POST", headers: type, body });
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

function tokenOf(page: string): string {
  return /name="token" value="([\w-]+)"/.exec(page)?.[1] ?? "";
}

it("previews a new template from the page on which it is begun", async () => {
  const project = await context.newProject();
  const cookie = await signIn(project.key);
  const address = "/console/templates/new?kind=sms";
  const page = await (await context.app.request(address, { headers: { cookie } })).text();
  const [, pressed = ""] = /value="preview:0" formaction="([^"]*)"/.exec(page) ?? [];
  const body = new URLSearchParams({
    ...{ token: tokenOf(page), kind: "sms", do: "preview:0" },
    ...{ "languages.0.tag": "en", "languages.0.text": "Hi {{ customer.name }}" },
  });
  const { pathname } = new URL(pressed, `http://shop.example${address}`);
  const answer = await context.app.request(pathname, { method: "POST", headers: { cookie, ...type }, body });
  expect([answer.status, (await answer.text()).includes("Hi Ada Example")]).toEqual([200, true]);
});

it("offers a workflow no channel that was deleted, and no list that is being deleted", async () => {
  const project = await context.newProject();
  const gone = await newEmailChannel(project, 2525);
  expect((await project.request("DELETE", `/v1/channels/${gone}`)).status).toBe(204);
  const kept = await newEmailChannel(project, 2525);
  for (const name of ["Kept", "Going"]) await send(project, "POST", "/v1/segments", { name });
  await context.pool.query("update segment set deleting_at = now() where project_id = $1 and name = 'Going'", [
    project.projectId,
  ]);
  const { channels, segments, lists } = await readChoices(context.db, project.projectId);
  const names = [channels, segments, lists].map((list) => list.map(({ name }) => name));
  expect(names).toEqual([["Mail"], ["Kept"], ["Kept"]]);
  expect(channels.map(({ id }) => id)).toEqual([kept]);
});

/** Forms that only look, for who may see their page. */
const looking = ["/console/workflows/:id/dry-run"];

it("caps the messages of all workflows together, and takes the cap away when both fields are empty", async () => {
  const project = await context.newProject();
  const address = "/console/workflows/settings";
  const pageOf = async (cookie: string) => (await context.app.request(address, { headers: { cookie } })).text();
  const cookie = await signIn(project.key);
  const token = tokenOf(await pageOf(cookie));
  const save = (messages: string, days: string) => {
    const body = new URLSearchParams({ token, "cap.deliveries_max": messages, "cap.days": days });
    return context.app.request(address, { method: "POST", headers: { cookie, ...type }, body });
  };
  const stored = async () => (await send(project, "GET", "/v1/workflow-settings")).body.cap;
  expect((await save("3", "7")).headers.get("location")).toBe(`${address}?done=saved`);
  expect(await stored()).toEqual({ deliveries_max: 3, days: 7 });
  const refused = await save("4", "");
  const page = await refused.text();
  expect([refused.status, page.includes('href="#f-cap.days"'), page.includes('value="4"')]).toEqual([400, true, true]);
  const asked = { name: "reader", kind: "secret", scopes: ["analytics"] };
  const reader = await pageOf(await signIn((await send(project, "POST", "/v1/keys", asked)).body.key));
  expect([reader.includes("at most 3 messages in any 7 days"), reader.includes("cap.days")]).toEqual([true, false]);
  expect((await save("", "")).status).toBe(303);
  expect(await stored()).toBeNull();
});

it("follows no form of a key that may read and not change, but those that only look", async () => {
  const project = await context.newProject();
  const asked = { name: "reader", kind: "secret", scopes: ["analytics"] };
  const { body: key } = await send(project, "POST", "/v1/keys", asked);
  const cookie = await signIn(key.key);
  const routes = context.app.routes.filter(({ method, path }) => method === "POST" && path.startsWith("/console"));
  const forms = [...new Set(routes.map(({ path }) => path))].filter((path) => !/\*|\/sign-/.test(path));
  const answers: unknown[] = [];
  for (const path of forms) {
    const address = path.replaceAll(/:\w+/g, "nothing");
    const body = new URLSearchParams({ token: "guessed" });
    const answer = await context.app.request(address, { method: "POST", headers: { cookie, ...type }, body });
    // The scope is asked for before the token.
    answers.push([path, answer.status, /need a key with the scope/.test(await answer.text())]);
  }
  expect(forms.length).toBeGreaterThan(50);
  expect(answers).toEqual(forms.map((path) => [path, 403, !looking.includes(path)]));
});
