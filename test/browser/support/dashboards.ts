/** Two projects of one application, one with a shop and one empty, and a browser that signs in to their dashboards. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect } from "vitest";
import { refreshClusters } from "../../../api/clusters/refresh.ts";
import { reviewConsumer } from "../../../api/reviews/open.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { refreshCustomers } from "../../../warehouse/refresh-customers.ts";
import type { TestProject } from "../../support/app.ts";
import { useChromium, type Visit, type VisitOptions } from "./chromium.ts";
import { buildPatienceMs, type ServedApp, serveWithDashboards } from "./served-app.ts";
import { shared } from "./shared.ts";
import { dismissOne, openShop, type Shop } from "./shop.ts";

/** Patience, not a promise: other work may share the machine. */
export const patience = 60_000;

export interface Dashboards {
  readonly app: ServedApp;
  readonly project: TestProject;
  readonly empty: TestProject;
  readonly shop: Shop;
  visit(options?: Partial<VisitOptions>): Promise<Visit>;
  /** Signed in with the project's key, and led back to the path. */
  signIn(project: TestProject, path: string, options?: Partial<VisitOptions>): Promise<Visit>;
}

/** Call it at the top of a file. Whoever adds to the projects adds to what the next file sees: make one of your own. */
export function useDashboards(): Dashboards {
  const browser = useChromium();
  const context = {} as { -readonly [K in keyof Dashboards]: Dashboards[K] };
  context.visit = (options = {}) => browser.visit({ baseUrl: context.app.baseUrl, ...options });
  context.signIn = (project, path, options) => signInto(context, project, path, options);
  beforeAll(async () => {
    Object.assign(context, await shared("dashboards", fillDashboards));
  }, buildPatienceMs);
  return context;
}

async function fillDashboards(): Promise<Omit<Dashboards, "visit" | "signIn">> {
  const app = await serveWithDashboards();
  const project = await app.newProject();
  const empty = await app.newProject();
  const shop = await openShop(project, new Date());
  await drainConsumer(reviewConsumer({ db: app.db, log: app.deps.log }));
  await dismissOne(project);
  await app.drain();
  await refreshCustomers(app.warehouse);
  await refreshClusters(app.warehouse);
  return { app, project, empty, shop };
}

/** Signed in with the project's key, and led back to the path. */
export async function signInto(
  { visit }: Pick<Dashboards, "visit">,
  project: TestProject,
  path: string,
  options: Partial<VisitOptions> = {},
): Promise<Visit> {
  const visited = await visit(options);
  await visited.page.goto(path);
  await visited.page.getByLabel("Secret key").fill(project.key);
  await visited.page.getByRole("button", { name: "Open dashboards" }).click();
  return visited;
}

/** Follows a link as a reader does: the page changes in place, and what it asks with stays loaded. */
export async function follow(page: Page, path: string): Promise<void> {
  await page.locator("#content").waitFor({ timeout: patience });
  await page.evaluate(
    `(() => {
      const link = Object.assign(document.createElement("a"), { href: ${JSON.stringify(path)} });
      document.getElementById("content").append(link);
      link.click();
      link.remove();
    })()`,
  );
  await page.waitForURL((url) => url.pathname === new URL(path, url).pathname);
}

/** A figure as it stands on the page, for machines: amounts in minor units. */
export async function figure(page: Page, name: string): Promise<number> {
  const element = page.locator(`[data-figure="${name}"]`).first();
  await element.waitFor({ timeout: patience });
  await expect.poll(() => element.getAttribute("data-value"), { timeout: patience }).toMatch(/^-?\d/);
  return Number(await element.getAttribute("data-value"));
}

/** A figure once it is what it should be: figures of an earlier filter stand until the new ones are there. */
export async function expectFigure(page: Page, name: string, expected: number): Promise<void> {
  await expect.poll(() => figure(page, name), { timeout: patience }).toBeCloseTo(expected, 5);
}

export function cell(page: Page, text: string) {
  return page.locator("td:visible", { hasText: text }).first();
}

export async function widerThanTheScreen(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
}

/** Pictures for people, only when asked for. */
export async function picture(visit: Visit, name: string): Promise<void> {
  const directory = process.env.TESSERA_PICTURES;
  if (!directory) return;
  await visit.page.waitForLoadState("networkidle");
  await mkdir(directory, { recursive: true });
  await visit.page.screenshot({ path: join(directory, `${name}.png`), fullPage: true, animations: "disabled" });
}
