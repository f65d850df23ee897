/** The page of models where a project has its own, a past to drift from, and policies to compare. */
import { beforeAll, expect, it } from "vitest";
import type { PoliciesReportWire } from "../../api/offers/report-schemas.ts";
import type { Event } from "../../ingest/events/events.ts";
import { writeProjectModel } from "../../models/registry/project.ts";
import { readChampions, readModel, registryDirectory } from "../../models/registry/store.ts";
import { loadModels } from "../../models/serving.ts";
import { seeded } from "../../models/training/random.ts";
import { useChromium } from "../browser/support/chromium.ts";
import { patience, picture, signInto, widerThanTheScreen } from "../browser/support/dashboards.ts";
import { buildPatienceMs, type ServedApp, serveWithDashboards } from "../browser/support/served-app.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import type { TestProject } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { scoredRedemption } from "../support/scored.ts";

const browser = useChromium();
let app: ServedApp;

// Of its own: what it loads would be in service for everybody.
beforeAll(async () => {
  app = await serveWithDashboards();
}, buildPatienceMs);

const dayMs = 86_400_000;

/**
 * Scores of whom one feature tells the same every week, and another one not. Both lie far from what the model that
 * serves learned from.
 */
function scoredEvents(projectId: string): Event[] {
  const random = seeded(5);
  return Array.from({ length: 600 }, (_, index) => {
    const recent = index % 2 === 0;
    const at = Date.now() - (recent ? 2 : 12) * dayMs - index * 60_000;
    const features = { hour_sin: random(), basket_to_shop: random() + (recent ? 0.5 : 0) };
    return scoredRedemption(projectId, index, at, { score: features.hour_sin, model: "risk@mine", features });
  });
}

async function offerAndRedeem(project: TestProject, code: string, customers: number): Promise<void> {
  const arms = { champion: 50, popularity: 50 };
  expect((await project.request("PUT", "/v1/offers/policy", { arms })).status).toBe(200);
  for (let index = 0; index < customers; index += 1) {
    const customer = { identifier: `customer-${index}` };
    const items = [{ sku: "coffee", quantity: 2, unit_amount: 2_500, categories: ["coffee"] }];
    const response = await project.request("POST", "/v1/offers", { customer, order: { currency: "EUR", items } });
    expect(response.status, await response.clone().text()).toBe(200);
    if (index % 3 > 0) continue;
    const body = redeemBody({ codes: [code], orderId: `order-${index}`, customer: customer.identifier });
    const taken = await project.request("POST", "/v1/redemptions", body, { "idempotency-key": `order-${index}` });
    expect(taken.status, await taken.text()).toBe(201);
  }
}

it("tells champion from challenger, which features moved, and what each policy of offers brought", async () => {
  const busy = await app.newProject();
  const champion = (await readChampions(registryDirectory)).risk ?? "";
  const { manifest, files } = await readModel(registryDirectory, "risk", champion);
  for (const version of ["mine", "newer"]) {
    await writeProjectModel(app.pool, busy.projectId, { ...manifest, version }, files, "a test");
  }
  expect((await busy.request("POST", "/v1/models/risk/versions/mine/promote", {})).status).toBe(200);
  const { code } = await setUpPromotion(busy, {});
  await offerAndRedeem(busy, code, 24);
  await app.drain();
  await insertEvents(app.warehouse, scoredEvents(busy.projectId));
  // Nothing served until now: what a test's application loads by itself is an empty folder.
  Object.assign(app.deps.models, await loadModels({ log: app.deps.log, pool: app.pool }));

  const visit = await signInto(
    { visit: (options) => browser.visit({ baseUrl: app.baseUrl, ...options }) },
    busy,
    "/dashboards/models/",
  );
  const { page, troubles } = visit;
  const versions = page.locator('[data-table="versions-risk"] tbody tr');
  await versions.first().waitFor({ timeout: patience });
  const statuses = await Promise.all((await versions.all()).map((row) => row.getAttribute("data-status")));
  expect(statuses).toEqual(["champion", "challenger", "fallback"]);
  const drift = page.locator('[data-table="drift-risk"] tbody tr');
  await drift.first().waitFor({ timeout: patience });
  // What these scores leave out of the vector was there when the model learned: it comes first.
  expect(await drift.first().textContent()).toMatch(/unknown.*much/);
  await page.locator('[data-table="drift-risk"]').getByRole("button", { name: /^PSI$/ }).click();
  expect(await drift.first().textContent()).toMatch(/basket_to_shop.*much.*much/);
  expect(await drift.filter({ hasText: "hour_sin" }).textContent()).toMatch(/(hardly|some).*much/);
  const since = page.locator('[data-test="learned-risk"]');
  expect(await since.textContent()).toMatch(
    /against [\d,]+ rows that version mine learned from, on 300 of the last 7 days: of \d+ features \d+ moved much/,
  );
  const policies = page.locator('[data-table="policies"] tbody tr');
  await policies.filter({ hasText: "Popularity" }).waitFor({ timeout: patience });
  const report = await busy.request("GET", "/v1/offers/policies/report");
  const known = (await report.json()) as PoliciesReportWire;
  for (const { policy, own } of known.policies) {
    const row = policies.filter({ hasText: policy.slice(1) });
    expect(await row.locator("td").nth(1).textContent()).toContain(String(own?.decisions_count ?? 0));
  }
  expect(await policies.first().textContent()).toMatch(/€[\d.]+ to €[\d.]+/);
  await picture(visit, "models-busy");
  await page.setViewportSize({ width: 360, height: 900 });
  expect(await widerThanTheScreen(page)).toBeLessThanOrEqual(0);
  await picture(visit, "models-busy-phone");
  expect(troubles).toEqual([]);
});
