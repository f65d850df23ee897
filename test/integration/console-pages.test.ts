/** Every page of the console, full to the brim. */
import { expect, it } from "vitest";
import { fillProject } from "../support/full-project.ts";
import { useScoredApp } from "./risk/scored-app.ts";

const context = useScoredApp();

const bytesMax = 100_000;

/** Each GET route, and an address of it. A page that is not here has no test: add it. */
const addresses: Readonly<Record<string, string>> = {
  "/console": "",
  "/console/audit-log": "",
  "/console/audit-log/:id": "{entry}",
  "/console/campaigns": "",
  "/console/campaigns/:id": "{main}",
  "/console/campaigns/:id/activate": "{sub}",
  "/console/campaigns/:id/archive": "{sub}",
  "/console/campaigns/:id/edit": "{sub}",
  "/console/campaigns/:id/new": "{main}",
  "/console/campaigns/:id/pause": "{sub}",
  "/console/campaigns/:id/try": "{sub}",
  "/console/campaigns/new": "",
  "/console/channels": "",
  "/console/channels/:id": "{channel}",
  "/console/channels/:id/delete": "{channel}",
  "/console/channels/:id/edit": "{channel}",
  "/console/channels/new": "",
  "/console/clusters": "",
  "/console/clusters/:id": "{cluster}",
  "/console/customers": "",
  "/console/customers/of/:identifier": "{customer}",
  "/console/customers/of/:identifier/erase": "{customer}",
  "/console/deliveries": "",
  "/console/deliveries/:id": "{delivery}",
  "/console/event-subscriptions": "",
  "/console/event-subscriptions/:id": "{subscription}",
  "/console/event-subscriptions/:id/delete": "{subscription}",
  "/console/event-subscriptions/:id/edit": "{subscription}",
  "/console/event-subscriptions/:id/rotate": "{subscription}",
  "/console/event-subscriptions/new": "",
  "/console/keys": "",
  "/console/keys/:id/revoke": "{key}",
  "/console/keys/:id/rotate": "{key}",
  "/console/keys/new": "",
  "/console/list-exports": "",
  "/console/list-exports/new": "",
  "/console/members": "",
  "/console/members/:id": "{member}",
  "/console/members/:id/remove": "{member}",
  "/console/members/new": "",
  "/console/pools": "",
  "/console/pools/:id": "{pool}",
  "/console/pools/new": "",
  "/console/publications": "",
  "/console/publications/:id": "{job}",
  "/console/publications/:id/cancel": "{job}",
  "/console/publications/new": "",
  "/console/redeem": "",
  "/console/redemptions": "",
  "/console/redemptions/:id": "{redemption}",
  "/console/reviews": "",
  "/console/reviews/:id": "{review}",
  "/console/reviews/metrics": "",
  "/console/segments": "",
  "/console/segments/:id": "{segment}",
  "/console/segments/:id/delete": "{segment}",
  "/console/segments/:id/rules": "{rules}",
  "/console/segments/new": "",
  "/console/segments/new-by-rules": "",
  "/console/suppressions": "",
  "/console/templates": "",
  "/console/templates/:id": "{template}",
  "/console/templates/:id/delete": "{template}",
  "/console/templates/:id/edit": "{template}",
  "/console/templates/new": "",
  "/console/vouchers": "",
  "/console/vouchers/batches": "",
  "/console/vouchers/batches/:id": "{batch}",
  "/console/vouchers/batches/new": "",
  "/console/vouchers/code/:code": "MINE",
  "/console/vouchers/import": "",
  "/console/vouchers/imports/:id": "{import}",
  "/console/vouchers/new": "",
  "/console/workflows": "",
  "/console/workflows/:id": "{workflow}",
  "/console/workflows/:id/activate": "{workflow}",
  "/console/workflows/:id/archive": "{workflow}",
  "/console/workflows/:id/edit": "{workflow}",
  "/console/workflows/new": "",
  "/console/workflows/runs/:id": "{run}",
  "/console/workflows/settings": "",
};

/** Files, ways on, and pages of what only a decision makes, which its own test opens. */
const elsewhere = [
  /^\/console\/$|\*/,
  /\/assets\/|\.(csv|pdf)$|\/file$|\/sign-/,
  /^\/console\/vouchers\/code$/,
  /claw-back/,
  /^\/console\/event-subscriptions\/:id\/deliveries\//,
  /^\/console\/workflows\/:id\/pause$/,
];

it("answers with a page that is whole, light and harmless, on every address of a project that is full", async () => {
  const project = await context.newProject();
  const signedIn = await context.app.request("/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key: project.key, return_to: "/console" }),
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const ids: Readonly<Record<string, string>> = await fillProject(context, project);
  const idOf = (address: string) => address.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "nothing");

  const faults: unknown[] = [];
  const routes = context.app.routes.filter(({ method, path }) => method === "GET" && path.startsWith("/console"));
  const paths = [...new Set(routes.map(({ path }) => path))].filter((path) => !elsewhere.some((no) => no.test(path)));
  for (const path of paths) {
    const address = addresses[path];
    if (address === undefined) {
      faults.push([path, "is not in the table of this test"]);
      continue;
    }
    const answer = await context.app.request(
      path.replace(/:\w+/, () => idOf(address)),
      { headers: { cookie } },
    );
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
  expect(paths.length).toBeGreaterThan(50);
  expect(faults).toEqual([]);

  // What there is, is not changed by a form that no page of the session made.
  const forms = context.app.routes.filter(({ method, path }) => method === "POST" && path.startsWith("/console"));
  const actions = [...new Set(forms.map(({ path }) => path))].filter((path) => !/\*|\/sign-|claw-back/.test(path));
  const headers = { cookie, "content-type": "application/x-www-form-urlencoded" };
  for (const path of actions) {
    const page = Object.keys(addresses).filter((one) => one.includes(":") && path.startsWith(one));
    const id = idOf(addresses[path] ?? addresses[page[0] ?? ""] ?? "nothing");
    const body = new URLSearchParams({ token: "guessed", do: "save", name: "x" });
    const answer = await context.app.request(
      path.replace(/:\w+/, () => id),
      { method: "POST", headers, body },
    );
    if (answer.status !== 403) faults.push([path, id, answer.status]);
  }
  expect(actions.length).toBeGreaterThan(50);
  expect(faults).toEqual([]);
}, 120_000);
