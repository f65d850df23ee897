/** Races about one order or one redemption: twins, codes that exclude each other, caps per order, rollbacks. */
import { describe, expect, it } from "vitest";
import { type TestProject, useApp } from "../../support/app.ts";
import { expectAuditClean, useFleet } from "../../support/fleet.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { accepted, callers, discountOf, everybody, redeemAll, timeoutMs } from "./callers.ts";

const app = useApp();
const fleet = useFleet(app, 2);

async function usage(project: TestProject) {
  const { rows } = await app.pool.query(
    "select redemptions_count as count, discount_amount as discount from campaign_usage where project_id = $1",
    [project.projectId],
  );
  return rows;
}

describe(`${callers} callers at once`, () => {
  it(
    "with the same key get one redemption, and the same answer to the byte",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, {});
      const body = redeemBody({ codes: [code], orderId: "one-order", customer: "twin" });
      const answers = await everybody(() =>
        fleet.send(project, { method: "POST", path: "/v1/redemptions", body, idempotencyKey: "the-same-key" }),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers[0]?.status).toBe(201);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(await usage(project)).toEqual(Array(2).fill({ count: 1, discount: 500 }));
    },
    timeoutMs,
  );

  it(
    "with one refused request get the same refusal, recorded once",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, {
        sub: { rules: { on: "order.amount", op: "greater_or_equal", value: 6_000 } },
      });
      const body = redeemBody({ codes: [code], orderId: "too-small" });
      const answers = await everybody(() =>
        fleet.send(project, { method: "POST", path: "/v1/redemptions", body, idempotencyKey: "refused" }),
      );
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers[0]?.status).toBe(422);
      const { rows } = await app.pool.query("select count(*) as count from rejection where project_id = $1", [
        project.projectId,
      ]);
      expect(rows).toEqual([{ count: 1 }]);
    },
    timeoutMs,
  );

  it(
    "cannot combine an exclusive code with another on one order",
    async () => {
      const project = await app.newProject();
      const exclusive = await setUpPromotion(project, {
        voucher: { code: "ALONE" },
        sub: { stacking: { exclusive: true } },
      });
      const other = await setUpPromotion(project, { voucher: { code: "OTHER" } });
      const orders = callers / 2;
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [caller < orders ? exclusive.code : other.code], orderId: `o-${caller % orders}` }),
      );
      expect(accepted(answers)).toHaveLength(orders);
      expect(new Set(accepted(answers).map(({ text }) => JSON.parse(text).order.id)).size).toBe(orders);
    },
    timeoutMs,
  );

  it(
    "stay within the cap of an order and within at most n codes of it",
    async () => {
      const project = await app.newProject();
      const { campaignId } = await setUpPromotion(project, {
        sub: { limits: { discount_amount_max_per_order: 1_200 }, stacking: { max_per_order: 4 } },
      });
      const codes = Array.from({ length: 10 }, (_, index) => `PART${index}`);
      for (const code of codes) {
        const made = await project.request("POST", `/v1/campaigns/${campaignId}/vouchers`, { kind: "generic", code });
        expect(made.status, await made.text()).toBe(201);
      }
      const orders = callers / codes.length;
      const answers = await redeemAll(fleet, project, (caller) =>
        redeemBody({ codes: [codes[caller % codes.length] ?? ""], orderId: `o-${Math.floor(caller / codes.length)}` }),
      );
      const given = new Map<string, number>();
      for (const { text } of accepted(answers)) {
        const { order, discount_amount } = JSON.parse(text);
        given.set(order.id, (given.get(order.id) ?? 0) + discount_amount);
      }
      // 5.00, 5.00 and 2.00; what has no effect any more is refused.
      expect([...given.values()]).toEqual(Array(orders).fill(1_200));
      expect(accepted(answers)).toHaveLength(3 * orders);
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "do not deadlock when they give stacked codes in different orders",
    async () => {
      const project = await app.newProject();
      const fit = Math.min(90, callers / 2);
      const first = await setUpPromotion(project, { voucher: { code: "ZED" }, sub: { redemptions_max: fit } });
      const second = await setUpPromotion(project, { voucher: { code: "ALPHA" } });
      const third = await setUpPromotion(project, { sub: { automatic: true } });
      const answers = await redeemAll(fleet, project, (caller) => {
        const codes = [first.code, second.code];
        const customer = caller % 3 === 0 ? "the-same" : `newcomer-${caller}`;
        return redeemBody({ codes: caller % 2 === 0 ? codes : codes.reverse(), orderId: `o-${caller}`, customer });
      });
      expect(accepted(answers)).toHaveLength(fit);
      expect(discountOf(accepted(answers))).toBe(fit * 1_500);
      const { rows } = await app.pool.query(
        "select redemptions_count as count from campaign_usage where project_id = $1 and campaign_id = $2",
        [project.projectId, third.campaignId],
      );
      expect(rows).toEqual([{ count: fit }]);
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );
});

describe(`rollbacks among ${callers} callers`, () => {
  it(
    "return exactly what was taken: the limit is met again, never passed",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, {
        main: { budget_amount: 25_000 },
        sub: { redemptions_max: 50, limits: { per_customer: 50 } },
        voucher: { redemptions_max: 50 },
      });
      const shopper = (caller: number) => redeemBody({ codes: [code], orderId: `o-${caller}`, customer: "shopper" });
      const rollBack = (id: string, process: number) =>
        fleet.send(project, { method: "POST", path: `/v1/redemptions/${id}/rollback`, body: {} }, process);
      let returned = 0;
      const answers = await everybody(async (caller) => {
        const call = { method: "POST", path: "/v1/redemptions", body: shopper(caller) } as const;
        const answer = await fleet.send(project, { ...call, idempotencyKey: `r-${caller}` });
        if (answer.status === 201 && caller % 4 < 2) {
          // Twice at once, in two processes: only one may give anything back.
          const { id } = JSON.parse(answer.text);
          const twice = await Promise.all([rollBack(id, 0), rollBack(id, 1)]);
          expect(twice.map(({ status }) => status).sort()).toEqual([201, 409]);
          returned += 1;
        }
        return answer;
      });
      const live = accepted(answers).length - returned;
      expect(live).toBeLessThanOrEqual(50);
      expect(returned).toBeGreaterThan(0);
      expect(await usage(project)).toEqual(Array(2).fill({ count: live, discount: live * 500 }));

      const more = accepted(await redeemAll(fleet, project, (caller) => shopper(callers + caller), "again"));
      expect(live + more.length).toBe(50);
      expect(await usage(project)).toEqual(Array(2).fill({ count: 50, discount: 25_000 }));
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );

  it(
    "give back by amount what one redemption gave, and not a cent more",
    async () => {
      const project = await app.newProject();
      const { code } = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 2_000 }] } });
      const body = redeemBody({ codes: [code], orderId: "one", customer: "c" });
      const [made] = await redeemAll(fleet, project, () => body).then(accepted);
      const { id } = JSON.parse(made?.text ?? "{}");
      const answers = await everybody(
        // All of them change one redemption: some are told to come again.
        (caller) =>
          fleet.insist(project, {
            method: "POST",
            path: `/v1/redemptions/${id}/rollback`,
            body: { amount: 150 },
            idempotencyKey: `part-${caller}`,
          }),
        Math.min(callers, 40),
      );
      expect(accepted(answers)).toHaveLength(13);
      expect(discountOf(accepted(answers))).toBe(1_950);
      expect(await usage(project)).toEqual(Array(2).fill({ count: 1, discount: 50 }));
      await expectAuditClean(app, project);
    },
    timeoutMs,
  );
});
