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
import { type ServedApp, useServedApp } from "./served-app.ts";
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

/** Call it at the top of a file. */
export function useDashboards(): Dashboards {
  const app = useServedApp();
  const browser = useChromium();
  const context = { app } as { -readonly [K in keyof Dashboards]: Dashboards[K] };
  context.visit = (options = {}) => browser.visit({ baseUrl: app.baseUrl, ...options });
  context.signIn = async (project, path, options = {}) => {
    const visit = await context.visit(options);
    await visit.page.goto(path);
    await visit.page.getByLabel("Secret key").fill(project.key);
    await visit.page.getByRole("button", { name: "Open dashboards" }).click();
    return visit;
  };
  beforeAll(async () => {
    context.project = await app.newProject();
    context.empty = await app.newProject();
    context.shop = await openShop(context.project, new Date());
    await drainConsumer(reviewConsumer({ db: app.db, log: app.deps.log }));
    await dismissOne(context.project);
    await app.drain();
    await refreshCustomers(app.warehouse);
    await refreshClusters(app.warehouse);
  });
  return context;
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
