/** Many callers over two API processes at each limit at once: every limit is met exactly and never passed. */
import { describe, expect, it } from "vitest";
import { type TestProject, useApp } from "../../support/app.ts";
import { expectAuditClean, useFleet } from "../../support/fleet.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { accepted, callers, discountOf, reasonsOf, redeemAll, timeoutMs } from "./callers.ts";

const app = useApp();
const fleet = useFleet(app, 2);

/** What the stores say happened, of the sub- and the main campaign. */
async function expectCounted(project: TestProject, count: number, discount: number): Promise<void> {
  const { rows } = await app.pool.query(
    "select redemptions_count as count, discount_amount as discount from campaign_usage where project_id = $1",
    [project.projectId],
  );
  expect(rows).toEqual([
    { count, discount },
    { count, discount },
  ]);
}

interface Limit {
  readonly name: string;
  readonly change: { main?: object; sub?: object; voucher?: object };
  /** Redemptions of 5.00 on orders of 50.00 that fit. */
  readonly fit: number;
  /** Default: 5.00 each. */
  readonly discount?: number;
  readonly reason: string;
  /** All callers are one customer; otherwise each is somebody who was never here before. */
  readonly oneCustomer?: boolean;
}

// Years and quarters: a test that runs at midnight must not meet two days.
const limits: readonly Limit[] = [
  {
    name: "a unique code, once",
    change: { voucher: { kind: "unique" } },
    fit: 1,
    reason: "voucher_no_uses_left",
  },
  { name: "uses of a voucher", change: { voucher: { redemptions_max: 50 } }, fit: 50, reason: "voucher_no_uses_left" },
  {
    name: "uses of each voucher of a campaign",
    change: { sub: { limits: { per_voucher: 40 } } },
    fit: 40,
    reason: "voucher_no_uses_left",
  },
  {
    name: "the discount of a voucher",
    change: { voucher: { limits: { discount_amount_max: 5_200 } } },
    fit: 10,
    reason: "voucher_budget_reached",
  },
  {
    name: "uses of a campaign by a customer",
    change: { sub: { limits: { per_customer: 3 } } },
    fit: 3,
    reason: "customer_limit_reached",
    oneCustomer: true,
  },
  {
    name: "uses of a voucher by a customer",
    change: { voucher: { limits: { per_customer: 4 } } },
    fit: 4,
    reason: "customer_limit_reached",
    oneCustomer: true,
  },
  {
    name: "the discount of a customer",
    change: { sub: { limits: { discount_amount_max_per_customer: 2_600 } } },
    fit: 5,
    reason: "customer_limit_reached",
    oneCustomer: true,
  },
  {
    name: "uses of a sub-campaign",
    change: { sub: { redemptions_max: 60 } },
    fit: 60,
    reason: "campaign_redemptions_reached",
  },
  {
    name: "uses of a main campaign",
    change: { main: { redemptions_max: 60 } },
    fit: 60,
    reason: "campaign_redemptions_reached",
  },
  {
    name: "the budget of a sub-campaign",
    change: { sub: { budget_amount: 10_250 } },
    fit: 20,
    reason: "campaign_budget_reached",
  },
  {
    name: "the budget of a main campaign",
    change: { main: { budget_amount: 10_250 } },
    fit: 20,
    reason: "campaign_budget_reached",
  },
  {
    name: "a trimmed budget, to the last cent",
    change: { sub: { budget_amount: 10_250, budget_policy: "trim" } },
    fit: 21,
    discount: 10_250,
    reason: "campaign_budget_reached",
  },
  {
    name: "the discount limit of a campaign",
    change: { sub: { limits: { discount_amount_max: 7_700 } } },
    fit: 15,
    reason: "campaign_budget_reached",
  },
  {
    name: "the value of orders",
    change: { sub: { limits: { orders_amount_max: 107_000 } } },
    fit: 21,
    reason: "campaign_budget_reached",
  },
  {
    name: "uses in a period",
    change: { sub: { limits: { per_period: [{ period: "year", redemptions_max: 30 }] } } },
    fit: 30,
    reason: "period_limit_reached",
  },
  {
    name: "the discount in a period of a main campaign",
    change: { main: { limits: { per_period: [{ period: "quarter", discount_amount_max: 5_250 }] } } },
    fit: 10,
    reason: "period_limit_reached",
  },
  {
    name: "uses by a customer in a period",
    change: { sub: { limits: { per_period: [{ period: "year", per: "customer", redemptions_max: 7 }] } } },
    fit: 7,
    reason: "period_limit_reached",
    oneCustomer: true,
  },
  {
    name: "uses of a voucher in a period",
    change: { voucher: { limits: { per_period: [{ period: "year", redemptions_max: 12 }] } } },
    fit: 12,
    reason: "period_limit_reached",
  },
];

describe(`${callers} callers at once`, () => {
  it.each(limits)(
    "meet $name exactly: $fit",
    async ({ change, fit, discount = fit * 500, reason, oneCustomer = false }) => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, change);
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, customer: oneCustomer ? "one" : `somebody-${caller}` }),
      );
      expect(accepted(answers)).toHaveLength(fit);
      expect(discountOf(accepted(answers))).toBe(discount);
      expect(reasonsOf(answers)).toEqual([reason]);
      await expectCounted(project, fit, discount);
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );
});
