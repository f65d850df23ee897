import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId } from "../../../api/ids.ts";
import { lookAtLog } from "../../../api/risk/attempts-log.ts";
import { compile } from "../../../api/risk/condition.ts";
import { conditionSql, Parameters } from "../../../api/risk/condition-sql.ts";
import { appendEvents } from "../../../ingest/outbox.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { type Body, send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { anyCondition, anySeen } from "../../unit/risk/conditions.ts";
import { keysOf, redeemed, setPolicy, useScoredApp } from "./scored-app.ts";

const app = useScoredApp();

const delivered = () => createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();

/** As a reviewer's decision announces it. */
async function labelled(project: TestProject, subjectId: string, decision: "confirmed" | "dismissed"): Promise<void> {
  const payload = {
    review_id: newId("rev"),
    subject: { kind: "redemption" as const, id: subjectId },
    redemption_id: subjectId,
    customer: null,
    order_id: "o",
    campaign_id: null,
    status: decision,
    origin: "request" as const,
    action: "flag" as const,
    score: 1,
    features: [],
    rules: [],
    currency: "EUR",
    amount: 500,
    model: null,
    reviewer: { id: "key_reviewer", name: null },
    opened_at: "2026-01-01T00:00:00.000Z",
    due_at: "2026-01-02T00:00:00.000Z",
    decision,
    claw_back: "none" as const,
    working_seconds: 1,
    overdue: false,
  };
  const event = { event_id: newId("evt"), project_id: project.projectId, type: "review.decided", version: 1 };
  await appendEvents(app.db, [{ ...event, occurred_at: new Date().toISOString(), payload } as never]);
}

const largeOrders = { on: "order.amount", op: "greater_or_equal", value: 4000 };

describe("a backtest", () => {
  it("says what a rule would have met: how many, what money, whom reviewers had an opinion of", async () => {
    const project = await app.newProject();
    const { code, campaignId } = await setUpPromotion(project, {});
    const ids: string[] = [];
    for (const [at, score] of [0, 1, 0.5].entries()) {
      app.score(project, score);
      ids.push((await redeemed(project, redeemBody({ codes: [code], orderId: `o-${at}` }))).body.id);
    }
    const small = { items: [{ sku: "tea", quantity: 1, unit_amount: 1000 }] };
    await redeemed(project, redeemBody({ codes: [code], orderId: "o-3", order: small }));
    await redeemed(project, redeemBody({ codes: ["NOPE"], orderId: "o-4" }));
    await labelled(project, ids[0] ?? "", "dismissed");
    await labelled(project, ids[1] ?? "", "confirmed");
    await delivered();

    const draft = await send(project, "POST", "/v1/risk/backtests", { days: 7, when: largeOrders });
    expect(draft.status).toBe(200);
    expect(draft.body).toMatchObject({
      rule_id: null,
      sentence: "Order amount: at least 40.00",
      attempts: 5,
      sampled_share: 1,
      fired: 4,
      share: 0.8,
      money: [{ currency: "EUR", discount_amount: 1500, order_amount: 20_000 }],
      already_flagged: 1,
      confirmed: 1,
      dismissed: 1,
      precision: 0.5,
    });
    expect(draft.body.examples).toEqual(expect.arrayContaining(ids));
    expect(draft.body.examples).toHaveLength(4);

    const rule = (await send(project, "POST", "/v1/risk/rules", { name: "Large", when: largeOrders })).body;
    const path = `/v1/risk/rules/${rule.id}/backtest`;
    expect((await send(project, "POST", path, { days: 7 })).body).toMatchObject({ rule_id: rule.id, fired: 4 });
    const narrower = { all: [largeOrders, { on: "campaign_id", op: "equals", value: campaignId }] };
    expect((await send(project, "POST", path, { days: 7, when: narrower })).body.fired).toBe(3);
    const stranger = await app.newProject();
    expect((await send(stranger, "POST", path, { days: 7 })).status).toBe(404);
    expect((await send(stranger, "POST", "/v1/risk/backtests", { when: largeOrders })).body).toMatchObject({
      attempts: 0,
      fired: 0,
      share: null,
      precision: null,
      examples: [],
    });
    for (const days of [0, 91, 1.5]) {
      expect((await send(project, "POST", path, { days })).body.errors[0].pointer).toBe("/days");
    }
  });

  it("is of one opinion with what judges requests", async () => {
    const project = await app.newProject();
    const seen = fc.sample(anySeen, { numRuns: 150, seed: 7 });
    const at60 = new Date(Date.now() - 60_000).toISOString().replace("T", " ").replace("Z", "");
    const conditions = fc.sample(anyCondition, { numRuns: 40, seed: 11 });
    await app.warehouse.insert({
      table: "events_raw",
      values: seen.map(({ features, campaignIds, amount, channel }, at) => ({
        project_id: project.projectId,
        event_id: `evt_${at}`,
        type: "redemption.succeeded",
        version: 1,
        occurred_at: at60,
        recorded_at: at60,
        subject_id: `red_${at}`,
        currency: "EUR",
        amount,
        channel,
        "codes.code": campaignIds,
        "codes.voucher_id": campaignIds,
        "codes.campaign_id": campaignIds,
        "codes.main_campaign_id": campaignIds.map(() => ""),
        "codes.discount_amount": campaignIds.map(() => 0),
        "codes.expires_at": campaignIds.map(() => null),
        risk_action: "allow",
        // A vector that says nothing is no vector.
        payload: JSON.stringify({ risk: { features: { always: 1, ...features } } }),
      })),
      format: "JSONEachRow",
    });
    const parameters = new Parameters();
    const tests = conditions.map((condition) => ({ sql: conditionSql(condition, parameters) }));
    const asked = { projectId: project.projectId, days: 1, now: new Date() };
    const { outcomes, attempts } = await lookAtLog(app.warehouse, asked, tests, parameters);
    expect(attempts).toBe(150);
    const expected = conditions.map((condition) => seen.filter(compile(condition)).length);
    expect(outcomes.map(({ fired }) => fired)).toEqual(expected);
    expect(expected.filter((fired) => fired > 0 && fired < 150).length).toBeGreaterThan(20);
  });
});

describe("what runs in shadow", () => {
  it("does nothing, is logged, and reports what it would have done, also before it ran", async () => {
    const project = await app.newProject();
    const { code, campaignId, mainId } = await setUpPromotion(project, {});
    const redeem = async (order: string, score: number) => {
      app.score(project, score);
      return redeemed(project, redeemBody({ codes: [code], orderId: order }));
    };
    const before = await redeem("o-1", 0.97);
    const rule = (
      await send(project, "POST", "/v1/risk/rules", {
        name: "Large",
        status: "shadow",
        when: largeOrders,
        weight: 0.5,
      })
    ).body;
    await setPolicy(project, mainId, { status: "shadow", hold: 0.95, reject: 0.98 });
    const after = await redeem("o-2", 0.985);
    const quiet = await redeem("o-3", 0.2);
    for (const { status, body } of [before, after, quiet]) {
      expect([status, body.risk.action]).toEqual([201, "allow"]);
    }
    await labelled(project, after.body.id, "confirmed");
    await delivered();

    const { status, body } = await send(project, "GET", "/v1/risk/shadow?days=7");
    expect(status).toBe(200);
    expect(body.attempts).toBe(3);
    expect(body.rules).toMatchObject([{ id: rule.id, fired: 3, seen_live: 2, already_flagged: 0, confirmed: 1 }]);
    const [policy] = body.policies;
    expect(policy).toMatchObject({ campaign_id: mainId, hold: 0.95, reject: 0.98 });
    const byAction = Object.fromEntries(policy.actions.map((each: Body) => [each.action, each]));
    expect(byAction.flag.fired).toBe(0);
    expect(byAction.hold).toMatchObject({ fired: 1, examples: [before.body.id] });
    expect(byAction.reject).toMatchObject({
      fired: 1,
      examples: [after.body.id],
      money: [{ currency: "EUR", discount_amount: 500 }],
    });

    // A nearer policy takes the campaign's attempts away from it.
    await setPolicy(project, campaignId, { flag: 0.99 });
    const nearer = (await send(project, "GET", "/v1/risk/shadow?days=7")).body;
    expect(nearer.policies[0].actions.map((each: Body) => each.fired)).toEqual([0, 0, 0]);

    const stored = await app.pool.query("select risk from redemption where project_id = $1 order by id", [
      project.projectId,
    ]);
    expect(stored.rows.map(({ risk }) => risk.shadow?.action ?? null)).toEqual([null, "reject", "allow"]);
    const stranger = await app.newProject();
    expect((await send(stranger, "GET", "/v1/risk/shadow")).body).toMatchObject({
      attempts: 0,
      rules: [],
      policies: [],
    });
  });

  it("may be many rules with long lists", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }));
    await delivered();
    const listOf = (nth: number) => Array.from({ length: 100 }, (_, value) => `${nth}-${value}-${"x".repeat(100)}`);
    for (let rule = 0; rule < 8; rule += 1) {
      const any = Array.from({ length: 20 }, (_, nth) => ({ on: "order.channel", op: "any_of", value: listOf(nth) }));
      const body = { name: `Rule ${rule}`, status: "shadow", weight: 0.5, when: { none: any } };
      expect((await send(project, "POST", "/v1/risk/rules", body)).status).toBe(201);
    }
    const { status, body } = await send(project, "GET", "/v1/risk/shadow?days=7");
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.rules.map((rule: Body) => rule.fired)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("counts a hold once, when it was made", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.9 });
    app.score(project, 0.95);
    const held = await redeemed(project, redeemBody({ codes: [code], orderId: "o-1" }));
    expect(keysOf(held.body)).toEqual(["held_for_review"]);
    const { confirmHeld } = await import("../../../api/reservations/review.ts");
    await confirmHeld(app.deps, project.projectId, held.body.reservation.id);
    await delivered();
    const { body } = await send(project, "POST", "/v1/risk/backtests", { days: 1, when: largeOrders });
    expect(body).toMatchObject({
      attempts: 1,
      fired: 1,
      already_flagged: 1,
      money: [{ discount_amount: 500 }],
      examples: [held.body.reservation.id],
    });
  });
});
