/** The example shop of docs/examples/checkout: its pages in a real browser, its calls through the typed client. */
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accepted, createTessera, type Tessera, TesseraProblem } from "../../api/client/client.ts";
import { createShop } from "../../docs/examples/checkout/shop.tsx";
import { useApp } from "../support/app.ts";
import { useChromium } from "./support/chromium.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const context = useApp();
const browser = useChromium();
let tessera: Tessera;
let server: ServerType;
let baseUrl: string;

beforeAll(async () => {
  const project = await context.newProject();
  const fetch = async (request: Request) => context.app.fetch(request);
  tessera = createTessera({ url: "http://tessera.invalid", key: project.key, fetch });
  const main = await accepted(
    tessera.POST("/v1/campaigns", { body: { type: "main", name: "Autumn", template: "discount", currency: "EUR" } }),
  );
  const sub = await accepted(
    tessera.POST("/v1/campaigns", {
      body: {
        ...{
          type: "sub",
          parent_id: main.id,
          name: "10 % off from 20 EUR",
          currency: "EUR",
          triggers_on: "redemption",
        },
        rewards: [{ type: "order_discount", percent_bp: 1000 }],
        rules: { on: "order.amount", op: "greater_or_equal", value: 2000, message: "Your basket is too small for it." },
        limits: { per_customer: 1 },
      },
    }),
  );
  for (const { id } of [main, sub]) {
    await accepted(tessera.POST("/v1/campaigns/{id}/activate", { params: { path: { id } } }));
  }
  const path = { params: { path: { id: sub.id } } };
  await accepted(tessera.POST("/v1/campaigns/{id}/vouchers", { ...path, body: { kind: "generic", code: "AUTUMN" } }));
  const shop = createShop(tessera);
  baseUrl = await new Promise<string>((resolve) => {
    server = serve({ fetch: shop.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }: AddressInfo) =>
      resolve(`http://127.0.0.1:${port}`),
    );
  });
});
afterAll(() => void server?.close());

it("shows offers for the cart, says what is missing, takes the code off, and redeems it once", async () => {
  const visit = await browser.visit({ baseUrl, width: 390 });
  const { page } = visit;
  await page.goto("/");
  await page.getByLabel("Pieces: Mug").fill("1");
  await page.getByLabel("Your name at this shop").fill("ada");
  await page.getByLabel("Code").fill("autumn");
  await page.getByRole("button", { name: "Update the cart" }).click();
  await page.getByRole("alert").getByText("Your basket is too small for it.").waitFor();
  expect(await page.locator("#total").textContent()).toBe("€15.00");

  await page.getByLabel("Code").fill("");
  await page.getByLabel("Pieces: Mug").fill("2");
  await page.getByRole("button", { name: "Update the cart" }).click();
  await page.getByRole("region", { name: "Offers for you" }).getByRole("link", { name: "AUTUMN" }).click();
  await page.locator("#discount").getByText("€3.00").waitFor();
  await picture(visit, "example-checkout");
  expect(await widerThanTheScreen(page)).toBe(0);

  // Paying twice, the second time from the history: the first answer again.
  for (const _ of [1, 2]) {
    await page.getByRole("button", { name: "Pay €27.00" }).click();
    await page.locator("#saved").getByText("€3.00").waitFor();
    await page.goBack();
  }
  const redemptions = await accepted(tessera.GET("/v1/redemptions", { params: { query: { customer: "ada" } } }));
  expect(redemptions.data.map(({ discount_amount }) => discount_amount)).toEqual([300]);
  expect(visit.troubles).toEqual([]);
});

it("charges what the page shows, also of a campaign that needs no code", async () => {
  const project = await context.newProject();
  const api = createTessera({
    url: "http://tessera.invalid",
    key: project.key,
    fetch: async (r) => context.app.fetch(r),
  });
  const main = { type: "main", name: "Always", template: "discount", currency: "EUR" } as const;
  const { id } = await accepted(api.POST("/v1/campaigns", { body: main }));
  const always = { type: "sub", parent_id: id, name: "10 % off", currency: "EUR", automatic: true } as const;
  const rewards = [{ type: "order_discount" as const, percent_bp: 1000 }];
  const sub = await accepted(api.POST("/v1/campaigns", { body: { ...always, rewards } }));
  for (const one of [id, sub.id]) {
    await accepted(api.POST("/v1/campaigns/{id}/activate", { params: { path: { id: one } } }));
  }
  const shop = createShop(api);
  const cart = await (await shop.request("/?mug=2&customer=eve")).text();
  expect(cart).toContain("Pay €27.00");
  const [, form = ""] = cart.split('action="/pay"');
  const fields = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(
    ([, name = "", value = ""]): [string, string] => [name, value],
  );
  const pay = async () => (await shop.request("/pay", { method: "POST", body: new URLSearchParams(fields) })).text();
  const paid = await pay();
  expect(paid).toContain("is paid: €27.00");
  expect(await pay()).toBe(paid);
});

it("throws what the API refused as the document that it sent", async () => {
  const refused = accepted(tessera.GET("/v1/vouchers/{code}", { params: { path: { code: "NOBODY" } } }));
  await expect(refused).rejects.toBeInstanceOf(TesseraProblem);
  await expect(refused).rejects.toMatchObject({ problem: { status: 404, code: "not_found" } });
});
