import { describe, expect, it } from "vitest";
import { type Body, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

function post(project: Pick<TestProject, "request">, path: string, body: object, headers?: Record<string, string>) {
  return send(project, "POST", path, body, headers);
}

function get(project: Pick<TestProject, "request">, path: string) {
  return send(project, "GET", path);
}

let keys = 0;
function redeem(project: TestProject, body: object, key = `key-${++keys}`) {
  return post(project, "/v1/redemptions", body, { "idempotency-key": key });
}

describe("validation", () => {
  it("tells the discount of each line and takes nothing", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "order_discount", percent_bp: 1000 }] },
    });
    const order = {
      currency: "EUR",
      items: [
        { sku: "a", quantity: 1, unit_amount: 333 },
        { sku: "b", quantity: 2, unit_amount: 333 },
      ],
    };
    const { status, body } = await post(project, "/v1/validations", { codes: [code.toLowerCase()], order });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      valid: true,
      discount_amount: 100,
      codes: [{ code, applicable: true, discount_amount: 100, reasons: [] }],
      order: { amount: 999, discount_amount: 100, total_amount: 899 },
    });
    expect(body.order.items.map((item: { discount_amount: number }) => item.discount_amount)).toEqual([33, 67]);
    const usage = await app.pool.query(
      "select sum(redemptions_count) as used from campaign_usage where project_id = $1",
      [project.projectId],
    );
    expect(Number(usage.rows[0].used)).toBe(0);
  });

  it("lists every failed rule at once, with what was expected, seen and missing", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: {
        ends_at: "2020-01-01T00:00:00Z",
        rules: {
          all: [
            { on: "order.amount", op: "greater_or_equal", value: 5420 },
            { on: "items", which: "any", where: { on: "item.categories", op: "any_of", value: ["shoes"] } },
          ],
        },
      },
    });
    const { body } = await post(project, "/v1/validations", redeemBody({ codes: [code], orderId: "o-1" }));
    expect(body.valid).toBe(false);
    const { reasons } = body.codes[0];
    expect(reasons.map((reason: { key: string }) => reason.key).sort()).toEqual([
      "campaign_ended",
      "order_below_minimum",
      "rule_not_met",
    ]);
    expect(reasons.find((reason: { key: string }) => reason.key === "order_below_minimum")).toMatchObject({
      code: 2001,
      expected: 5420,
      actual: 5000,
      gap: 420,
    });
    expect(body.trace[0].campaign).toMatchObject({ op: "all", met: false });
  });

  it("announces itself, valid or not", async () => {
    const project = await app.newProject();
    const { body } = await post(project, "/v1/validations", redeemBody({ codes: ["NOSUCH"], orderId: "o-1" }));
    expect(body.codes[0].reasons[0]).toMatchObject({ key: "voucher_unknown" });
    const events = await app.pool.query(
      "select payload from outbox where project_id = $1 and type = 'validation.performed'",
      [project.projectId],
    );
    expect(events.rows).toHaveLength(1);
    expect(events.rows[0].payload).toMatchObject({ validation_id: body.id, valid: false });
  });

  it("decides in the past only for keys that may import", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { ends_at: "2020-01-01T00:00:00Z" } });
    const body = { ...redeemBody({ codes: [code], orderId: "o-1" }), at: "2019-06-01T00:00:00Z" };
    const importing = await post(project, "/v1/validations", body);
    expect(importing.body.valid).toBe(true);
    const checkout = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
    const plain = await post(checkout, "/v1/validations", body);
    expect(plain.body.codes[0].reasons[0].key).toBe("campaign_ended");
  });

  it("gives publishable keys one answer for unknown, used and expired codes, and no trace", async () => {
    const project = await app.newProject();
    const used = await setUpPromotion(project, { voucher: { kind: "unique", code: "USED" } });
    await setUpPromotion(project, { voucher: { code: "OLD", expires_at: "2020-01-01T00:00:00Z" } });
    expect((await redeem(project, redeemBody({ codes: [used.code], orderId: "o" }))).status).toBe(201);
    const browser = await withKey(app, project, { kind: "publishable", allowed_origins: ["https://shop.example"] });
    const answers = await Promise.all(
      ["USED", "OLD", "NEVER"].map(async (code) => {
        const { body } = await post(browser, "/v1/validations", redeemBody({ codes: [code], orderId: "x" }), {
          origin: "https://shop.example",
        });
        expect(body.trace).toBeUndefined();
        const { code: _, ...result } = body.codes[0];
        return result;
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });
});

describe("validation under an Idempotency-Key", () => {
  it("answers and announces once, and refuses the key for another body", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const headers = { "idempotency-key": "v-1" };
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    const first = await post(project, "/v1/validations", body, headers);
    const second = await post(project, "/v1/validations", body, headers);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.body).toEqual(first.body);
    const other = await post(project, "/v1/validations", redeemBody({ codes: ["X"], orderId: "o-1" }), headers);
    expect(other.body.code).toBe("idempotency_key_reused");
    const events = await app.pool.query(
      "select count(*) as count from outbox where project_id = $1 and type = 'validation.performed'",
      [project.projectId],
    );
    expect(events.rows[0].count).toBe(1);
  });
});

describe("what a browser is told", () => {
  it("compares the basket only: nothing of the customer, the budget or the campaign's dates", async () => {
    const project = await app.newProject();
    const rules = {
      all: [
        { on: "customer.attributes.income", op: "greater_than", value: 100 },
        { on: "order.amount", op: "greater_or_equal", value: 6000 },
      ],
    };
    const open = await setUpPromotion(project, { sub: { rules } });
    const ended = await setUpPromotion(project, { sub: { ends_at: "2020-01-01T00:00:00Z" } });
    await project.request("PUT", "/v1/customers/rich", { attributes: { income: 42 } });
    const browser = await withKey(app, project, { kind: "publishable", allowed_origins: ["https://shop.example"] });
    const origin = { origin: "https://shop.example" };
    const body = redeemBody({ codes: [open.code], orderId: "o", customer: "rich" });
    const { reasons } = (await post(browser, "/v1/validations", body, origin)).body.codes[0];
    const byKey = Object.fromEntries(reasons.map((reason: { key: string }) => [reason.key, reason]));
    expect(byKey.order_below_minimum).toMatchObject({ expected: 6000, actual: 5000, gap: 1000 });
    expect(byKey.rule_not_met).toBeDefined();
    expect(JSON.stringify(byKey.rule_not_met)).not.toContain("42");
    const over = await post(browser, "/v1/validations", redeemBody({ codes: [ended.code], orderId: "o" }), origin);
    expect(over.body.codes[0]).toMatchObject({ campaign_id: null, reasons: [{ key: "voucher_not_active" }] });
  });
});

describe("redemption", () => {
  it("is refused on an order that is over, whenever it was cancelled", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500 }];
    const order = { id: "o-1", customer: { identifier: "kim" }, currency: "EUR", items };
    await post(project, "/v1/orders", { ...order, status: "cancelled" });
    const { status, body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    expect([status, body.code]).toEqual([409, "order_status_conflict"]);
    const raced = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const id = `raced-${index}`;
        await Promise.all([
          redeem(project, redeemBody({ codes: [code], orderId: id, customer: "kim" })),
          post(project, "/v1/orders", { ...order, id, status: "cancelled" }),
        ]);
        return id;
      }),
    );
    const live = await app.pool.query(
      "select count(*) as count from redemption where project_id = $1 and order_id = any($2) and status = 'redeemed'",
      [project.projectId, raced],
    );
    expect(live.rows[0].count).toBe(0);
  });

  it("refuses an order too large for its own answer, and keeps nothing of it", async () => {
    const project = await app.newProject();
    const items = [{ sku: "gold", quantity: 2, unit_amount: 1_000_000_000_000 }];
    const { status, body } = await redeem(project, redeemBody({ codes: ["X"], orderId: "o", order: { items } }));
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toMatch(/^\/order\/items/);
    expect((await get(project, "/v1/rejections")).body.data).toEqual([]);
  });

  it("takes the use, records order, lines and risk, and announces itself in the same transaction", async () => {
    const project = await app.newProject();
    const { code, campaignId, mainId } = await setUpPromotion(project, {});
    const { status, body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "ada" }));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "redeemed",
      discount_amount: 500,
      customer: { identifier: "ada" },
      order: { id: "o-1", amount: 5000, discount_amount: 500, total_amount: 4500 },
      rewards: [{ type: "order_discount", discount_amount: 500, voucher_code: code }],
    });
    expect(["allow", "flag"]).toContain(body.risk.action);
    const events = await app.pool.query(
      "select type, payload from outbox where project_id = $1 and type in ('redemption.succeeded', 'customer.created') order by seq",
      [project.projectId],
    );
    expect(events.rows.map((row) => row.type)).toEqual(["customer.created", "redemption.succeeded"]);
    expect(events.rows[1].payload).toMatchObject({
      redemption_id: body.id,
      customer: "ada",
      codes: [{ code, campaign_id: campaignId, main_campaign_id: mainId, discount_amount: 500 }],
    });
  });

  it("needs an Idempotency-Key and an order id", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    expect((await post(project, "/v1/redemptions", body)).body.code).toBe("idempotency_key_required");
    const { order, ...rest } = body as { order: { id: string } };
    const { id: _, ...without } = order;
    const answer = await redeem(project, { ...rest, order: without });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe("/order/id");
  });

  it("answers a repeated key with the same bytes, a refusal too, and refuses it for another body", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { voucher: { kind: "unique", code: "ONE" } });
    for (const [key, orderId, expected] of [
      ["k-won", "o-1", 201],
      ["k-lost", "o-2", 422],
    ] as const) {
      const body = redeemBody({ codes: [code], orderId });
      const sendAgain = () => project.request("POST", "/v1/redemptions", body, { "idempotency-key": key });
      const [first, second] = [await sendAgain(), await sendAgain()];
      expect([first.status, second.status]).toEqual([expected, expected]);
      expect(first.headers.get("idempotency-replayed")).toBeNull();
      expect(second.headers.get("idempotency-replayed")).toBe("true");
      expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
      expect(await second.text()).toBe(await first.text());
    }
    const reused = await redeem(project, redeemBody({ codes: [code], orderId: "o-3" }), "k-won");
    expect(reused).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  });

  it("refuses with every reason and keeps the refusal", async () => {
    const project = await app.newProject();
    const { code, campaignId, mainId } = await setUpPromotion(project, {
      sub: { rules: { on: "order.amount", op: "greater_or_equal", value: 6000 } },
      voucher: { expires_at: "2020-01-01T00:00:00Z" },
    });
    const { status, body, headers } = await redeem(
      project,
      redeemBody({ codes: [code], orderId: "o-1", customer: "bob" }),
    );
    expect(status).toBe(422);
    expect(headers.get("content-type")).toContain("application/problem+json");
    expect(body.code).toBe("redemption_rejected");
    expect(body.reasons.map((reason: { key: string }) => reason.key).sort()).toEqual([
      "order_below_minimum",
      "voucher_expired",
    ]);
    const list = await get(project, `/v1/rejections?campaign_id=${campaignId}&code=${code}&customer=bob`);
    expect(list.body.data).toHaveLength(1);
    expect(list.body.data[0]).toMatchObject({ id: body.rejection_id, codes: [code], customer: { identifier: "bob" } });
    const ofMain = await get(project, `/v1/rejections?campaign_id=${mainId}`);
    expect(ofMain.body.data).toHaveLength(1);
    const events = await app.pool.query(
      "select payload from outbox where project_id = $1 and type = 'redemption.rejected'",
      [project.projectId],
    );
    expect(events.rows[0].payload.codes[0].reasons).toHaveLength(2);
  });

  it("uses a code once per order: again is 409 until it is rolled back", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    const first = await redeem(project, body);
    expect((await redeem(project, body)).body.code).toBe("order_already_redeemed");
    expect((await post(project, `/v1/redemptions/${first.body.id}/rollback`, {})).status).toBe(201);
    expect((await redeem(project, body)).status).toBe(201);
  });

  it("takes all codes or none", async () => {
    const project = await app.newProject();
    const good = await setUpPromotion(project, {});
    const bad = await setUpPromotion(project, { sub: { ends_at: "2020-01-01T00:00:00Z" } });
    const { status, body } = await redeem(project, redeemBody({ codes: [good.code, bad.code], orderId: "o-1" }));
    expect(status).toBe(422);
    expect(body.codes.map((code: { applicable: boolean }) => code.applicable)).toEqual([true, false]);
    const usage = await app.pool.query(
      "select sum(redemptions_count) as used from campaign_usage where project_id = $1",
      [project.projectId],
    );
    expect(Number(usage.rows[0].used)).toBe(0);
  });

  it("judges the redemptions of one order together: they never give more than the order is worth", async () => {
    const project = await app.newProject();
    const first = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 4000 }] } });
    const second = await setUpPromotion(project, { sub: { rewards: [{ type: "order_discount", amount: 4000 }] } });
    expect((await redeem(project, redeemBody({ codes: [first.code], orderId: "o-1" }))).body.discount_amount).toBe(
      4000,
    );
    const rest = await redeem(project, redeemBody({ codes: [second.code], orderId: "o-1" }));
    expect(rest.body).toMatchObject({ discount_amount: 1000, order: { total_amount: 0 } });
  });

  it("sees a pause at once", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    expect((await project.request("POST", `/v1/campaigns/${campaignId}/pause`, {})).status).toBe(200);
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect(body.reasons[0].key).toBe("campaign_not_active");
  });
});

describe("rollback", () => {
  it("returns uses and budget, shows in the redemption, and a second one is 409", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      sub: { budget_amount: 500 },
      voucher: { kind: "unique", code: "BACK" },
    });
    const redeemed = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "eve" }));
    const path = `/v1/redemptions/${redeemed.body.id}/rollback`;
    const { status, body } = await post(project, path, { reason: "returned" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ redemption_id: redeemed.body.id, discount_amount: 500, reason: "returned" });
    expect((await post(project, path, {})).body.code).toBe("already_rolled_back");
    const detail = await get(project, `/v1/redemptions/${redeemed.body.id}`);
    expect(detail.body).toMatchObject({ status: "rolled_back", rollback: { id: body.id, reason: "returned" } });
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-2" }))).status).toBe(201);
  });

  it("follows an order that is cancelled, unless the campaign says keep", async () => {
    const project = await app.newProject();
    const gone = await setUpPromotion(project, {});
    const kept = await setUpPromotion(project, { sub: { on_cancel: "keep" } });
    const redemptions: string[] = [];
    for (const [index, { code }] of [gone, kept].entries()) {
      const id = `o-${index}`;
      redemptions.push((await redeem(project, redeemBody({ codes: [code], orderId: id, customer: "kim" }))).body.id);
      for (const status of ["created", "cancelled"]) {
        const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500 }];
        const order = { id, status, customer: { identifier: "kim" }, currency: "EUR", items };
        expect((await post(project, "/v1/orders", order)).status).toBeLessThan(300);
      }
    }
    const statuses = await Promise.all(
      redemptions.map(async (id) => (await get(project, `/v1/redemptions/${id}`)).body.status),
    );
    expect(statuses).toEqual(["rolled_back", "redeemed"]);
  });

  it("leaves an assigned voucher as it was before", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {
      voucher: { kind: "unique", code: "MINE", customer: { identifier: "ann" } },
    });
    const redeemed = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "ann" }));
    expect((await post(project, `/v1/redemptions/${redeemed.body.id}/rollback`, {})).status).toBe(201);
    expect((await get(project, `/v1/vouchers/${code}`)).body.status).toBe("created");
  });

  it("of another project's redemption is 404", async () => {
    const project = await app.newProject();
    const stranger = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body } = await redeem(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect((await post(stranger, `/v1/redemptions/${body.id}/rollback`, {})).status).toBe(404);
    expect((await get(stranger, `/v1/redemptions/${body.id}`)).status).toBe(404);
  });
});

describe("the list of redemptions", () => {
  it("pages through all, newest first, and filters by campaign, code, customer and time", async () => {
    const project = await app.newProject();
    const one = await setUpPromotion(project, {});
    const two = await setUpPromotion(project, {});
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const { code } = index % 2 === 0 ? one : two;
      ids.push(
        (await redeem(project, redeemBody({ codes: [code], orderId: `o-${index}`, customer: `c-${index}` }))).body.id,
      );
    }
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Body = await get(project, `/v1/redemptions?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.body.data.map((row: { id: string }) => row.id));
      cursor = page.body.next_cursor;
    }
    expect(seen).toEqual([...ids].reverse());
    const idsOf = async (filter: string) =>
      (await get(project, `/v1/redemptions?${filter}`)).body.data.map((row: { id: string }) => row.id);
    expect(await idsOf(`campaign_id=${two.campaignId}`)).toEqual([ids[3], ids[1]]);
    expect(await idsOf(`campaign_id=${one.mainId}`)).toHaveLength(3);
    expect(await idsOf(`code=${one.code.toLowerCase()}`)).toHaveLength(3);
    expect(await idsOf("customer=c-4")).toEqual([ids[4]]);
    expect(await idsOf("to=2020-01-01T00:00:00Z")).toEqual([]);
  });
});
