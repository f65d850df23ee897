/** What strangers write is text, wherever it stands; what strangers send is refused. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import type { TestProject } from "../support/app.ts";
import { attempt, openShop, reviewsOf, settleShop } from "../support/suspicious-shop.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const reviews = useConsole();

const script = "<script>window.pwned=1;alert(1)</script>";
const image = '"><img src=x onerror="window.pwned=1">';
const bidi = "safe\u202egnp.exe\u2066\u200f";
const identifiers = [
  `mallory ${script}`,
  `eve' onmouseover='window.pwned=1' ${image}`,
  `${bidi} }}{{7*7}} </textarea></title></svg>`,
  `javascript:window.pwned=1//${"x".repeat(160)}`,
];

let project: TestProject;
let stranger: Server;
let strangerUrl: string;

beforeAll(async () => {
  project = await reviews.app.newProject();
  const shop = await openShop(project, { name: `Sale ${script}`.slice(0, 100) });
  for (const customer of identifiers) {
    const name = `${script} ${image} ${"long ".repeat(30)}`;
    const common = { score: 0.9, card: "shared", device: `device ${image}`, name, sku: `sku ${image}`.slice(0, 90) };
    await attempt(reviews.app, project, shop, { customer, ...common });
    const profile = { name: `${customer} ${script}`.slice(0, 190), email: "x@example.com" };
    await send(project, "PUT", `/v1/customers/${encodeURIComponent(customer)}`, profile);
  }
  await settleShop(reviews.app);
  for (const id of (await reviewsOf(project)).values()) {
    const note = `${script}\n${image}\n</blockquote></textarea>${bidi}\n${"y".repeat(1_800)}`;
    const noted = await send(project, "POST", `/v1/reviews/${id}/notes`, { note });
    expect(noted.status, JSON.stringify(noted.body)).toBeLessThan(300);
  }
  stranger = createServer((request, response) => {
    const target = new URL(request.url ?? "/", "http://x").searchParams.get("to") ?? "";
    response.setHeader("content-type", "text/html");
    response.end(`<form method="post" action="${target}"><input name="decision" value="dismiss">
      <input name="token" value="guess"><button>Win a prize</button></form>`);
  });
  strangerUrl = await new Promise((resolve) => {
    stranger.listen(0, "127.0.0.1", () => resolve(`http://localhost:${(stranger.address() as AddressInfo).port}`));
  });
});

afterAll(() => {
  stranger.close();
});

/** Whether anything that was written became more than text. */
async function injected(page: Page): Promise<unknown> {
  return page.evaluate(`({
    ran: window.pwned === undefined ? [] : ["a script"],
    elements: [...document.querySelectorAll("img, iframe, object, [onerror], [onmouseover], script:not([src='/console/assets/console.js'])")].map((e) => e.outerHTML),
    links: [...document.links].map((a) => a.href).filter((href) => !href.startsWith(location.origin)),
  })`);
}
const nothing = { ran: [], elements: [], links: [] };

it("shows hostile names, orders and notes as text, on every page", async () => {
  const visit = await reviews.signIn(project, `Rita ${image}`.slice(0, 80), "/console/reviews", { width: 390 });
  const { page, troubles } = visit;
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const known = await reviewsOf(project);
  expect([...known.keys()].sort()).toEqual([...identifiers].sort());
  const cluster = (await send(project, "GET", "/v1/clusters")).body.data[0].cluster_id;
  const paths = [
    "/console",
    "/console/reviews",
    ...[...known.values()].map((id) => `/console/reviews/${id}`),
    ...identifiers.map((customer) => `/console/reviews?status=all&customer=${encodeURIComponent(customer)}`),
    `/console/reviews?done=${encodeURIComponent(script)}&review=${encodeURIComponent(image)}&count=${encodeURIComponent(script)}`,
    `/console/reviews?done=dismiss&count=9&review_locked=${encodeURIComponent(image)}`,
    `/console/reviews/${[...known.values()][0]}?from=${encodeURIComponent(`status=${script}&sort=${image}`)}`,
    "/console/clusters",
    `/console/clusters/${cluster}`,
  ];
  for (const path of paths) {
    const response = await page.goto(path);
    expect(response?.headers()["content-security-policy"], path).toContain("default-src 'none'");
    expect(await injected(page), path).toEqual(nothing);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
  }
  await page.goto(`/console/reviews/${known.get(identifiers[2] ?? "")}`);
  await picture(visit, "review-hostile");
  const text = (await page.locator("main").textContent()) ?? "";
  // Marks that turn text around are shown, not obeyed.
  expect(text).toContain("safe\ufffdgnp.exe");
  expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  expect(text).toContain("<script>window.pwned=1;alert(1)</script>");
  expect(dialogs).toEqual([]);
  expect(troubles.filter((trouble) => !trouble.includes("400"))).toEqual([]);
});

it("keeps what was written in a form when it is refused, as text", async () => {
  const known = await reviewsOf(project);
  const id = known.get(identifiers[0] ?? "") ?? "";
  const { page } = await reviews.signIn(project, "Second", `/console/reviews/${id}`);
  await send(project, "POST", `/v1/reviews/${id}/assign`, {});
  await page.getByLabel("Note for whoever reads this next").fill(`</textarea>${script}${image}`);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.locator('[data-test="lock"]').waitFor();
  expect(await page.locator("#note").inputValue()).toBe(`</textarea>${script}${image}`);
  expect(await injected(page)).toEqual(nothing);
  await send(project, "POST", `/v1/reviews/${id}/release`, {});
});

it("refuses a form that another site sends, though the reviewer is signed in", async () => {
  const id = (await reviewsOf(project)).get(identifiers[1] ?? "") ?? "";
  const { page } = await reviews.signIn(project, "Victim", "/console/reviews");
  const target = `${reviews.baseUrl}/console/reviews/${id}/decision`;
  await page.goto(`${strangerUrl}/?to=${encodeURIComponent(target)}`);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url() === target),
    page.getByRole("button", { name: "Win a prize" }).click(),
  ]);
  // The cookie does not come along, so there is no session; with one the form would still not be ours.
  expect([303, 403]).toContain(answer.status());
  expect((await send(project, "GET", `/v1/reviews/${id}`)).body.status).toBe("open");
  // A page of this very site, without the token.
  await page.goto("/console/reviews");
  const status = await page.evaluate<number>(
    `fetch(${JSON.stringify(target)}, { method: "POST", body: new URLSearchParams({ decision: "dismiss" }) }).then((r) => r.status, () => 0)`,
  );
  // The policy lets a script of the page ask for nothing at all.
  expect(status).toBe(0);
  expect((await send(project, "GET", `/v1/reviews/${id}`)).body.status).toBe("open");
});
