/** A shop with a promotion of each kind, and limits tight enough that a few hundred callers meet all of them. */
import type pg from "pg";
import type { Call } from "../caller.ts";
import { stockPool } from "../pool-stock.ts";

export interface Shop {
  /** Codes that shoppers type, one entry a promotion. */
  readonly promotions: readonly (readonly string[])[];
  readonly customers: readonly string[];
}

type Send = (call: Call) => Promise<{ status: number; text: string }>;

interface Database {
  readonly pool: pg.Pool;
  readonly projectId: string;
}

export async function openShop(send: Send, database: Database, name: string): Promise<Shop> {
  let made = 0;
  const create = async (path: string, body: object): Promise<{ id: string }> => {
    const { status, text } = await send({ method: "POST", path, body });
    if (status < 200 || status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
    return JSON.parse(text);
  };
  const promotion = async (main: object, sub: object): Promise<string> => {
    made += 1;
    const common = { name: `${name} ${made}`, currency: "EUR" };
    const { id: parent_id } = await create("/v1/campaigns", { type: "main", ...common, ...main });
    const created = await create("/v1/campaigns", {
      type: "sub",
      parent_id,
      triggers_on: "redemption",
      rewards: [{ type: "order_discount", amount: 500 }],
      ...common,
      ...sub,
    });
    for (const id of [parent_id, created.id]) await create(`/v1/campaigns/${id}/activate`, {});
    return created.id;
  };
  const voucher = async (campaignId: string, body: { code: string } & object): Promise<string> => {
    await create(`/v1/campaigns/${campaignId}/vouchers`, { kind: "generic", ...body });
    return body.code;
  };
  const many = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

  const limited = await promotion(
    { budget_amount: 60_000, redemptions_max: 150 },
    {
      budget_amount: 50_000,
      redemptions_max: 120,
      limits: {
        per_customer: 6,
        discount_amount_max_per_order: 450,
        per_period: [
          { period: "day", redemptions_max: 100 },
          { period: "hour", per: "customer", redemptions_max: 5, discount_amount_max: 2_000 },
        ],
      },
    },
  );
  const trimmed = await promotion(
    { limits: { orders_amount_max: 2_000_000 } },
    { budget_amount: 20_250, budget_policy: "trim", rewards: [{ type: "order_discount", percent_bp: 1_000 }] },
  );
  const single = await promotion({ budget_amount: 40_000 }, { on_rollback: "recalculate" });
  const minimum = await promotion(
    {},
    {
      on_rollback: "revoke",
      rules: { on: "order.amount", op: "greater_or_equal", value: 5_000 },
      rewards: [{ type: "item_discount", which: "all", percent_bp: 2_000 }],
      redemptions_max: 200,
    },
  );
  const cards = await promotion({ template: "gift_card" }, { rewards: [] });
  const earning = await promotion({}, { rewards: [{ type: "points", per_amount: 1_000 }], redemptions_max: 150 });
  const costing = await promotion({}, { points_price: 4, limits: { per_customer: 20 } });
  const poolId = await stockPool(database.pool, database.projectId, 40);
  const pooled = await promotion({}, { rewards: [{ type: "pool_voucher", pool_id: poolId }] });
  await promotion(
    { budget_amount: 15_000 },
    { automatic: true, redemptions_max: 120, rewards: [{ type: "order_discount", amount: 100 }] },
  );

  const promotions = [
    [await voucher(limited, { code: "LIMITED", redemptions_max: 110 } as { code: string })],
    [await voucher(trimmed, { code: "TRIMMED" })],
    await Promise.all(many("ONCE", 60).map((code) => voucher(single, { code, kind: "unique" } as { code: string }))),
    [await voucher(minimum, { code: "MINIMUM", limits: { per_customer: 8 } } as { code: string })],
    await Promise.all(
      many("CARD", 8).map((code) =>
        voucher(cards, { code, kind: "gift_card", balance_amount: 30_000 } as { code: string }),
      ),
    ),
    [await voucher(earning, { code: "EARN" })],
    [await voucher(costing, { code: "COSTLY" })],
    [await voucher(pooled, { code: "POOLED" })],
  ];
  return { promotions, customers: many("shopper-", 24) };
}
