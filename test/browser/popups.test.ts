/** The pop-up on a page of another origin, whose policy allows Tessera's scripts and calls and nothing else. */
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startShop } from "../../docs/examples/popup/shop.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { order, work } from "../support/messages.ts";
import { useChromium } from "./support/chromium.ts";

const context = useApp();
const browser = useChromium();
let server: ServerType;
let shop: Awaited<ReturnType<typeof startShop>>;
let project: TestProject;

beforeAll(async () => {
  project = await context.newProject();
  const tesseraUrl = await new Promise<string>((resolve) => {
    server = serve({ fetch: context.app.fetch, hostname: "127.0.0.1", port: 0 }, (address: AddressInfo) =>
      resolve(`http://127.0.0.1:${address.port}`),
    );
  });
  let publishable = "";
  shop = await startShop({ tesseraUrl, secretKey: project.key, publishableKey: () => publishable, port: 0 });
  const key = { name: "page", kind: "publishable", allowed_origins: [shop.url] };
  publishable = (await send(project, "POST", "/v1/keys", key)).body.key;
});
afterAll(() => {
  shop.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  server.close();
});

async function show(text: string): Promise<void> {
  const customer = await send(project, "PUT", "/v1/customers/c1", { name: "Ada" });
  const channel = await send(project, "POST", "/v1/channels", { name: text.slice(0, 40), kind: "popup", settings: {} });
  const template = await send(project, "POST", "/v1/templates", {
    name: text.slice(0, 40),
    kind: "popup",
    purpose: "marketing",
    language: "en",
    languages: { en: { title: "For {{ customer.name }}", text, button: "See it", url: "/offers" } },
  });
  const ids = { channelId: channel.body.id, templateId: template.body.id, customerId: customer.body.id };
  const at = new Date();
  const { id } = await order(context, project, ids, at);
  await work(context, project, id, at);
}

async function waiting(): Promise<number> {
  const { rows } = await context.pool.query(
    "select count(*)::int as n from popup_message where project_id = $1 and dismissed_at is null and clicked_at is null",
    [project.projectId],
  );
  return rows[0].n;
}

it("appears while the customer looks, as text and never as markup, and goes for good when it is closed", async () => {
  const { page, troubles } = await browser.visit({ baseUrl: shop.url, width: 390 });
  await page.goto("/?customer=c1");
  await show('<img src=x onerror="document.title=1"> 10 off');
  const popup = page.locator("[data-tessera-popup]");
  await popup.waitFor();
  expect(await popup.locator("strong").textContent()).toBe("For Ada");
  expect(await popup.locator("p").textContent()).toBe('<img src=x onerror="document.title=1"> 10 off');
  expect(await page.title()).toBe("Shop");
  const box = await popup.boundingBox();
  expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 390).toBe(true);
  await page.screenshot({ path: process.env.POPUP_PICTURE ?? "/dev/null", type: "png" });
  const link = page.getByRole("link", { name: "Offers" });
  await link.focus();
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Close");
  await page.keyboard.press("Enter");
  await popup.waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Offers");
  await expect.poll(waiting).toBe(0);
  expect(troubles.filter((each) => !each.startsWith("outside request"))).toEqual([]);
});

it("does not come back on the next page, though nobody heard yet that it was closed", async () => {
  const { page } = await browser.visit({ baseUrl: shop.url });
  await page.route("**/dismissed", (route) => route.abort());
  await show("First");
  await page.goto("/?customer=c1");
  const text = page.locator("[data-tessera-popup] p");
  await text.waitFor();
  await page.keyboard.press("Escape");
  await text.waitFor({ state: "detached" });
  await show("Later");
  await page.goto("/?customer=c1");
  expect(await text.textContent()).toBe("Later");
  await page.unroute("**/dismissed");
  await page.keyboard.press("Escape");
  await expect.poll(waiting).toBe(1);
  await context.pool.query("delete from popup_message where project_id = $1", [project.projectId]);
});

it("leads where it says", async () => {
  const { page } = await browser.visit({ baseUrl: shop.url });
  await show("Second");
  await page.goto("/?customer=c1");
  await page.getByRole("link", { name: "See it" }).click();
  await page.waitForURL("**/offers");
  await expect.poll(waiting).toBe(0);
});
