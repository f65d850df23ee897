/** Every page of the console, full to the brim. */
import { expect, it } from "vitest";
import { consoleActions, consolePages } from "../support/console-pages.ts";
import { fillProject } from "../support/full-project.ts";
import { useScoredApp } from "./risk/scored-app.ts";

const context = useScoredApp();

const bytesMax = 100_000;

it("answers with a page that is whole, light and harmless, on every address of a project that is full", async () => {
  const project = await context.newProject();
  const signedIn = await context.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key: project.key, return_to: "/console" }),
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const ids = await fillProject(context, project);

  const faults: unknown[] = [];
  const pages = consolePages(context.app, ids);
  for (const [path, address] of pages) {
    if (address === undefined) {
      faults.push([path, "is not in the table of test/support/console-pages.ts"]);
      continue;
    }
    const answer = await context.app.request(address, { headers: { cookie } });
    const text = await answer.text();
    const policy = answer.headers.get("content-security-policy") ?? "";
    const held = {
      status: answer.status,
      light: Buffer.byteLength(text) <= bytesMax || Buffer.byteLength(text),
      title: /<title>[^<]+ · Tessera<\/title>/.test(text),
      language: text.includes('<html lang="en">'),
      headings: text.match(/<h1[ >]/g)?.length,
      policy: policy.includes("default-src 'none'") && policy.includes("script-src 'self'"),
      inline: /<style|<script(?! src="\/console\/assets\/)|<[^>]+ (style|on[a-z]+)=/i.test(
        text.replaceAll(/"[^"]*"/g, '""').replaceAll('src=""', 'src="/console/assets/'),
      ),
      hostile: text.includes("<script>window") || text.includes("<img src=x"),
    };
    const wanted = { status: 200, light: true, title: true, language: true, headings: 1, policy: true };
    for (const [name, value] of Object.entries({ ...wanted, inline: false, hostile: false })) {
      const found = held[name as keyof typeof held];
      if (found !== value) faults.push([path, name, found]);
    }
  }
  expect(pages.size).toBeGreaterThan(50);
  expect(faults).toEqual([]);

  // What there is, is not changed by a form that no page of the session made.
  const actions = consoleActions(context.app, ids);
  const headers = { cookie, "content-type": "application/x-www-form-urlencoded" };
  for (const address of actions) {
    const body = new URLSearchParams({ token: "guessed", do: "save", name: "x" });
    const answer = await context.app.request(address, { method: "POST", headers, body });
    if (answer.status !== 403) faults.push([address, answer.status]);
  }
  expect(actions.length).toBeGreaterThan(50);
  expect(faults).toEqual([]);
}, 120_000);
