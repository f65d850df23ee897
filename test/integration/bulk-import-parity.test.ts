/** What comes in by a file is what would have come in by the API: the warehouse reads nothing but the events compared here. */
import { expect, it } from "vitest";
import { seeded } from "../../models/training/random.ts";
import { type Body, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { imported, lines, ndjson } from "../support/imports.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

const ordersCount = 30;

/** Reports of some orders in an order that is often wrong, with baskets that change on the way. */
function reports(seed: number): Body[] {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  return Array.from({ length: 150 }, (_, n) => {
    const order = below(ordersCount);
    return {
      id: `o-${order}`,
      customer: { identifier: `c-${order % 7}` },
      status: ["created", "paid", "paid", "cancelled", "refunded"][below(5)],
      currency: below(20) === 0 ? "USD" : "EUR",
      items: Array.from({ length: 1 + below(3) }, (_, item) => ({
        sku: `sku-${item}`,
        quantity: 1 + below(3),
        unit_amount: 1000 + below(5000),
        categories: ["coffee"],
        ...(below(2) === 0 ? { unit_cost_amount: below(900) } : {}),
      })),
      ...(below(2) === 0 ? { shipping_amount: below(900), channel: "web" } : {}),
      occurred_at: new Date(Date.UTC(2024, 2, 1, 0, n)).toISOString(),
    };
  });
}

/** Two projects have other ids, and their campaigns began at other instants. */
function plain(rows: readonly object[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(row)
        .replace(/\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{26}\b/g, "$1")
        .replace(/"20(?!24-)\d\d-\d\d-\d\dT[^"]*"/g, '"now"'),
    )
    .sort();
}

const tables = {
  orders: `select o.id, c.identifier, o.currency, o.status, o.amount, o.shipping_amount, o.items, o.occurred_at, o.paid_at
           from orders o join customer c on c.project_id = o.project_id and c.id = o.customer_id where o.project_id = $1`,
  statuses: "select order_id, status, occurred_at from order_status where project_id = $1",
  customers: "select identifier, name, attributes, created_at from customer where project_id = $1",
  redemptions: "select status, discount_amount, order_id from redemption where project_id = $1",
  codes: `select order_id, code, discount_amount, items_discount, items_returned, shipping_returned, live
          from redemption_code where project_id = $1`,
  campaigns: "select redemptions_count, discount_amount from campaign_usage where project_id = $1",
  usage: "select scope, redemptions_count from customer_usage where project_id = $1",
  vouchers: "select code, redemptions_count from voucher where project_id = $1",
  ledger: "select kind, lines from ledger where project_id = $1",
};

async function everything({ projectId }: TestProject): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const [name, query] of Object.entries(tables)) {
    found[name] = plain((await context.pool.query(query, [projectId])).rows);
  }
  return found;
}

async function events({ projectId }: TestProject, types: string): Promise<string[]> {
  const { rows } = await context.pool.query(
    "select type, occurred_at, payload from outbox where project_id = $1 and type ~ $2",
    [projectId, types],
  );
  return plain(rows);
}

const promotion = { main: { name: "Main" }, sub: { name: "Sub" }, voucher: { code: "PARITY" } };

it("makes of orders in a file what POST /v1/orders makes of them: rows, statuses, events and rollbacks", async () => {
  const [byFile, byCall] = [await context.newProject(), await context.newProject()];
  for (const project of [byFile, byCall]) {
    await setUpPromotion(project, promotion);
    for (let n = 0; n < ordersCount; n += 3) {
      const body = redeemBody({ codes: ["PARITY"], orderId: `o-${n}`, customer: `c-${n % 7}` });
      expect((await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `r-${n}` })).status).toBe(201);
    }
  }
  const rows = reports(11);
  const counts = { imported: 0, unchanged: 0, failed: 0 };
  for (const row of rows) {
    const { status } = await send(byCall, "POST", "/v1/orders", row);
    expect([200, 201, 409]).toContain(status);
    if (status === 409) counts.failed += 1;
  }
  const half = rows.length / 2;
  for (const file of [rows.slice(0, half), rows.slice(half)]) {
    const job = await imported(context, byFile, "orders", ndjson, lines(file));
    counts.imported += job.imported;
    counts.unchanged += job.unchanged;
    counts.failed -= job.failed;
  }
  expect(counts).toMatchObject({ failed: 0 });
  expect(counts.imported).toBeGreaterThan(40);
  expect(await everything(byFile)).toEqual(await everything(byCall));
  const told = await events(byFile, "^(order[.]|customer[.]|redemption[.])");
  expect(told).toEqual(await events(byCall, "^(order[.]|customer[.]|redemption[.])"));
  expect(told.some((event) => event.includes("redemption.rolled_back"))).toBe(true);
});

it("makes of a redemption in a file the counters, the ledger and the discounts of one that was redeemed", async () => {
  const [byFile, byCall] = [await context.newProject(), await context.newProject()];
  const limits = { limits: { per_customer: 3 } };
  for (const project of [byFile, byCall]) {
    await setUpPromotion(project, { ...promotion, sub: { name: "Sub", ...limits } });
  }
  const bodies = Array.from({ length: 12 }, (_, n) =>
    redeemBody({ codes: ["PARITY"], orderId: `o-${n}`, customer: `c-${n % 5}`, order: { shipping_amount: 90 * n } }),
  );
  for (const [n, body] of bodies.entries()) {
    const headers = { "idempotency-key": `r-${n}` };
    expect((await send(byCall, "POST", "/v1/redemptions", body, headers)).status).toBe(201);
  }
  const now = new Date().toISOString();
  const file = bodies.map((body) => ({ ...body, codes: [{ code: "PARITY", discount_amount: 500 }], occurred_at: now }));
  const job = await imported(context, byFile, "redemptions", ndjson, lines(file));
  expect(job).toMatchObject({ imported: 12, unchanged: 0, failed: 0 });
  expect(await everything(byFile)).toEqual(await everything(byCall));
});
