import { describe, expect, it } from "vitest";
import { cancelHeld, confirmHeld } from "../../../api/reservations/review.ts";
import { reassess } from "../../../api/risk/assess.ts";
import { riskConfigAt } from "../../../api/risk/config.ts";
import { send, withKey } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { announced, keysOf, newKey, redeemed, reserved, setPolicy, useScoredApp } from "./scored-app.ts";

const app = useScoredApp();

async function usage(project: TestProject, campaignId: string) {
  return (await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.usage;
}

async function rejectionsCount(project: TestProject): Promise<number> {
  return (await send(project, "GET", "/v1/rejections")).body.data.length;
}

describe("without a policy", () => {
  it("the surest score only flags, and says why", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    app.score(project, 1);
    const { status, body } = await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect(status).toBe(201);
    expect(body.risk).toEqual({ score: 1, action: "flag", reasons: ["Codes in one request: 1."] });
    const [event] = await announced(app, project, "redemption.succeeded");
    expect(event.risk).toMatchObject({ score: 1, action: "flag", model: "risk@test", rules: [] });
    expect(event.risk.reasons).toHaveLength(1);
    expect(Object.keys(event.risk.features).length).toBeGreaterThan(20);
  });

  it("an ordinary score allows", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    app.score(project, 0.98);
    const { body } = await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect(body.risk).toEqual({ score: 0.98, action: "allow", reasons: [] });
  });

  it("a model that is missing, throws or talks nonsense does not block: rules speak alone, or nobody", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.995 });
    const nonsense = { score: Number.NaN, model: "risk@test", features: null, reasons: [] };
    const broken = [
      null,
      () => {
        throw new Error("corrupt");
      },
      () => nonsense,
    ];
    for (const [at, score] of broken.entries()) {
      app.score(project, score);
      const { status, body } = await redeemed(project, redeemBody({ codes: [code], orderId: `o-${at}` }));
      expect([status, body.risk]).toEqual([201, { score: null, action: "allow", reasons: [] }]);
    }
    await send(project, "POST", "/v1/risk/rules", { ...everything, weight: 0.4, action: "flag" });
    const { body } = await redeemed(project, redeemBody({ codes: [code], orderId: "o-9" }));
    expect(body.risk).toMatchObject({ score: 0.4, action: "flag" });
  });
});

/** Meets every attempt. */
const everything = {
  name: "Everything",
  status: "enabled",
  when: { on: "order.amount", op: "greater_or_equal", value: 0 },
};

describe("a hold", () => {
  it("answers 422 with a reservation, records no rejection, and takes what a redemption would", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, { sub: { redemptions_max: 1 } });
    await setPolicy(project, campaignId, { hold: 0.9, hold_seconds: 3600 });
    app.score(project, 0.95);
    const { status, body } = await redeemed(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }));
    expect([status, body.code]).toEqual([422, "redemption_rejected"]);
    expect(body.reasons).toEqual([
      { key: "held_for_review", message: "This order is checked before the code can be used.", voucher_code: code },
    ]);
    expect(body.codes).toMatchObject([{ code, applicable: false, discount_amount: 0, rewards: [] }]);
    expect(Date.parse(body.reservation.expires_at) - Date.now()).toBeGreaterThan(3500_000);
    expect(JSON.stringify(body)).not.toMatch(/0\.95|Codes in one request|score/);
    expect(await rejectionsCount(project)).toBe(0);
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 1, discount_amount: 500 });

    app.score(project, 0);
    const other = await redeemed(project, redeemBody({ codes: [code], orderId: "o-2", customer: "lee" }));
    expect(keysOf(other.body)).toEqual(["campaign_redemptions_reached"]);

    const [event] = await announced(app, project, "reservation.created");
    expect(event).toMatchObject({ held_for_review: true, risk: { score: 0.95, action: "hold", model: "risk@test" } });
    const shown = await send(project, "GET", `/v1/reservations/${body.reservation.id}`);
    expect(shown.body).toMatchObject({
      id: body.reservation.id,
      status: "held",
      discount_amount: 500,
      risk: { score: null, action: "hold", reasons: [] },
    });
  });

  it("is answered again to the byte, and is one hold", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.9 });
    app.score(project, 0.95);
    const headers = newKey();
    const body = redeemBody({ codes: [code], orderId: "o-1" });
    const ask = () => project.request("POST", "/v1/redemptions", body, headers);
    const first = await (await ask()).text();
    app.score(project, 0);
    const again = await ask();
    expect(await again.text()).toBe(first);
    expect(again.status).toBe(422);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await usage(project, campaignId)).redemptions_count).toBe(1);
    const twin = await redeemed(project, body);
    expect([twin.status, twin.body.code]).toEqual([409, "order_already_reserved"]);
  });

  it("cannot be confirmed by the checkout; once a reviewer lets it pass it is redeemed", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, campaignId, { hold: 0.9 });
    app.score(project, 0.95);
    const held = (await redeemed(project, redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }))).body;
    const checkout = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
    const headers = newKey();
    const confirm = () => send(checkout, "POST", `/v1/reservations/${held.reservation.id}/confirm`, undefined, headers);
    const refused = await confirm();
    expect([refused.status, refused.body.code]).toEqual([409, "held_for_review"]);

    const passed = await confirmHeld(app.deps, project.projectId, held.reservation.id);
    if (passed.outcome !== "redeemed") throw new Error("it was not redeemed");
    expect(await confirmHeld(app.deps, project.projectId, held.reservation.id)).toEqual(passed);
    const redemption = await send(project, "GET", `/v1/redemptions/${passed.redemptionId}`);
    expect(redemption.body).toMatchObject({ status: "redeemed", discount_amount: 500 });
    expect(redemption.body.risk).toEqual({ score: null, action: "hold", reasons: [] });
    expect((await usage(project, campaignId)).redemptions_count).toBe(1);
    const [event] = await announced(app, project, "redemption.succeeded");
    expect(event.risk).toMatchObject({ score: 0.95, action: "hold" });
    // The refusal was not kept under the key: it was for as long as the review took.
    expect((await confirm()).body.code).toBe("reservation_ended");
  });

  it("gives everything back when a reviewer confirms the suspicion, once", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.9 });
    app.score(project, 0.95);
    const held = (await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }))).body;
    expect(await cancelHeld(app.deps, project.projectId, held.reservation.id)).toBe(true);
    expect(await cancelHeld(app.deps, project.projectId, held.reservation.id)).toBe(false);
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    await expect(confirmHeld(app.deps, project.projectId, held.reservation.id)).rejects.toMatchObject({
      code: "reservation_ended",
    });
  });

  it("that was asked for as a reservation becomes an ordinary one again", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.9, hold_seconds: 60 });
    app.score(project, 0.95);
    const { status, body } = await reserved(project, redeemBody({ codes: [code], orderId: "o-1" }), 7200);
    expect([status, keysOf(body)]).toEqual([422, ["held_for_review"]]);
    // What the caller wanted to hold longer is held that long.
    expect(Date.parse(body.reservation.expires_at) - Date.now()).toBeGreaterThan(7000_000);
    const confirm = () => send(project, "POST", `/v1/reservations/${body.reservation.id}/confirm`, undefined, newKey());
    expect((await confirm()).body.code).toBe("held_for_review");
    expect(await confirmHeld(app.deps, project.projectId, body.reservation.id)).toMatchObject({ outcome: "released" });
    expect((await confirm()).status).toBe(201);
  });

  it("ends by itself when nobody decides in time", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.9 });
    app.score(project, 0.95);
    const held = (await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }))).body;
    await app.pool.query(
      "update reservation set expires_at = now() - interval '1 millisecond' where project_id = $1 and id = $2",
      [project.projectId, held.reservation.id],
    );
    await expect(confirmHeld(app.deps, project.projectId, held.reservation.id)).rejects.toMatchObject({
      code: "reservation_expired",
    });
    app.score(project, 0);
    expect((await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }))).status).toBe(201);
    expect((await usage(project, campaignId)).redemptions_count).toBe(1);
  });
});

describe("a refusal by risk", () => {
  it("answers blandly, is recorded with what it withheld, and takes nothing", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, campaignId, { reject: 0.9 });
    app.score(project, 0.95);
    const headers = newKey();
    const ask = () =>
      project.request(
        "POST",
        "/v1/redemptions",
        redeemBody({ codes: [code], orderId: "o-1", customer: "kim" }),
        headers,
      );
    const text = await (await ask()).text();
    expect(await (await ask()).text()).toBe(text);
    const body = JSON.parse(text);
    expect(body).toMatchObject({ status: 422, code: "redemption_rejected" });
    expect(body.reasons).toEqual([
      { key: "risk_rejected", message: "This code cannot be used for this order.", voucher_code: code },
    ]);
    expect(text).not.toMatch(/0\.95|Codes in one request|score/);
    expect(await usage(project, campaignId)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    const [rejection] = (await send(project, "GET", "/v1/rejections")).body.data;
    expect(rejection).toMatchObject({ id: body.rejection_id, risk: { score: null, action: "reject", reasons: [] } });
    const detail = await send(project, "GET", `/v1/rejections/${body.rejection_id}`);
    expect([detail.status, keysOf(detail.body)]).toEqual([200, ["risk_rejected"]]);
    const [event] = await announced(app, project, "redemption.rejected");
    expect(event).toMatchObject({ order: { discount_amount: 0 }, codes: [{ campaign_id: campaignId }] });
    expect(event.risk).toMatchObject({ score: 0.95, action: "reject", withheld_amount: 500 });
    const reservation = await reserved(project, redeemBody({ codes: [code], orderId: "o-2" }));
    expect(keysOf(reservation.body)).toEqual(["risk_rejected"]);
  });

  it("does not come before other reasons: what is refused anyway is refused for them, and at most flagged", async () => {
    const project = await app.newProject();
    await setPolicy(project, null, { reject: 0.9 });
    app.score(project, 0.999);
    const { body } = await redeemed(project, redeemBody({ codes: ["NOPE"], orderId: "o-1" }));
    expect(keysOf(body)).toEqual(["voucher_unknown"]);
    const [event] = await announced(app, project, "redemption.rejected");
    expect(event.risk).toMatchObject({ action: "flag" });
  });
});

describe("what an assessment was made of", () => {
  it("is kept: it comes out the same from the stored features and the rules of its version", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const rule = (await send(project, "POST", "/v1/risk/rules", { ...everything, weight: 0.3 })).body;
    app.score(project, 0.4);
    const { body } = await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }));
    await send(project, "PATCH", `/v1/risk/rules/${rule.id}`, { weight: 0.9 });
    await setPolicy(project, null, { reject: 0.1 });
    const { rows } = await app.pool.query("select risk from redemption where project_id = $1 and id = $2", [
      project.projectId,
      body.id,
    ]);
    const [{ risk }] = rows;
    const config = await riskConfigAt(app.pool, project.projectId, risk.basis.config_version);
    expect(reassess(risk, config)).toEqual(risk);
    expect(risk.rules).toEqual([rule.id]);
    expect(risk.score).toBeCloseTo(0.58, 12);
  });
});

describe("many at once", () => {
  it("50 callers on a campaign that holds, with room for 20, end exactly", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, { sub: { redemptions_max: 20 } });
    await setPolicy(project, campaignId, { hold: 0.9 });
    app.score(project, 0.95);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => redeemed(project, redeemBody({ codes: [code], orderId: `o-${at}` }))),
    );
    const held = answers.filter(({ body }) => body.reservation !== undefined);
    expect(held).toHaveLength(20);
    for (const { status, body } of answers) {
      expect([status, keysOf(body)]).toEqual([
        422,
        [body.reservation === undefined ? "campaign_redemptions_reached" : "held_for_review"],
      ]);
    }
    expect((await usage(project, campaignId)).redemptions_count).toBe(20);
    expect(await announced(app, project, "reservation.created")).toHaveLength(20);

    // Each is passed and refused at once; one of the two wins, whole.
    const outcomes = await Promise.all(
      held.flatMap(({ body }) => [
        confirmHeld(app.deps, project.projectId, body.reservation.id).then(
          () => "redeemed",
          () => "lost",
        ),
        cancelHeld(app.deps, project.projectId, body.reservation.id).then((was) => (was ? "cancelled" : "lost")),
      ]),
    );
    const redeemedCount = outcomes.filter((outcome) => outcome === "redeemed").length;
    expect(redeemedCount + outcomes.filter((outcome) => outcome === "cancelled").length).toBe(20);
    expect((await usage(project, campaignId)).redemptions_count).toBe(redeemedCount);
    expect(await announced(app, project, "redemption.succeeded")).toHaveLength(redeemedCount);
  });
});
