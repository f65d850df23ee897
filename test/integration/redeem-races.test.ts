/** Two hundred callers at each limit at once: every one ends exactly at its limit, also while redemptions are rolled back. */
import { describe, expect, it } from "vitest";
import { type Answer, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const callers = 200;
const app = useApp();

function redeemAll(
  project: TestProject,
  bodyOf: (caller: number) => object,
  keyOf: (caller: number) => string = (caller) => `race-${caller}`,
): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: callers }, (_, caller) =>
      send(project, "POST", "/v1/redemptions", bodyOf(caller), { "idempotency-key": keyOf(caller) }),
    ),
  );
}

function accepted(outcomes: readonly Answer[]): Answer[] {
  const statuses = new Set(outcomes.map((outcome) => outcome.status));
  expect([...statuses].every((status) => status === 201 || status === 422)).toBe(true);
  return outcomes.filter((outcome) => outcome.status === 201);
}

/** What the stores say happened, against what the callers were told. */
async function expectBooked(project: TestProject, count: number, discount: number): Promise<void> {
  const live = await app.pool.query(
    "select count(*) as count, coalesce(sum(discount_amount), 0)::bigint as discount from redemption where project_id = $1 and status = 'redeemed'",
    [project.projectId],
  );
  expect(live.rows[0]).toEqual({ count, discount });
  const used = await app.pool.query(
    "select u.redemptions_count as count, u.discount_amount as discount from campaign_usage u where u.project_id = $1",
    [project.projectId],
  );
  expect(used.rows).toHaveLength(2);
  for (const row of used.rows) expect(row).toEqual({ count, discount });
}

describe("200 simultaneous callers", () => {
  it("redeem a unique code exactly once", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { voucher: { kind: "unique", code: "ONCE" } });
    const won = accepted(await redeemAll(project, (caller) => redeemBody({ codes: [code], orderId: `o-${caller}` })));
    expect(won).toHaveLength(1);
    await expectBooked(project, 1, 500);
  });

  it("redeem a voucher with 50 uses exactly 50 times, and the others are told that no uses are left", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { voucher: { redemptions_max: 50 } });
    const outcomes = await redeemAll(project, (caller) => redeemBody({ codes: [code], orderId: `o-${caller}` }));
    expect(accepted(outcomes)).toHaveLength(50);
    const keys = outcomes
      .filter((o) => o.status === 422)
      .map((o) => o.body.reasons?.map((reason: { key: string }) => reason.key));
    expect(keys).toEqual(Array.from({ length: 150 }, () => ["voucher_no_uses_left"]));
    await expectBooked(project, 50, 50 * 500);
  });

  it("stay within what one customer may use", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { limits: { per_customer: 3 } } });
    const outcomes = await redeemAll(project, (caller) =>
      redeemBody({ codes: [code], orderId: `o-${caller}`, customer: "one-shopper" }),
    );
    expect(accepted(outcomes)).toHaveLength(3);
    await expectBooked(project, 3, 1500);
    const customers = await app.pool.query("select count(*) as count from customer where project_id = $1", [
      project.projectId,
    ]);
    expect(customers.rows[0].count).toBe(1);
  });

  it.each(["sub", "main"] as const)("stay within the count of the %s campaign", async (level) => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { [level]: { redemptions_max: 60 } });
    const won = accepted(
      await redeemAll(project, (caller) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, customer: `c-${caller}` }),
      ),
    );
    expect(won).toHaveLength(60);
    await expectBooked(project, 60, 60 * 500);
  });

  it.each(["sub", "main"] as const)("stay within the budget of the %s campaign, to the cent", async (level) => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { [level]: { budget_amount: 10_250 } });
    const won = accepted(await redeemAll(project, (caller) => redeemBody({ codes: [code], orderId: `o-${caller}` })));
    expect(won).toHaveLength(20);
    await expectBooked(project, 20, 10_000);
  });

  it("spend a trimmed budget to the last cent", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { budget_amount: 10_250, budget_policy: "trim" } });
    const won = accepted(await redeemAll(project, (caller) => redeemBody({ codes: [code], orderId: `o-${caller}` })));
    expect(won).toHaveLength(21);
    await expectBooked(project, 21, 10_250);
  });

  it("with the same key get one redemption and the same answer", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const body = redeemBody({ codes: [code], orderId: "one-order", customer: "twin" });
    const outcomes = await redeemAll(
      project,
      () => body,
      () => "the-same-key",
    );
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]?.status).toBe(201);
    await expectBooked(project, 1, 500);
  });

  it("cannot combine an exclusive code with another on one order", async () => {
    const project = await app.newProject();
    const exclusive = await setUpPromotion(project, {
      voucher: { code: "ALONE" },
      sub: { stacking: { exclusive: true } },
    });
    const other = await setUpPromotion(project, { voucher: { code: "OTHER" } });
    const orders = callers / 2;
    await redeemAll(project, (caller) =>
      redeemBody({ codes: [caller % 2 === 0 ? exclusive.code : other.code], orderId: `o-${caller % orders}` }),
    );
    const orderCodes = await app.pool.query(
      "select count(*) as codes from redemption_code where project_id = $1 and live group by order_id",
      [project.projectId],
    );
    expect(orderCodes.rows).toHaveLength(orders);
    for (const row of orderCodes.rows) expect(row.codes).toBe(1);
  });

  it("do not deadlock when they give stacked codes in different orders", async () => {
    const project = await app.newProject();
    const first = await setUpPromotion(project, { voucher: { code: "ZED" }, sub: { redemptions_max: 90 } });
    const second = await setUpPromotion(project, { voucher: { code: "ALPHA" } });
    const outcomes = await redeemAll(project, (caller) => {
      const codes = [first.code, second.code];
      return redeemBody({ codes: caller % 2 === 0 ? codes : codes.reverse(), orderId: `o-${caller}`, customer: "c" });
    });
    expect(accepted(outcomes)).toHaveLength(90);
  });
});

describe("rollbacks among 200 callers", () => {
  it("return exactly what they took: the limit is met again, never passed", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      main: { budget_amount: 25_000 },
      sub: { redemptions_max: 50, limits: { per_customer: 50 } },
      voucher: { redemptions_max: 50 },
    });
    const shopper = (caller: number) => redeemBody({ codes: [code], orderId: `o-${caller}`, customer: "shopper" });
    const rolledBack: number[] = [];
    const outcomes = await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        const outcome = await send(project, "POST", "/v1/redemptions", shopper(caller), {
          "idempotency-key": `r-${caller}`,
        });
        const { status, body } = outcome;
        if (status === 201 && caller % 2 === 0) {
          // Twice at once: only one may give anything back.
          const statuses = await Promise.all(
            [1, 2].map(async () => (await project.request("POST", `/v1/redemptions/${body.id}/rollback`, {})).status),
          );
          expect(statuses.sort()).toEqual([201, 409]);
          rolledBack.push(caller);
        }
        return outcome;
      }),
    );
    const live = accepted(outcomes).length - rolledBack.length;
    expect(live).toBeLessThanOrEqual(50);
    expect(rolledBack.length).toBeGreaterThan(0);
    await expectBooked(project, live, live * 500);

    const more = accepted(
      await redeemAll(
        project,
        (caller) => shopper(callers + caller),
        (caller) => `again-${caller}`,
      ),
    );
    expect(live + more.length).toBe(50);
    await expectBooked(project, 50, 25_000);
    const shopperUsage = await app.pool.query(
      "select scope, redemptions_count, discount_amount from customer_usage where project_id = $1 order by scope",
      [project.projectId],
    );
    expect(shopperUsage.rows.map((row) => [row.scope, row.redemptions_count, row.discount_amount])).toEqual([
      ["campaign", 50, 25_000],
      ["campaign", 50, 25_000],
      ["voucher", 50, 25_000],
    ]);
  });
});
