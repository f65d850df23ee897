import { expect, it } from "vitest";
import { sweepInactiveCustomers } from "../../api/erasures/retention.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

/** As if everything of the project's customers had happened so long ago. */
async function age(project: TestProject, days: number): Promise<void> {
  for (const [table, columns] of [
    ["customer", ["created_at", "updated_at"]],
    ["redemption", ["occurred_at"]],
    ["custom_event", ["occurred_at"]],
    ["orders", ["occurred_at", "paid_at"]],
  ] as const) {
    const set = columns.map((column) => `${column} = ${column} - make_interval(days => $2)`).join(", ");
    await context.pool.query(`update ${table} set ${set} where project_id = $1`, [project.projectId, days]);
  }
}

async function inErasure(project: TestProject): Promise<unknown[]> {
  const { rows } = await context.pool.query(
    "select person ->> 'identifier' as identifier, reason from erasure where project_id = $1 order by 1",
    [project.projectId],
  );
  return rows;
}

it("erases who did nothing for so long as the project says, and nobody else", async () => {
  const project = await context.newProject();
  const card = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 1_000 },
  });
  const promotion = await setUpPromotion(project, {});
  const names = ["gone", "buyer", "holder", "saver", "visitor", "long-gone"];
  for (const name of names) expect((await send(project, "PUT", `/v1/customers/${name}`, {})).status).toBe(201);
  await send(project, "POST", `/v1/vouchers/${card.code}/assign`, { customer: { identifier: "holder" } });
  const points = await send(project, "POST", "/v1/customers/saver/points", { points: 5, reason: "welcome" });
  expect(points.status).toBe(201);
  const redeem = (orderId: string, customer: string) =>
    send(project, "POST", "/v1/redemptions", redeemBody({ codes: [promotion.code], orderId, customer }), {
      "idempotency-key": orderId,
    });
  expect((await redeem("o-1", "long-gone")).status).toBe(201);
  await age(project, 400);
  expect((await redeem("o-2", "buyer")).status).toBe(201);
  const visit = await send(project, "POST", "/v1/events", { name: "visited", customer: { identifier: "visitor" } });
  expect(visit.status).toBe(201);

  expect(await sweepInactiveCustomers(context.pool, context.db)).toBe(0);
  const changed = await send(project, "PATCH", "/v1/project", { customers_inactive_days: 365 });
  expect([changed.status, changed.body.customers_inactive_days]).toEqual([200, 365]);
  expect(await sweepInactiveCustomers(context.pool, context.db)).toBe(2);
  expect(await inErasure(project)).toEqual([
    { identifier: "gone", reason: "retention" },
    { identifier: "long-gone", reason: "retention" },
  ]);
  expect(await sweepInactiveCustomers(context.pool, context.db)).toBe(0);
});

it("keeps customers for ever where the project does not say for how long", async () => {
  const project = await context.newProject();
  expect((await send(project, "PUT", "/v1/customers/gone", {})).status).toBe(201);
  expect((await send(project, "PATCH", "/v1/project", { customers_inactive_days: 29 })).status).toBe(400);
  expect((await send(project, "PATCH", "/v1/project", { customers_inactive_days: 30 })).status).toBe(200);
  expect((await send(project, "PATCH", "/v1/project", { customers_inactive_days: null })).status).toBe(200);
  await age(project, 4_000);
  expect(await sweepInactiveCustomers(context.pool, context.db)).toBe(0);
  expect(await inErasure(project)).toEqual([]);
});
