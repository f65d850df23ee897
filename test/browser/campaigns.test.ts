/** Campaigns in the console, in a real browser: set up from nothing, read back, tried, activated; by keyboard, on a phone, without scripts, and with hostile input. */
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { accepted, type Tessera } from "../../api/client/client.ts";
import type { TestProject } from "../support/app.ts";
import { clientOf } from "../support/client.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const scopes = ["manage", "checkout", "analytics"];
const shop = useConsole();
let project: TestProject;
let tessera: Tessera;

beforeAll(async () => {
  project = await shop.app.newProject();
  tessera = clientOf(shop.app, project);
});

interface Sought {
  readonly type?: "main" | "sub";
  readonly search?: string;
}

const list = async (query: Sought = {}) => (await accepted(tessera.GET("/v1/campaigns", { params: { query } }))).data;

async function newest(query: Sought) {
  const [campaign] = await list(query);
  if (campaign === undefined) throw new Error("there is no such campaign");
  return campaign;
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** A promotion with a rule in two groups: the same steps with and without scripts. */
async function setUp(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Campaigns" }).first().click();
  await page.getByRole("link", { name: "New main campaign" }).first().click();
  await page.getByLabel("Name").fill(`${name} main`);
  await page.getByLabel("Budget", { exact: true }).fill("1000");
  await press(page, "Create the draft");
  await page.getByText("The draft is there").waitFor();
  await page.getByRole("link", { name: "New promotion" }).first().click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Percentage").fill("12.5");
  await page.locator('[name="rewards.0.max_amount"]').fill("20");
  await page.locator('[value="condition:rules"]').first().click();
  await page.locator('[name="rules.0.value"]').fill("50");
  await page.locator('[value="group:rules"]').click();
  await page.locator('[name="rules.1.0.on"]').selectOption("customer.is_new");
  await settle(page, "rules.1.0.op", "equals");
  await page.locator('[name="rules.1.0.value"]').selectOption("true");
  await page.locator('[value="condition:rules.1"]').click();
  await page.locator('[name="rules.1.1.on"]').selectOption("items");
  await settle(page, "rules.1.1.where.0.op", "any_of");
  await page.locator('[name="rules.1.1.where.0.value"]').fill("coffee\ntea");
  await press(page, "Read back");
  await page.locator('[data-test="sentence-rules"]').waitFor();
}

/** With scripts the form comes back by itself once another kind was chosen; without, the button asks for it. */
async function settle(page: Page, name: string, operator: string): Promise<void> {
  const field = page.locator(`[name="${name}"]`);
  if ((await field.count()) === 0 || (await field.inputValue()) !== operator) {
    if (!(await runsScripts(page))) await press(page, "Read back");
  }
  await expect.poll(async () => ((await field.count()) === 1 ? field.inputValue() : "")).toBe(operator);
}

const runsScripts = (page: Page) => page.evaluate<boolean>("'keepPlace' in window").catch(() => false);

const sentence =
  "The order amount is at least 50.00 EUR and (the customer is new or for at least one item the item's categories include one of coffee, tea).";

it("sets up a promotion from nothing, reads it back, tries it and activates it", async () => {
  const visit = await shop.signIn(project, "Manager", "/console", { scopes });
  const { page, troubles } = visit;
  await setUp(page, "Coffee week");
  expect(await page.locator('[data-test="sentence-rules"]').textContent()).toBe(sentence);
  await picture(visit, "campaign-edit");
  await press(page, "Create the draft");
  await page.getByText("The draft is there").waitFor();
  expect(await page.locator('[data-test="rules"]').textContent()).toBe(sentence);
  await page.getByText("12.5 % off the order, at most 20.00 EUR.").waitFor();
  const promotion = await newest({ type: "sub", search: "coffee" });
  expect(promotion).toMatchObject({
    status: "draft",
    rewards: [{ type: "order_discount", percent_bp: 1_250, max_amount: 2_000 }],
    rules: {
      all: [
        { on: "order.amount", op: "greater_or_equal", value: 5_000 },
        {
          any: [
            { on: "customer.is_new", op: "equals", value: true },
            {
              on: "items",
              which: "any",
              where: { all: [{ on: "item.categories", op: "any_of", value: ["coffee", "tea"] }] },
            },
          ],
        },
      ],
    },
  });

  await page.getByRole("link", { name: "Try on a basket" }).click();
  await page.getByLabel("Price of one").fill("40");
  await press(page, "Try it");
  await page.locator('[data-test="outcome"]').getByText("Add 10.00 EUR more").waitFor();
  await picture(visit, "campaign-trial-refused");
  await page.getByLabel("Quantity").fill("2");
  await page.getByLabel("Categories").fill("tea, cups");
  await press(page, "Try it");
  await page.getByText("It takes €10.00 off.").waitFor();
  await picture(visit, "campaign-trial");

  await page.getByRole("link", { name: "← Coffee week" }).click();
  await page.getByRole("link", { name: "Activate" }).click();
  await press(page, "Activate");
  await page.getByText("The campaign is active.").waitFor();
  await page.getByText("It works once its main campaign is active").waitFor();
  await page.getByRole("link", { name: "← Coffee week main" }).click();
  await page.getByRole("link", { name: "Activate" }).click();
  await press(page, "Activate");
  await page.getByText("The campaign is active.").waitFor();
  expect((await list()).map(({ status }) => status)).toEqual(["active", "active"]);
  await page.getByRole("link", { name: "Coffee week", exact: true }).click();
  await picture(visit, "campaign");
  await page.goto("/console/campaigns");
  await picture(visit, "campaigns");
  expect(troubles).toEqual([]);
});

it("keeps what was typed when somebody was faster, and when something is wrong", async () => {
  const promotion = await newest({ type: "sub", search: "coffee" });
  const visit = await shop.signIn(project, "Late", `/console/campaigns/${promotion.id}/edit`, { scopes });
  const { page } = visit;
  await page.getByLabel("Name").fill("Mine");
  const params = { path: { id: promotion.id } };
  await accepted(tessera.PATCH("/v1/campaigns/{id}", { params, body: { team: "Others" } }));
  await press(page, "Save");
  await page.getByText("Somebody changed this campaign").waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe("Mine");
  await page.locator('[name="rules.0.value"]').fill("fifty");
  await page.getByLabel("Holdout", { exact: true }).fill("101");
  await press(page, "Save");
  await page.getByText("It was not saved").waitFor();
  await picture(visit, "campaign-faults");
  expect(await page.locator('[name="rules.0.value"]').inputValue()).toBe("fifty");
  await page.locator("#f-rules\\.0").getByText("an amount such as 12.50").waitFor();
  await page.getByText("At most 100, please.").last().waitFor();
  expect(await newest({ search: "coffee week" })).toMatchObject({ team: "Others" });
});

it("shows hostile names as the texts that they are, and refuses one that has no end", async () => {
  const name = '<script>document.title = "x"</script>"><img src=x onerror=alert(1)> \u202eevil\u202c مرحبا';
  const visit = await shop.signIn(project, "Hostile", "/console/campaigns/new", { scopes });
  const { page, troubles } = visit;
  await page.getByLabel("Name").fill("a".repeat(10_000));
  await press(page, "Create the draft");
  await page.getByText("At most 200 characters, please.").first().waitFor();
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Text for the customer").fill("</textarea><script>alert(2)</script>");
  await press(page, "Create the draft");
  await page.getByText("The draft is there").waitFor();
  expect(await page.locator("h1").textContent()).toContain("<script>document.title");
  expect(await page.title()).not.toBe("x");
  await page.getByRole("link", { name: "Change", exact: true }).click();
  expect(await page.getByLabel("Name").inputValue()).toBe(name);
  expect(await page.getByLabel("Text for the customer").inputValue()).toBe("</textarea><script>alert(2)</script>");
  await page.goto("/console/campaigns?search=%3Cscript%3E");
  await page.locator("td").getByText("<script>document.title").waitFor();
  await page.goto(`/console/campaigns?search=${encodeURIComponent("')--%")}&status=nonsense&cursor=`);
  await page.getByText("No campaign is like that").waitFor();
  // The one refusal that was meant to be.
  expect(troubles.filter((trouble) => !trouble.includes("400"))).toEqual([]);
});

it("works without scripts, and stays below 100 KB a page", async () => {
  const { page } = await shop.signIn(project, "No scripts", "/console", { scopes, scripts: false });
  const large: string[] = [];
  page.on("load", async () => {
    const bytes = Buffer.byteLength(await page.content());
    if (bytes > 100_000) large.push(`${page.url()} ${bytes}`);
  });
  await setUp(page, "Plain week");
  expect(await page.locator('[data-test="sentence-rules"]').textContent()).toBe(sentence);
  await page.locator('[value="remove:rules.1"]').click();
  expect(await page.locator('[data-test="sentence-rules"]').textContent()).toBe(
    "The order amount is at least 50.00 EUR.",
  );
  await press(page, "Create the draft");
  await page.getByText("The draft is there").waitFor();
  const { id } = await newest({ type: "sub", search: "plain" });
  await page.getByRole("link", { name: "Archive" }).click();
  await press(page, "Archive");
  await page.getByText("The campaign is archived.").waitFor();
  for (const path of ["", `/${id}`, "/new", `/${(await newest({ type: "main" })).id}/new`]) {
    const whole = await Promise.all(
      [`/console/campaigns${path}`, "/console/assets/console.css", "/console/assets/console.js"].map(
        async (address) => (await (await page.request.get(address)).body()).byteLength,
      ),
    );
    expect(
      whole.reduce((sum, bytes) => sum + bytes, 0),
      path,
    ).toBeLessThan(100_000);
  }
  expect(large).toEqual([]);
});

it("is used with the keyboard alone, the focus where the work is", async () => {
  const main = await newest({ type: "main", search: "coffee" });
  const { page, troubles } = await shop.signIn(project, "Keys", `/console/campaigns/${main.id}/new`, { scopes });
  const focused = () => page.evaluate<string>("document.activeElement?.name ?? ''");
  await page.getByLabel("Name").focus();
  await page.keyboard.type("By keyboard");
  await page.getByLabel("Percentage").focus();
  await page.keyboard.type("10");
  await page.locator('[value="condition:rules"]').focus();
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe("rules.0.on");
  // The next path by its first letters; the form comes back with the focus where it was.
  await page.keyboard.type("sales");
  await page.keyboard.press("Tab");
  await page.locator('[name="rules.0.op"] option[value="starts_with"]').waitFor({ state: "attached" });
  await page.locator('[name="rules.0.value"]').focus();
  await page.keyboard.type("app");
  await page.keyboard.press("Enter");
  await page.locator('[data-test="sentence-rules"]').getByText("The sales channel is").waitFor();
  const outline = await page.evaluate<string>(
    "(document.querySelector('[name=name]').focus(), getComputedStyle(document.activeElement).outlineStyle)",
  );
  expect(outline).toBe("solid");
  await page.locator('button[value="save"]').focus();
  await page.keyboard.press("Enter");
  await page.getByText("The draft is there").waitFor();
  expect(troubles).toEqual([]);
});

it("fits a phone of 390 pixels in the dark, with a menu that needs no script", async () => {
  const options = { scopes, width: 390, colorScheme: "dark" as const, scripts: false };
  const visit = await shop.signIn(project, "Phone", "/console", options);
  const { page } = visit;
  await picture(visit, "home-phone");
  await press(page, "Menu");
  await picture(visit, "menu-phone");
  await page.getByRole("link", { name: "Campaigns" }).first().click();
  await page.getByRole("heading", { name: "Campaigns" }).waitFor();
  const [promotion] = await list({ type: "sub", search: "coffee" });
  const coffee = promotion ?? (await newest({ type: "sub", search: "mine" }));
  for (const path of ["", `/${coffee.id}`, `/${coffee.id}/edit`, `/${coffee.id}/try`, `/${coffee.id}/pause`]) {
    await page.goto(`/console/campaigns${path}`);
    expect(await widerThanTheScreen(page), path).toBeLessThanOrEqual(0);
    await picture(visit, `campaign-phone${path.split("/")[2] ? `-${path.split("/")[2]}` : path === "" ? "s" : ""}`);
  }
});

it("is looked at by analysts, and changed by managers only", async () => {
  const { page } = await shop.signIn(project, "Analyst", "/console/campaigns", { scopes: ["analytics"] });
  expect(await page.getByRole("link", { name: "New main campaign" }).count()).toBe(0);
  const response = await page.goto("/console/campaigns/new");
  expect(response?.status()).toBe(403);
  await page.getByText("Changes of campaigns need a key with the scope manage.").waitFor();
  const gone = await page.goto("/console/campaigns/cam_nobody");
  expect(gone?.status()).toBe(404);
});
