import { describe, expect, it } from "vitest";
import { type Body, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

let keys = 0;
function key() {
  keys += 1;
  return { "idempotency-key": `key-${keys}` };
}

function reserve(project: TestProject, body: object, ttl = 600, headers = key()) {
  return send(project, "POST", "/v1/reservations", { ...body, ttl_seconds: ttl }, headers);
}

function redeem(project: TestProject, body: object) {
  return send(project, "POST", "/v1/redemptions", body, key());
}

function confirm(project: TestProject, id: string, headers = key()) {
  return send(project, "POST", `/v1/reservations/${id}/confirm`, undefined, headers);
}

async function cancel(project: TestProject, id: string): Promise<number> {
  return (await project.request("DELETE", `/v1/reservations/${id}`)).status;
}

/** As if its time had passed. */
async function runOut(project: TestProject, id: string): Promise<void> {
  await app.pool.query(
    "update reservation set expires_at = now() - interval '1 millisecond' where project_id = $1 and id = $2",
    [project.projectId, id],
  );
}

function reasonKeys(body: Body): string[] {
  return body.reasons.map((reason: { key: string }) => reason.key);
}

describe("a reservation", () => {
  it("holds the last use from everybody else, and becomes the redemption when it is confirmed", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { voucher: { kind: "unique", code: "LAST" } });
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    expect(held.status).toBe(201);
    expect(held.body).toMatchObject({ status: "held", discount_amount: 500, redemption_id: null });
    expect((await send(project, "GET", `/v1/vouchers/${code}`)).body.status).toBe("reserved");

    const other = await redeem(project, redeemBody({ codes: [code], orderId: "o-2", customer: "lee" }));
    expect(other.status).toBe(422);
    expect(reasonKeys(other.body)).toEqual(["voucher_no_uses_left"]);

    const confirmed = await confirm(project, held.body.id);
    expect(confirmed.status).toBe(201);
    expect(confirmed.body).toMatchObject({ status: "redeemed", discount_amount: 500, codes: [{ code }] });
    expect(confirmed.body.id).toMatch(/^red_/);
    expect((await send(project, "GET", `/v1/reservations/${held.body.id}`)).body).toMatchObject({
      status: "confirmed",
      redemption_id: confirmed.body.id,
    });
    expect((await send(project, "GET", `/v1/redemptions/${confirmed.body.id}`)).body.status).toBe("redeemed");
    expect((await send(project, "GET", `/v1/vouchers/${code}`)).body.status).toBe("redeemed");
    expect((await confirm(project, held.body.id)).body.code).toBe("reservation_ended");
  });

  it("gives everything back when it is cancelled, once", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, { sub: { redemptions_max: 1, budget_amount: 500 } });
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    expect(held.status).toBe(201);
    expect(await cancel(project, held.body.id)).toBe(204);
    expect(await cancel(project, held.body.id)).toBe(204);
    expect((await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage).toMatchObject({
      redemptions_count: 0,
      discount_amount: 0,
    });
    const redeemed = await redeem(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    expect(redeemed.status).toBe(201);
    expect((await confirm(project, held.body.id)).body.code).toBe("reservation_ended");
  });

  it("ends at its time, whether or not anybody has swept it", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, { sub: { redemptions_max: 1 } });
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-2" }))).status).toBe(422);
    await runOut(project, held.body.id);
    expect((await send(project, "GET", `/v1/reservations/${held.body.id}`)).body.status).toBe("expired");
    expect((await redeem(project, redeemBody({ codes: [code], orderId: "o-2" }))).status).toBe(201);
    const late = await confirm(project, held.body.id);
    expect([late.status, late.body.code]).toEqual([409, "reservation_expired"]);
  });

  it("is refused late even when its key is new and nobody else has come", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }));
    await runOut(project, held.body.id);
    expect((await confirm(project, held.body.id)).body.code).toBe("reservation_expired");
    expect((await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage.redemptions_count).toBe(0);
  });

  it("stands on its order: the same code there is neither reserved nor redeemed again", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    expect((await reserve(project, body)).status).toBe(201);
    for (const again of [await reserve(project, body), await redeem(project, body)]) {
      expect([again.status, again.body.code]).toEqual([409, "order_already_reserved"]);
    }
  });

  it("answers a twin with the same bytes, and refuses the key with another body", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const headers = key();
    const first = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }), 600, headers);
    const twin = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }), 600, headers);
    expect(twin.body).toEqual(first.body);
    expect(twin.headers.get("idempotency-replayed")).toBe("true");
    const other = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }), 601, headers);
    expect(other.body.code).toBe("idempotency_key_reused");

    const confirming = key();
    const confirmed = await confirm(project, first.body.id, confirming);
    const again = await confirm(project, first.body.id, confirming);
    expect(again.body).toEqual(confirmed.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it("is given back when its order is cancelled", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500 }];
    for (const status of ["created", "cancelled"]) {
      const order = { id: "o-1", status, customer: { identifier: "kim" }, currency: "EUR", items };
      expect((await send(project, "POST", "/v1/orders", order)).status).toBeLessThan(300);
    }
    expect((await send(project, "GET", `/v1/reservations/${held.body.id}`)).body.status).toBe("cancelled");
    expect((await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage.redemptions_count).toBe(0);
  });

  it("is honoured when the campaign has changed or is paused meanwhile", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    const held = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect((await send(project, "POST", `/v1/campaigns/${campaignId}/pause`, {})).status).toBe(200);
    expect((await confirm(project, held.body.id)).status).toBe(201);
  });

  it("names what is wrong with its time", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (const ttl of [0, 2_592_001, 1.5]) {
      const { status, body } = await reserve(project, redeemBody({ codes: [code], orderId: "o-1" }), ttl);
      expect(status).toBe(400);
      expect(body.errors[0].pointer).toBe("/ttl_seconds");
    }
    const unnamed = await send(project, "POST", "/v1/reservations", {
      ...redeemBody({ codes: [code], orderId: "o-1" }),
      ttl_seconds: 5,
    });
    expect(unnamed.body.code).toBe("idempotency_key_required");
  });
});
