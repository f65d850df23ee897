import { expect, it } from "vitest";
import { audit } from "../../api/audit/audit.ts";
import { runImports } from "../../api/imports/worker.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { csv, errorsOf, eventsOf, imported, lines, ndjson, progress, upload } from "../support/imports.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

function historic(code: string, orderId: string, change: object = {}): object {
  return {
    codes: [{ code, discount_amount: 700 }],
    customer: { identifier: "ann" },
    order: {
      id: orderId,
      currency: "EUR",
      items: [
        { sku: "coffee", quantity: 1, unit_amount: 1000 },
        { sku: "mug", quantity: 1, unit_amount: 500 },
        { sku: "tea", quantity: 2, unit_amount: 250 },
      ],
    },
    occurred_at: "2023-06-01T10:00:00Z",
    ...change,
  };
}

async function differences(project: TestProject) {
  return (await audit(context.pool, project.projectId)).filter(({ differing }) => differing > 0);
}

it("records redemptions as they happened, with counters, ledger and events of a redemption", async () => {
  const project = await context.newProject();
  const { code, campaignId, mainId } = await setUpPromotion(project, {
    sub: { limits: { per_period: [{ period: "month", redemptions_max: 100 }] }, starts_at: "2025-01-01T00:00:00Z" },
  });
  const job = await imported(context, project, "redemptions", ndjson, lines([historic(code, "o-1", { id: "h-1" })]));
  expect(job).toMatchObject({ status: "done", imported: 1, failed: 0 });
  const { body } = await send(project, "GET", `/v1/redemptions?campaign_id=${campaignId}`);
  expect(body.data).toHaveLength(1);
  expect(body.data[0]).toMatchObject({
    status: "redeemed",
    discount_amount: 700,
    customer: { identifier: "ann" },
    occurred_at: "2023-06-01T10:00:00.000Z",
    source: "api",
    order: {
      total_amount: 1300,
      items: [{ discount_amount: 350 }, { discount_amount: 175 }, { discount_amount: 175 }],
    },
  });
  const detail = await send(project, "GET", `/v1/redemptions/${body.data[0].id}`);
  expect(detail.status).toBe(200);
  const events = await eventsOf(context, project, ["redemption.succeeded"]);
  expect(events).toHaveLength(1);
  expect(events[0].occurred_at.toISOString()).toBe("2023-06-01T10:00:00.000Z");
  expect(events[0].payload).toMatchObject({ codes: [{ code, discount_amount: 700 }], risk: { score: null } });
  const used = await context.pool.query(
    "select campaign_id, redemptions_count, discount_amount from campaign_usage where project_id = $1 order by 1",
    [project.projectId],
  );
  expect(used.rows).toEqual(
    [mainId, campaignId].sort().map((id) => ({ campaign_id: id, redemptions_count: 1, discount_amount: 700 })),
  );
  const periods = await context.pool.query("select bucket from period_usage where project_id = $1", [
    project.projectId,
  ]);
  expect(periods.rows).toEqual([{ bucket: "month 2023-06" }]);
  expect(await differences(project)).toEqual([]);
});

it("changes nothing when the same rows come again, with the shop's id or without, also in another format", async () => {
  const project = await context.newProject();
  const { code } = await setUpPromotion(project, {});
  const rows = [historic(code, "o-1", { id: "h-1" }), historic(code, "o-2")];
  expect(await imported(context, project, "redemptions", ndjson, lines(rows))).toMatchObject({ imported: 2 });
  expect(await imported(context, project, "redemptions", ndjson, lines(rows))).toMatchObject({
    imported: 0,
    unchanged: 2,
    failed: 0,
  });
  await context.pool.query("delete from idempotency_key where project_id = $1", [project.projectId]);
  const items = JSON.stringify(JSON.stringify((historic(code, "o-2") as { order: { items: object } }).order.items));
  const file = [
    "code,discount_amount,customer_identifier,order_id,currency,items,occurred_at",
    `${code},700,ann,o-2,EUR,${items.replaceAll('\\"', '""')},2023-06-01T10:00:00Z`,
  ].join("\n");
  expect(await imported(context, project, "redemptions", csv, file)).toMatchObject({ imported: 0, unchanged: 1 });
  const other = [historic(code, "o-1", { id: "h-1", occurred_at: "2023-06-02T10:00:00Z" })];
  const job = await imported(context, project, "redemptions", ndjson, lines(other));
  expect(job).toMatchObject({ imported: 0, failed: 1 });
  expect(await errorsOf(project, job.id)).toEqual([
    { line: 1, field: "id", reason: "It was imported before, with other contents." },
  ]);
  expect(await differences(project)).toEqual([]);
});

it("reports what does not fit, by row and field: unknown codes, limits, budgets, an order that has the code", async () => {
  const project = await context.newProject();
  const budget = await setUpPromotion(project, { sub: { budget_amount: 1000 } });
  const unique = await setUpPromotion(project, { voucher: { kind: "unique", code: "ONCE" } });
  const perCustomer = await setUpPromotion(project, { sub: { limits: { per_customer: 1 } } });
  const dollars = await setUpPromotion(project, { main: { currency: "USD" }, sub: { currency: "USD" } });
  const live = await send(
    project,
    "POST",
    "/v1/redemptions",
    redeemBody({ codes: [perCustomer.code], orderId: "live" }),
    {
      "idempotency-key": "live",
    },
  );
  expect(live.status).toBe(422);
  const free = await setUpPromotion(project, {});
  await send(project, "POST", "/v1/redemptions", redeemBody({ codes: [free.code], orderId: "o-live" }), {
    "idempotency-key": "o-live",
  });
  await send(project, "POST", "/v1/orders", {
    id: "o-gone",
    customer: { identifier: "ann" },
    status: "cancelled",
    currency: "EUR",
    items: [{ sku: "a", quantity: 1, unit_amount: 1000 }],
  });
  const twice = (code: string, at: number) => [{ code, discount_amount: at }];
  const file = lines([
    historic("NOSUCH", "o-1"),
    historic(budget.code, "o-2"),
    historic(budget.code, "o-3"),
    historic(unique.code, "o-4"),
    historic(unique.code, "o-5"),
    historic(perCustomer.code, "o-6"),
    historic(perCustomer.code, "o-7"),
    historic(dollars.code, "o-8"),
    historic(free.code, "o-live"),
    historic(free.code, "o-gone"),
    historic(free.code, "o-9", { codes: twice(free.code, 2001) }),
    historic(free.code, "o-9", { codes: [...twice(free.code, 100), ...twice(free.code.toLowerCase(), 100)] }),
    historic(free.code, "o-10", { occurred_at: undefined }),
    historic(free.code, "o-11"),
    historic(free.code, "o-11", { id: "another" }),
  ]);
  const job = await imported(context, project, "redemptions", ndjson, file);
  expect(job).toMatchObject({ status: "done", imported: 4, failed: 11 });
  expect((await errorsOf(project, job.id)).map(({ line, field, reason }) => [line, field, reason])).toEqual([
    [1, "codes/0/code", "There is no such code."],
    [3, "codes/0/discount_amount", "Only 300 are left (campaign_budget_reached)."],
    [5, "codes/0/code", "This code has been used up (voucher_no_uses_left)."],
    [7, "codes/0/code", expect.stringContaining("customer_limit_reached")],
    [8, "order/currency", "The code is for orders in USD."],
    [9, "codes/0/code", "The order has this code already."],
    [10, "order/id", expect.stringContaining("cancelled already")],
    [11, "codes/0/discount_amount", expect.stringContaining("Only 2000 of the order is left")],
    [12, "codes/1/code", "The code is given twice."],
    [13, "occurred_at", expect.any(String)],
    [15, "codes/0/code", "The order has this code already."],
  ]);
  expect(await differences(project)).toEqual([]);
});

it("takes a gift card's balance, and gives it back when the order is refunded by a later import", async () => {
  const project = await context.newProject();
  const gift = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", code: "CARD", balance_amount: 1000 },
  });
  const job = await imported(
    context,
    project,
    "redemptions",
    ndjson,
    lines([
      historic(gift.code, "o-1"),
      historic(gift.code, "o-2"),
      historic(gift.code, "o-3", { codes: [{ code: "card", discount_amount: 300 }] }),
    ]),
  );
  expect(job).toMatchObject({ imported: 2, failed: 1 });
  expect((await errorsOf(project, job.id))[0]).toMatchObject({
    line: 2,
    reason: "The gift card holds 300 (gift_card_empty).",
  });
  const balance = async () => (await send(project, "GET", "/v1/vouchers/CARD")).body.balance_amount;
  expect(await balance()).toBe(0);
  const refund = (id: string, status: string) => ({
    id,
    customer: { identifier: "ann" },
    status,
    currency: "EUR",
    items: (historic("", id) as { order: { items: object } }).order.items,
    occurred_at: `2023-06-0${status === "paid" ? 2 : 3}T10:00:00Z`,
  });
  const orders = [
    refund("o-1", "paid"),
    refund("o-1", "refunded"),
    refund("o-3", "cancelled"),
    refund("o-9", "cancelled"),
  ];
  expect(await imported(context, project, "orders", ndjson, lines(orders))).toMatchObject({ imported: 4, failed: 0 });
  expect(await balance()).toBe(1000);
  const events = await eventsOf(context, project, [
    "redemption.rolled_back",
    "order.paid",
    "order.refunded",
    "order.cancelled",
  ]);
  expect(
    events.map(({ type, payload, occurred_at }) => [
      type,
      payload.order.id,
      payload.order.discount_amount,
      occurred_at.toISOString().slice(0, 10),
    ]),
  ).toEqual([
    ["redemption.rolled_back", "o-1", 700, "2023-06-03"],
    ["redemption.rolled_back", "o-3", 300, "2023-06-03"],
    ["order.paid", "o-1", 700, "2023-06-02"],
    ["order.refunded", "o-1", 0, "2023-06-03"],
    ["order.cancelled", "o-3", 0, "2023-06-03"],
    ["order.cancelled", "o-9", 0, "2023-06-03"],
  ]);
  expect(await differences(project)).toEqual([]);
});

it("stays exact when two imports and live redemptions use the same codes at once", async () => {
  const project = await context.newProject();
  const shared = await setUpPromotion(project, { sub: { redemptions_max: 150 } });
  const other = await setUpPromotion(project, {});
  const rows = Array.from({ length: 120 }, (_, n) =>
    historic(n % 3 === 0 ? other.code : shared.code, `h-${n}`, { customer: { identifier: `c-${n % 7}` } }),
  );
  const ids: string[] = [];
  for (const file of [rows, [...rows].reverse()]) {
    ids.push((await upload(context, project, "redemptions", ndjson, lines(file))).body.id);
  }
  const orders = Array.from({ length: 120 }, (_, n) => ({
    id: `h-${119 - n}`,
    customer: { identifier: `c-${(119 - n) % 7}` },
    status: n % 4 === 0 ? "refunded" : "paid",
    currency: "EUR",
    items: [{ sku: "coffee", quantity: 2, unit_amount: 1000 }],
  }));
  ids.push((await upload(context, project, "orders", ndjson, lines(orders))).body.id);
  const redeemed: number[] = [];
  const live = Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const codes = n % 2 === 0 ? [shared.code] : [shared.code, other.code];
      const body = redeemBody({ codes, orderId: `live-${n}`, customer: `c-${n % 9}` });
      redeemed.push((await send(project, "POST", "/v1/redemptions", body, { "idempotency-key": `live-${n}` })).status);
    }),
  );
  const worker = (signal: AbortSignal) => runImports(context.deps, signal);
  const jobs = () => Promise.all(ids.map((id) => progress(project, id)));
  await workUntil([worker, worker], async () => (await jobs()).every(({ status }) => status === "done"));
  await live;
  expect(redeemed.every((status) => status === 201 || status === 422)).toBe(true);
  const standing = await context.pool.query(
    `select count(*) as n from redemption r join redemption_code c on c.project_id = r.project_id and c.redemption_id = r.id
     where r.project_id = $1 and r.status = 'redeemed' and c.campaign_id = $2`,
    [project.projectId, shared.campaignId],
  );
  const used = await context.pool.query(
    "select redemptions_count as n from campaign_usage where project_id = $1 and campaign_id = $2",
    [project.projectId, shared.campaignId],
  );
  expect(standing.rows).toEqual(used.rows);
  expect(used.rows[0].n).toBeLessThanOrEqual(150);
  const [first, second] = await jobs();
  // Each row was recorded by one of the two files, or refused; none by both.
  expect(first.imported + second.imported).toBeLessThanOrEqual(120);
  const made = await context.pool.query("select count(*) as n from imported_redemption where project_id = $1", [
    project.projectId,
  ]);
  expect(made.rows).toEqual([{ n: first.imported + second.imported }]);
  expect(await differences(project)).toEqual([]);
});
