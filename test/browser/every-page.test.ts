/** Every page of the console on a phone, in light and dark, as who sees little or uses no mouse meets it. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { consolePages } from "../support/console-pages.ts";
import { fillProject } from "../support/full-project.ts";
import { useConsole } from "./support/console.ts";
import { widerThanTheScreen } from "./support/dashboards.ts";

const shop = useConsole();

interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What axe finds against WCAG 2.2 AA and good practice. @param rules undefined: all of them. */
async function examine(page: Page, rules?: readonly string[]): Promise<string[]> {
  const only = rules === undefined ? {} : { runOnly: { type: "rule", values: rules } };
  const options = { resultTypes: ["violations"], preload: false, ...only };
  const found = await page.evaluate<Found[]>(`axe.run(document, ${JSON.stringify(options)}).then((r) => r.violations)`);
  return found.map(({ id, nodes: [first] }) => `${id} ${first?.target.join(" ")}: ${first?.failureSummary}`);
}

/** @returns what is wrong with the pages, each with its address. */
async function faultsOf(page: Page, addresses: Iterable<string>): Promise<unknown[]> {
  const faults: unknown[] = [];
  for (const address of addresses) {
    await page.emulateMedia({ colorScheme: "light" });
    const answer = await page.goto(address);
    if (answer?.status() !== 200) faults.push([address, answer?.status()]);
    const wider = await widerThanTheScreen(page);
    if (wider > 0) faults.push([address, `${wider} pixels wider than the screen`]);
    await page.evaluate(axe.source);
    for (const fault of await examine(page)) faults.push([address, fault]);
    await page.emulateMedia({ colorScheme: "dark" });
    for (const fault of await examine(page, ["color-contrast"])) faults.push([address, "dark", fault]);
  }
  return faults;
}

const scopes = ["manage", "checkout", "analytics", "review", "import", "admin"];

it("keeps to the screen, can be told apart in light and dark, and names what can be used, in a project that is full", async () => {
  const project = await shop.app.newProject();
  const pages = consolePages(shop.app.app, await fillProject(shop.app, project));
  const { page, troubles } = await shop.signIn(project, "Ines", "/console", { scopes, width: 390 });
  const addresses = [...pages.values()].filter((address) => address !== undefined);
  expect(addresses.length).toBeGreaterThan(50);
  expect(await faultsOf(page, addresses)).toEqual([]);
  expect(troubles).toEqual([]);
}, 300_000);

it("does so where there is nothing yet", async () => {
  const project = await shop.app.newProject();
  const { page, troubles } = await shop.signIn(project, "Ines", "/console", { scopes, width: 390 });
  const addresses = [...consolePages(shop.app.app, {}).keys()].filter((path) => !path.includes(":"));
  expect(await faultsOf(page, addresses)).toEqual([]);
  expect(troubles).toEqual([]);
}, 300_000);
