/** The counter in a real browser: by typing, by camera, without scripts, on a phone, with hostile codes. */
import { beforeAll, expect, it } from "vitest";
import { accepted } from "../../api/client/client.ts";
import type { TestProject } from "../support/app.ts";
import { clientOf } from "../support/client.ts";
import { setUpPromotion } from "../support/promotions.ts";
import { cameraSees } from "./support/camera.ts";
import { useConsole } from "./support/console.ts";
import { picture, widerThanTheScreen } from "./support/dashboards.ts";

const console_ = useConsole(cameraSees("SEEN-BY-CAMERA"));
const cashier = { scopes: ["checkout"] };
let project: TestProject;

beforeAll(async () => {
  project = await console_.app.newProject();
  const minimum = { on: "order.amount", op: "greater_or_equal", value: 2000 };
  const { campaignId } = await setUpPromotion(project, { sub: { rules: minimum }, voucher: { code: "COFFEE5" } });
  for (const code of ["ONCE-1", "ONCE-2", "SEEN-BY-CAMERA"]) {
    const params = { path: { id: campaignId } };
    await accepted(clientOf(console_.app, project).POST("/v1/campaigns/{id}/vouchers", { params, body: { code } }));
  }
});

const redemptions = async () => {
  const params = { query: { limit: 100 } };
  return (await accepted(clientOf(console_.app, project).GET("/v1/redemptions", { params }))).data;
};

it("lets the cashier type a code, see a refusal in words, redeem once however often it is pressed, and roll back", async () => {
  const visit = await console_.signIn(project, "Till 1", "/console/redeem", { ...cashier, width: 390 });
  const { page, troubles } = visit;
  await page.getByLabel("Code", { exact: false }).first().fill("once-1");
  await page.getByLabel("Amount of the basket").fill("15,80");
  await page.getByRole("button", { name: "Check" }).click();
  const refusal = page.locator('[data-test="refused"]');
  await refusal.getByText("Add 4.20 EUR").waitFor();
  await picture(visit, "counter-refused");
  expect(await page.getByRole("button", { name: "Redeem" }).count()).toBe(0);

  await page.getByLabel("Amount of the basket").fill("25");
  await page.keyboard.press("Enter");
  const applies = page.locator('[data-test="applies"]');
  await applies.getByText("€5.00").first().waitFor();
  expect(await applies.textContent()).toContain("Left to pay €20.00 of €25.00");
  await picture(visit, "counter-applies");
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);

  // The same form twice: what a double press sends when no script stops it.
  const form = await page.evaluate<string>(
    "new URLSearchParams(new FormData(document.querySelector('#redeem'))).toString()",
  );
  const request = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: form };
  const press = `fetch("/console/redeem", ${JSON.stringify(request)})`;
  const reached = await page.evaluate<string[]>(
    `Promise.all([${press}, ${press}]).then((answers) => answers.map((answer) => answer.url))`,
  );
  const twice = reached.map((url) => /red_\w+/.exec(url)?.[0] ?? url);
  expect(new Set(twice).size).toBe(1);
  await page.getByRole("button", { name: "Redeem" }).click();
  await page.getByText("Redeemed.").waitFor();
  expect(page.url()).toContain(twice[0]);
  expect(await redemptions()).toMatchObject([{ id: twice[0], source: "console", discount_amount: 500 }]);
  await picture(visit, "counter-receipt");

  await page.getByLabel("A part of the discount").check();
  await page.getByLabel("Discount that goes back").fill("2.00");
  await page.getByLabel("Reason").fill("One cup broke");
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.locator('[data-test="rollbacks"]').getByText("One cup broke").waitFor();
  await page.getByLabel("A part of the discount").check();
  await page.getByLabel("Discount that goes back").fill("9");
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("Only 300 minor units").first().waitFor();
  await page.getByLabel("All that is left").check();
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("Rolled back.").waitFor();
  expect(await page.getByRole("button", { name: "Roll back" }).count()).toBe(0);
  expect((await redemptions())[0]).toMatchObject({ status: "rolled_back", rolled_back_amount: 500 });
  // The one refusal that was meant to be.
  expect(troubles.filter((trouble) => !trouble.includes("409"))).toEqual([]);
});

it("reads a code with the camera, through a reader that is fetched only then", async () => {
  const visit = await console_.signIn(project, "Till 2", "/console/redeem", cashier);
  const { page, troubles } = visit;
  const fetched: string[] = [];
  page.on("response", (response) => fetched.push(response.url().replace(/.*\//, "")));
  await page.reload();
  expect(fetched).not.toContain("zxing_reader.wasm");
  await page.getByLabel("Amount of the basket").fill("30");
  await page.getByRole("button", { name: "Scan" }).click();
  await page.locator('[data-test="applies"]').getByText("SEEN-BY-CAMERA").first().waitFor({ timeout: 60_000 });
  const native = await page.evaluate<boolean>("'BarcodeDetector' in globalThis");
  expect(fetched.includes("zxing_reader.wasm")).toBe(!native);
  expect(await page.locator("#camera").isHidden()).toBe(true);
  expect(troubles).toEqual([]);
});

it("works without scripts, in the dark, and with the keyboard alone", async () => {
  const options = { ...cashier, scripts: false, colorScheme: "dark" as const };
  const visit = await console_.signIn(project, "No scripts", "/console/redeem?code=once-2", options);
  const { page, troubles } = visit;
  expect(await page.getByRole("button", { name: "Scan" }).isHidden()).toBe(true);
  await page.getByLabel("Amount of the basket").focus();
  await page.keyboard.type("20.00");
  await page.keyboard.press("Enter");
  await page.locator('[data-test="applies"]').waitFor();
  await picture(visit, "counter-dark");
  await page.getByRole("button", { name: "Redeem" }).focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-test="receipt"]').waitFor();
  expect((await page.content()).length).toBeLessThan(100_000);
  expect(troubles).toEqual([]);
});

it("shows hostile codes and names as they are, names what is missing, and brakes whoever guesses", async () => {
  const visit = await console_.signIn(project, "Guesser", "/console/redeem", cashier);
  const { page } = visit;
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("Please fill this in.").first().waitFor();
  const evil = `<img/src=x/onerror=alert(1)>`;
  await page.getByLabel("Code", { exact: false }).first().fill(evil);
  await page.getByLabel("Amount of the basket").fill("10");
  await page.getByLabel("Customer").fill("\u202e<script>alert(1)</script>");
  await page.getByRole("button", { name: "Check" }).click();
  await page.locator('[data-test="refused"]').waitFor();
  expect(await page.locator("main img").count()).toBe(0);
  expect(await page.getByLabel("Code", { exact: false }).first().inputValue()).toBe(evil);
  await page.getByLabel("Amount of the basket").fill("ten");
  await page.getByRole("button", { name: "Check" }).click();
  await page.locator("#f-order\\.items\\.0\\.unit_amount-fault").waitFor();
  await page.getByLabel("Amount of the basket").fill("10");
  await page.getByLabel("Customer").fill("one-guesser");
  for (const guesses of [[...Array(20).keys()], [20]]) {
    await page
      .getByLabel("Code", { exact: false })
      .first()
      .fill(guesses.map((guess) => `GUESS-${guess}`).join(" "));
    await page.getByRole("button", { name: "Check" }).click();
    await page.locator("main h1").waitFor();
  }
  await page.getByText("Too many codes that do not exist were tried").first().waitFor();
});
