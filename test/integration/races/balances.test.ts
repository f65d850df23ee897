/** What can run out besides counters: gift cards, points, codes of pools, automatic campaigns, and what is held. */
import { describe, expect, it } from "vitest";
import { type TestProject, useApp } from "../../support/app.ts";
import { expectAuditClean, useFleet } from "../../support/fleet.ts";
import { stockPool } from "../../support/pool-stock.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { accepted, callers, discountOf, everybody, reasonsOf, redeemAll, timeoutMs } from "./callers.ts";

const app = useApp();
const fleet = useFleet(app, 2);

async function one(project: TestProject, sql: string): Promise<unknown> {
  const { rows } = await app.pool.query(sql, [project.projectId]);
  expect(rows).toHaveLength(1);
  return rows[0];
}

describe(`${callers} callers at once`, () => {
  it(
    "spend a gift card to its last cent",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, {
        main: { template: "gift_card" },
        sub: { rewards: [] },
        voucher: { kind: "gift_card", code: "CARD", balance_amount: 10_000 },
      });
      const items = [{ sku: "tea", quantity: 1, unit_amount: 700 }];
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, order: { items } }),
      );
      expect(accepted(answers)).toHaveLength(15);
      expect(discountOf(accepted(answers))).toBe(10_000);
      expect(reasonsOf(answers)).toEqual(["gift_card_empty"]);
      expect(await one(project, "select balance_amount, status from voucher where project_id = $1")).toEqual({
        balance_amount: 0,
        status: "redeemed",
      });
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "never spend more points than there are",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, { sub: { points_price: 4 } });
      expect((await project.request("PUT", "/v1/customers/saver", {})).status).toBe(201);
      const made = await project.request("POST", "/v1/customers/saver/points", { points: 50, reason: "a gift" });
      expect(made.status, await made.text()).toBe(201);
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, customer: "saver" }),
      );
      expect(accepted(answers)).toHaveLength(12);
      expect(reasonsOf(answers)).toEqual(["points_not_enough"]);
      expect(await one(project, "select balance from points_account where project_id = $1")).toEqual({ balance: 2 });
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "get each code of a pool once",
    async () => {
      const project = await app.newProject();
      const poolId = await stockPool(app.pool, project.projectId, 30);
      const { code } = await setUpPromotion(project, { sub: { rewards: [{ type: "pool_voucher", pool_id: poolId }] } });
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, customer: `c-${caller}` }),
      );
      expect(accepted(answers)).toHaveLength(30);
      const taken = await one(
        project,
        "select count(*) as codes, count(distinct pool_code_id) as different from issued_reward where project_id = $1",
      );
      expect(taken).toEqual({ codes: 30, different: 30 });
      expect(new Set(accepted(answers).flatMap(({ text }) => text.match(/THIRD-PARTY-\d+/g) ?? [])).size).toBe(30);
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "meet the limit of an automatic campaign, and pay the full price after it",
    async () => {
      const project = await app.newProject();
      await setUpPromotion(project, { sub: { automatic: true, redemptions_max: 25 } });
      const other = await setUpPromotion(project, { voucher: { code: "ALWAYS" } });
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [other.code], orderId: `o-${caller}`, customer: `c-${caller}` }),
      );
      expect(accepted(answers)).toHaveLength(callers);
      expect(discountOf(answers)).toBe(callers * 500 + 25 * 500);
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "that reserve and redeem share one limit, and what is cancelled can be had again",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, {
        main: { budget_amount: 25_000 },
        voucher: { redemptions_max: 40 },
      });
      const body = (caller: number) =>
        redeemBody({ codes: [code], orderId: `o-${caller}`, customer: `c-${caller % 9}` });
      // Both processes get both kinds: calls go to them in turn.
      const reserves = (caller: number) => caller % 4 < 2;
      const answers = await everybody((caller) =>
        fleet.send(project, {
          method: "POST",
          path: reserves(caller) ? "/v1/reservations" : "/v1/redemptions",
          body: reserves(caller) ? { ...body(caller), ttl_seconds: 600 } : body(caller),
          idempotencyKey: `first-${caller}`,
        }),
      );
      expect(accepted(answers)).toHaveLength(40);
      const held = accepted(answers)
        .map(({ text }) => JSON.parse(text).id as string)
        .filter((id) => id.startsWith("res_"));
      expect(held.length).toBeGreaterThan(0);

      // Each is confirmed and cancelled at the same moment: one of the two wins.
      const ends = await Promise.all(
        held.map(async (id, index) => {
          const path = `/v1/reservations/${id}`;
          const [confirmed, cancelled] = await Promise.all([
            fleet.send(project, { method: "POST", path: `${path}/confirm`, idempotencyKey: `confirm-${id}` }, index),
            fleet.send(project, { method: "DELETE", path }, index + 1),
          ]);
          expect([
            [201, 409],
            [409, 204],
          ]).toContainEqual([confirmed.status, cancelled.status]);
          return cancelled.status === 204;
        }),
      );
      const freed = ends.filter(Boolean).length;
      const again = await redeemAll(fleet, project, (caller) => ({ ...body(callers + caller) }), "again");
      expect(accepted(again)).toHaveLength(freed);
      expect(await one(project, "select redemptions_count, holds_count from voucher where project_id = $1")).toEqual({
        redemptions_count: 40,
        holds_count: 0,
      });
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );
});
