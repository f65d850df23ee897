/** The ledger must be enough to recompute every counter, whatever happened; and one figure that was touched must be named. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type AuditedAccounts, audit, auditInside } from "../../api/audit/audit.ts";
import { report } from "../../api/audit/report.ts";
import type { Body } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

async function must(project: TestProject, status: number, method: string, path: string, body?: object): Promise<Body> {
  const response = await project.request(method, path, body, { "idempotency-key": randomUUID() });
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(status);
  return text === "" ? null : JSON.parse(text);
}

/** A gift card of 500.00 in a campaign of its own. */
async function giftCard(project: TestProject): Promise<string> {
  const card = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 50_000 },
  });
  return card.code;
}

/** Something of every movement there is. */
async function aBusyDay(project: TestProject): Promise<{ campaignId: string; code: string }> {
  const promotion = await setUpPromotion(project, {
    sub: {
      rewards: [
        { type: "order_discount", percent_bp: 1000 },
        { type: "points", points: 40 },
      ],
      limits: {
        per_customer: 20,
        per_period: [
          { period: "day", redemptions_max: 50 },
          { period: "month", per: "customer", discount_amount_max: 100_000 },
        ],
        orders_amount_max: 10_000_000,
      },
    },
  });
  await setUpPromotion(project, {
    sub: { automatic: true, rewards: [{ type: "item_discount", which: "cheapest", amount: 100 }] },
  });
  const priced = await setUpPromotion(project, { sub: { points_price: 30 } });
  const card = await giftCard(project);
  const { code } = promotion;
  const order = {
    items: [
      { sku: "coffee", quantity: 4, unit_amount: 2500 },
      { sku: "cup", quantity: 2, unit_amount: 999 },
    ],
  };
  const redeem = (id: string, codes: readonly string[], customer?: string) =>
    must(
      project,
      201,
      "POST",
      "/v1/redemptions",
      redeemBody({ codes, orderId: id, order, ...(customer === undefined ? {} : { customer }) }),
    );
  const reserve = (id: string, codes: readonly string[], customer: string) =>
    must(project, 201, "POST", "/v1/reservations", {
      ...redeemBody({ codes, orderId: id, order, customer }),
      ttl_seconds: 600,
    });
  const rollBack = (id: string, body: object) => must(project, 201, "POST", `/v1/redemptions/${id}/rollback`, body);

  await redeem("o-1", [code], "anna");
  await must(project, 201, "POST", "/v1/customers/anna/points", { points: 500, expires_in_days: 30 });
  const parts = await redeem("o-2", [code, card], "anna");
  await rollBack(parts.id, { items: [{ index: 0, quantity: 1 }] });
  await rollBack(parts.id, { amount: 7 });
  const gone = await redeem("o-3", [code, priced.code], "anna");
  await rollBack(gone.id, { amount: 333 });
  await rollBack(gone.id, {});
  await redeem("o-4", [], "bela");
  await redeem("o-5", [priced.code], "anna");
  await reserve("o-6", [code, card], "anna");
  const cancelled = await reserve("o-7", [priced.code, card], "anna");
  await must(project, 204, "DELETE", `/v1/reservations/${cancelled.id}`);
  const confirmed = await reserve("o-8", [code, card], "anna");
  const made = await must(project, 201, "POST", `/v1/reservations/${confirmed.id}/confirm`);
  await rollBack(made.id, { items: [{ index: 1, quantity: 2 }] });
  await must(
    project,
    422,
    "POST",
    "/v1/redemptions",
    redeemBody({ codes: ["NOSUCHCODE"], orderId: "o-9", customer: "anna" }),
  );
  await must(project, 200, "POST", `/v1/vouchers/${card}/top-up`, { amount: 250 });
  return promotion;
}

function differing(results: readonly AuditedAccounts[]) {
  return results.flatMap(({ name, differences }) => differences.map((found) => ({ name, ...found })));
}

describe("the audit", () => {
  let project: TestProject;
  let promotion: { campaignId: string; code: string };

  beforeAll(async () => {
    project = await app.newProject();
    promotion = await aBusyDay(project);
  });

  it("finds that everything adds up after redemptions, reservations, rollbacks in parts, gift cards and points", async () => {
    const results = await audit(app.pool, project.projectId);
    expect(differing(results)).toEqual([]);
    const looked = Object.fromEntries(results.map(({ name, accounts }) => [name, accounts]));
    // Eight campaigns; anna and bela; what is held is one card and one code.
    expect(looked).toMatchObject({ campaign: 8, redemption: 8, order: 8, "points account": 1 });
    expect(looked.period).toBeGreaterThan(0);
    expect(looked.voucher).toBe(3);
    expect(report(results)).toMatch(/everything adds up\.\n$/);
  });

  it("recomputes nothing of another project when asked for one", async () => {
    const other = await app.newProject();
    const results = await audit(app.pool, other.projectId);
    expect(results.every(({ accounts, differing: found }) => accounts === 0 && found === 0)).toBe(true);
  });

  it("is exact while redemptions, reservations and rollbacks go on", async () => {
    const busy = Promise.all([aBusyDay(await app.newProject()), aBusyDay(await app.newProject())]);
    for (let times = 0; times < 5; times++) expect(differing(await audit(app.pool, null))).toEqual([]);
    await busy;
    expect(differing(await audit(app.pool, null))).toEqual([]);
  });

  const tampered: readonly [name: string, sql: string][] = [
    [
      "campaign",
      "update campaign_usage set redemptions_count = redemptions_count + 1 where project_id = $1 and campaign_id = $2",
    ],
    [
      "campaign",
      "update campaign_usage set orders_amount = orders_amount - 1 where project_id = $1 and campaign_id = $2",
    ],
    ["period", "update period_usage set discount_amount = discount_amount + 1 where project_id = $1 and scope_id = $2"],
    ["voucher", "update voucher set holds_count = holds_count + 1 where project_id = $1 and campaign_id = $2"],
    [
      "voucher",
      "update voucher set balance_amount = balance_amount + 1 where project_id = $1 and kind = 'gift_card' and $2 <> ''",
    ],
    ["customer", "delete from customer_usage where project_id = $1 and scope_id = $2"],
    [
      "redemption",
      "update redemption set rolled_back_amount = rolled_back_amount + 1 where project_id = $1 and order_id = 'o-2' and $2 <> ''",
    ],
    [
      "codes of a redemption",
      "update redemption_code set items_returned = items_discount where project_id = $1 and order_id = 'o-1' and campaign_id = $2",
    ],
    [
      "rollbacks of a redemption",
      "update redemption set rollbacks_count = 9 where project_id = $1 and order_id = 'o-3' and $2 <> ''",
    ],
    [
      "codes of a voucher",
      "update redemption_code set voucher_id = null where project_id = $1 and order_id = 'o-1' and campaign_id = $2",
    ],
    [
      "codes of a customer",
      "update redemption_code set customer_id = null where project_id = $1 and order_id = 'o-1' and campaign_id = $2",
    ],
    ["reservation", "update reservation set status = 'expired' where project_id = $1 and status = 'held' and $2 <> ''"],
    ["points account", "update points_account set balance = balance + 1 where project_id = $1 and $2 <> ''"],
    ["points account", "update points_lot set points_left = points_left + 1 where project_id = $1 and $2 <> ''"],
  ];

  it.each(tampered)("names a %s that was touched: %s", async (name, sql) => {
    const client = await app.pool.connect();
    try {
      await client.query("begin");
      const { rowCount } = await client.query(sql, [project.projectId, promotion.campaignId]);
      expect(rowCount).toBeGreaterThan(0);
      const results = await auditInside(client, project.projectId);
      const found = differing(results).filter((one) => one.name === name);
      expect(found.length).toBeGreaterThan(0);
      expect(found.every((one) => one.projectId === project.projectId)).toBe(true);
      expect(report(results)).toContain(found[0]?.account);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});
