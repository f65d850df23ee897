/** The page of models where a project has its own, a past to drift from, and policies to compare. */
import { expect, it } from "vitest";
import type { PoliciesReportWire } from "../../api/offers/report-schemas.ts";
import type { Event } from "../../ingest/events/events.ts";
import { writeProjectModel } from "../../models/registry/project.ts";
import { readChampions, readModel, registryDirectory } from "../../models/registry/store.ts";
import { seeded } from "../../models/training/random.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import type { TestProject } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { patience, picture, useDashboards, widerThanTheScreen } from "./support/dashboards.ts";

const dashboards = useDashboards();
const dayMs = 86_400_000;

/** Scores of whom one feature tells the same every week, and another one not. */
function scoredEvents(projectId: string): Event[] {
  const random = seeded(5);
  return Array.from({ length: 600 }, (_, index) => {
    const recent = index % 2 === 0;
    const at = Date.now() - (recent ? 2 : 12) * dayMs - index * 60_000;
    const order = { id: null, currency: "EUR", amount: 900, shipping_amount: 0, discount_amount: 0, total_amount: 900 };
    const features = { steady: random(), moved: random() + (recent ? 0.5 : 0) };
    return {
      event_id: `evt_${projectId}_${index}`,
      project_id: projectId,
      type: "redemption.succeeded",
      version: 1,
      occurred_at: new Date(at).toISOString(),
      payload: {
        redemption_id: `red_${projectId}_${index}`,
        customer: null,
        order: { ...order, channel: null, store_id: null, items: [] },
        codes: [],
        risk: { score: features.steady, action: "allow", model: "risk@mine", features },
        source: "api",
      },
    };
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
  const { app } = dashboards;
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

  const visit = await dashboards.signIn(busy, "/dashboards/models/");
  const { page, troubles } = visit;
  const versions = page.locator('[data-table="versions-risk"] tbody tr');
  await versions.first().waitFor({ timeout: patience });
  const statuses = await Promise.all((await versions.all()).map((row) => row.getAttribute("data-status")));
  expect(statuses).toEqual(["champion", "challenger", "fallback"]);
  const drift = page.locator('[data-table="drift-risk"] tbody tr');
  await drift.first().waitFor({ timeout: patience });
  expect(await drift.first().textContent()).toMatch(/moved.*much/);
  expect(await drift.filter({ hasText: "steady" }).textContent()).toMatch(/hardly|some/);
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
