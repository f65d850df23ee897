/** Whatever is rolled back in whatever order and by whatever measure: in the end nothing is left, and nothing is missing. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { expectAuditClean } from "../support/fleet.ts";
import { setUpPromotion } from "../support/promotions.ts";

const app = useApp();

const lines = [
  { sku: "a", quantity: 3, unit_amount: 1_999, categories: ["things"] },
  { sku: "b", quantity: 1, unit_amount: 4_501, categories: ["things"] },
  { sku: "c", quantity: 2, unit_amount: 350, categories: ["others"] },
];

const step = fc.oneof(
  fc.record({ amount: fc.integer({ min: 1, max: 4_000 }) }),
  fc.record({ items: fc.tuple(fc.record({ index: fc.integer({ min: 0, max: 2 }), quantity: fc.constant(1) })) }),
);
const policy = fc.constantFrom("keep", "recalculate", "revoke");

async function setUp(project: TestProject, policies: readonly string[]): Promise<string[]> {
  const [first, second] = policies;
  const percent = await setUpPromotion(project, {
    voucher: { code: "PERCENT" },
    sub: {
      on_rollback: first,
      rewards: [{ type: "order_discount", percent_bp: 1_250 }],
      rules: { on: "order.amount", op: "greater_or_equal", value: 5_000 },
      limits: {
        per_customer: 5,
        per_period: [
          { period: "year", redemptions_max: 9 },
          { period: "year", per: "customer", discount_amount_max: 100_000 },
        ],
      },
    },
  });
  const item = await setUpPromotion(project, {
    voucher: { code: "ITEM" },
    sub: {
      on_rollback: second,
      points_price: 7,
      rewards: [
        { type: "item_discount", which: "cheapest", percent_bp: 10_000 },
        { type: "shipping_discount", percent_bp: 5_000 },
        { type: "points", points: 20 },
      ],
    },
  });
  const card = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", code: "CARD", balance_amount: 2_345 },
  });
  await setUpPromotion(project, { sub: { automatic: true, rewards: [{ type: "order_discount", amount: 77 }] } });
  expect((await send(project, "PUT", "/v1/customers/shopper", {})).status).toBe(201);
  const points = await send(project, "POST", "/v1/customers/shopper/points", { points: 10, reason: "a start" });
  expect(points.status).toBe(201);
  return [percent.code, item.code, card.code];
}

it("ends at zero, and every counter is the sum of what is in the ledger", async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(policy, policy), fc.array(step, { maxLength: 8 }), async (policies, steps) => {
      const project = await app.newProject();
      const codes = await setUp(project, policies);
      const made = await send(
        project,
        "POST",
        "/v1/redemptions",
        {
          codes,
          customer: { identifier: "shopper" },
          order: { id: "order", currency: "EUR", items: lines, shipping_amount: 590 },
        },
        { "idempotency-key": "redeem" },
      );
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      const path = `/v1/redemptions/${made.body.id}/rollback`;
      let returned = 0;
      let whole = false;
      for (const body of [...steps, {}]) {
        const answer = await send(project, "POST", path, body);
        expect(answer.status, JSON.stringify(answer.body)).toBeOneOf([201, 400, 409]);
        if (answer.status !== 201) continue;
        expect(whole).toBe(false);
        returned += answer.body.discount_amount;
        whole = answer.body.whole;
        expect(answer.body.remaining_discount_amount).toBe(made.body.discount_amount - returned);
        await expectAuditClean(app, project);
      }
      expect({ whole, returned }).toEqual({ whole: true, returned: made.body.discount_amount });

      const { rows } = await app.pool.query(
        `select
           (select coalesce(sum(redemptions_count + discount_amount + orders_amount), 0) from campaign_usage where project_id = $1) as campaigns,
           (select coalesce(sum(redemptions_count + discount_amount), 0) from period_usage where project_id = $1) as periods,
           (select coalesce(sum(redemptions_count + discount_amount), 0) from customer_usage where project_id = $1) as customers,
           (select coalesce(sum(redemptions_count + discount_amount + holds_count), 0) from voucher where project_id = $1) as vouchers,
           (select sum(balance_amount) from voucher where project_id = $1) as balance,
           (select balance from points_account where project_id = $1) as points,
           (select count(*) from redemption_code where project_id = $1 and live) as live`,
        [project.projectId],
      );
      const nothing = { campaigns: "0", periods: "0", customers: "0", vouchers: "0", live: 0 };
      const seen = Object.fromEntries(
        Object.entries(rows[0]).map(([name, value]) => [
          name,
          name in nothing && name !== "live" ? String(value) : value,
        ]),
      );
      expect({ ...seen, balance: Number(rows[0].balance) }).toEqual({ ...nothing, balance: 2_345, points: 10 });
    }),
    { numRuns: 12, seed: 20_261_123 },
  );
}, 180_000);
