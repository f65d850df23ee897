import { describe, expect, it } from "vitest";
import { audit } from "../../../api/audit/audit.ts";
import { rewritePlaces } from "../../../api/erasures/rewrite-places.ts";
import { workOut } from "../../../api/reviews/claw-back/work.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { reconcile } from "../../../warehouse/reconcile.ts";
import { type Body, send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { redeemBody } from "../../support/promotions.ts";
import { attempt, openShop, reviewsOf, ring, settleShop } from "../../support/suspicious-shop.ts";
import { readMart } from "../../warehouse/read-mart.ts";
import { announced, setPolicy, useScoredApp } from "../risk/scored-app.ts";
import { decide, follow, listOf, onlyReview, openSuspectShop, redeemAs, usageOf } from "./queue.ts";

const app = useScoredApp();

async function expectExact(project: TestProject): Promise<void> {
  const accounts = await audit(app.pool, project.projectId);
  expect(accounts.filter((account) => account.differing > 0)).toEqual([]);
}

/** Every counter of the project, and what its vouchers and customers are like. */
async function counters(project: TestProject): Promise<unknown> {
  const read = async (query: string) => (await app.pool.query(query, [project.projectId])).rows;
  return {
    campaigns: await read(
      "select campaign_id, redemptions_count, discount_amount, orders_amount from campaign_usage where project_id = $1 order by 1",
    ),
    customers: await read(
      "select * from customer_usage where project_id = $1 and redemptions_count > 0 order by customer_id, scope, scope_id",
    ),
    vouchers: await read(
      "select code, status, redemptions_count, discount_amount, balance_amount from voucher where project_id = $1 order by 1",
    ),
    blocked: await read("select identifier, blocked from customer where project_id = $1 order by 1"),
    standing: await read(
      "select customer_id, order_id, discount_amount from redemption where project_id = $1 and status = 'redeemed' order by 2",
    ),
    points: await read("select customer_id, balance from points_account where project_id = $1 order by 1"),
    lots: await read(
      "select customer_id, sum(points_left) as points, expires_at from points_lot where project_id = $1 group by 1, 3 order by 1, 3",
    ),
  };
}

const preview = async (project: TestProject, id: string, scope: string): Promise<Body> => {
  const { status, body } = await send(project, "GET", `/v1/reviews/${id}/claw-back-preview?scope=${scope}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};

describe("a claw-back of one", () => {
  it("rolls the redemption back and switches off its single-use code; undone, all is as it was", async () => {
    const shop = await openSuspectShop(app, { voucher: { kind: "unique" } });
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const before = await counters(shop.project);
    const shown = await preview(shop.project, review.id, "this");
    expect(shown).toMatchObject({
      redemptions: [{ id: redemption.id, amount: 500, customer: { identifier: "kim" } }],
      vouchers: [{ code: shop.promotion.code, kind: "unique" }],
      customers: [],
      totals: {
        redemptions_count: 1,
        vouchers_count: 1,
        customers_count: 0,
        amounts: [{ currency: "EUR", amount: 500 }],
      },
      truncated: false,
    });

    const { status, body } = await decide(shop.project, review.id, {
      decision: "confirm",
      claw_back: "this",
      preview_digest: shown.digest,
      note: "Stolen.",
    });
    expect([status, body.claw_back.status]).toEqual([200, "done"]);
    expect((await send(shop.project, "GET", `/v1/redemptions/${redemption.id}`)).body.status).toBe("rolled_back");
    expect((await send(shop.project, "GET", `/v1/vouchers/${shop.promotion.code}`)).body.status).toBe("disabled");
    expect(await usageOf(shop)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    const done = await send(shop.project, "GET", `/v1/claw-backs/${body.claw_back.id}`);
    expect(done.body).toMatchObject({
      review_id: review.id,
      scope: "this",
      status: "done",
      steps_count: 2,
      steps_done: 2,
      steps_failed: 0,
      amounts: [{ currency: "EUR", amount: 500 }],
      steps: [
        { kind: "voucher", target: shop.promotion.code, outcome: "done", undo: null },
        { kind: "redemption", target: redemption.id, outcome: "done", amount: 500, currency: "EUR" },
      ],
    });
    await expectExact(shop.project);
    // The rollback closes no review that was decided.
    expect(await onlyReview(app, shop.project)).toMatchObject({ status: "confirmed", claw_back: { status: "done" } });

    const undone = await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`);
    expect(undone.status).toBe(202);
    expect(undone.body).toMatchObject({ status: "undone", steps_failed: 0, amounts: [] });
    expect(await counters(shop.project)).toEqual(before);
    await expectExact(shop.project);
    const reopened = await onlyReview(app, shop.project);
    const restored = undone.body.steps[1].restored_as;
    expect(reopened).toMatchObject({
      status: "open",
      decision: null,
      claw_back: null,
      redemption_id: restored,
      amount_at_risk: 500,
    });
    const again = await send(shop.project, "GET", `/v1/redemptions/${restored}`);
    expect(again.body).toMatchObject({ status: "redeemed", discount_amount: 500, customer: { identifier: "kim" } });
    const types = ["review.decided", "claw_back.done", "claw_back.undone", "review.reopened"];
    for (const type of types) expect(await announced(app, shop.project, type)).toHaveLength(1);
    // The same call again changes nothing.
    expect((await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`)).body.status).toBe("undone");
    expect(await counters(shop.project)).toEqual(before);
    // What stands again can be rolled back like any other.
    expect((await send(shop.project, "POST", `/v1/redemptions/${restored}/rollback`, {})).status).toBe(201);
    await expectExact(shop.project);
  });

  it("does nothing when something changed since its preview", async () => {
    const shop = await openSuspectShop(app);
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995 });
    const review = await onlyReview(app, shop.project);
    const { digest } = await preview(shop.project, review.id, "this");
    await send(shop.project, "POST", `/v1/redemptions/${redemption.id}/rollback`, { amount: 100 });
    const decision = { decision: "confirm", claw_back: "this", preview_digest: digest };
    const { status, body } = await decide(shop.project, review.id, decision);
    expect([status, body.code]).toEqual([409, "preview_changed"]);
    expect((await listOf(shop.project))[0]).toMatchObject({ status: "open", claw_back: null });
    const fresh = await preview(shop.project, review.id, "this");
    expect(fresh.digest).toBe(body.digest);
    const done = await decide(shop.project, review.id, { ...decision, preview_digest: fresh.digest });
    expect(done.body.claw_back.status).toBe("done");
  });

  it("leaves codes for everybody alone", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const review = await onlyReview(app, shop.project);
    expect((await preview(shop.project, review.id, "this")).vouchers).toEqual([]);
  });

  it("may come after the confirmation, once", async () => {
    const shop = await openSuspectShop(app);
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995 });
    const review = await onlyReview(app, shop.project);
    const path = `/v1/reviews/${review.id}/claw-back`;
    const early = await send(shop.project, "POST", path, { scope: "this" });
    expect([early.status, early.body.code]).toEqual([409, "review_undecided"]);
    await decide(shop.project, review.id, { decision: "confirm" });
    const first = await send(shop.project, "POST", path, { scope: "this" });
    expect([first.status, first.body.status]).toEqual([202, "done"]);
    expect((await send(shop.project, "POST", path, { scope: "this" })).body.id).toBe(first.body.id);
    expect((await send(shop.project, "POST", path, { scope: "cluster" })).body.code).toBe("claw_back_conflict");
    expect((await send(shop.project, "GET", `/v1/redemptions/${redemption.id}`)).body.status).toBe("rolled_back");
  });
});

describe("undoing says why a redemption cannot stand again:", () => {
  async function clawedBack(change: Parameters<typeof openSuspectShop>[1] = {}) {
    const shop = await openSuspectShop(app, change);
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    return { shop, redemption, review };
  }

  async function undone(project: TestProject, reviewId: string): Promise<Body> {
    const [review] = (await listOf(project)).filter((one) => one.id === reviewId);
    const { body } = await send(project, "POST", `/v1/claw-backs/${review.claw_back.id}/undo`);
    expect(body.status).toBe("undone");
    await expectExact(project);
    return body.steps.find((step: { kind: string }) => step.kind === "redemption");
  }

  it("its use was taken by another", async () => {
    const { shop, review } = await clawedBack({ sub: { redemptions_max: 1 } });
    await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    expect((await redeemAs(app, shop, { score: 0, customer: "lee" })).status).toBe(201);
    const before = await counters(shop.project);
    const step = await undone(shop.project, review.id);
    expect(step).toMatchObject({ undo: "failed", undo_reason: "campaign_limit_reached", restored_as: null });
    expect(await counters(shop.project)).toEqual(before);
    await follow(app);
    expect((await listOf(shop.project))[0]).toMatchObject({ status: "closed", closed_because: "rolled_back" });
  });

  it("its period is full, also when it stands again for the second time", async () => {
    const limits = { per_period: [{ period: "month", redemptions_max: 1 }] };
    const { shop, review } = await clawedBack({ sub: { limits } });
    const confirm = () => decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    await confirm();
    expect(await undone(shop.project, review.id)).toMatchObject({ undo: "done" });
    await confirm();
    expect((await redeemAs(app, shop, { score: 0, customer: "lee" })).status).toBe(201);
    const step = await undone(shop.project, review.id);
    expect(step).toMatchObject({ undo: "failed", undo_reason: "period_limit_reached" });
  });

  it("the code counts on the order again", async () => {
    const { shop, redemption, review } = await clawedBack();
    await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    app.score(shop.project, 0);
    const body = redeemBody({ codes: [shop.promotion.code], orderId: redemption.order.id, customer: "kim" });
    const again = await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": "again" });
    expect(again.status).toBe(201);
    expect(await undone(shop.project, review.id)).toMatchObject({ undo_reason: "order_already_redeemed" });
  });

  it("the order is over", async () => {
    const { shop, redemption, review } = await clawedBack();
    await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    const order = { ...redeemBody({ codes: [], orderId: redemption.order.id }), codes: undefined } as Body;
    const cancelled = { ...order.order, customer: { identifier: "kim" }, status: "cancelled" };
    expect((await send(shop.project, "POST", "/v1/orders", cancelled)).status).toBeLessThan(300);
    expect(await undone(shop.project, review.id)).toMatchObject({ undo_reason: "order_over" });
  });

  it("a part of it had been rolled back before", async () => {
    const { shop, redemption, review } = await clawedBack();
    await send(shop.project, "POST", `/v1/redemptions/${redemption.id}/rollback`, { amount: 100 });
    await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    expect(await undone(shop.project, review.id)).toMatchObject({ undo_reason: "partly_rolled_back_before" });
  });

  it("leaves a code as somebody wanted it since", async () => {
    const { shop, review } = await clawedBack({ voucher: { kind: "unique" } });
    await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    const path = `/v1/vouchers/${shop.promotion.code}`;
    await send(shop.project, "POST", `${path}/enable`);
    await send(shop.project, "POST", `${path}/disable`);
    await undone(shop.project, review.id);
    expect((await send(shop.project, "GET", path)).body.status).toBe("disabled");
  });
});

describe("undoing a claw-back", () => {
  it("of a customer who was erased meanwhile restores all but who it was", async () => {
    const shop = await openSuspectShop(app, { voucher: { kind: "unique" } });
    const identifier = "kim.kardamom@example.com";
    await redeemAs(app, shop, { score: 0.995, customer: identifier });
    const { id } = await onlyReview(app, shop.project);
    const { body } = await decide(shop.project, id, { decision: "confirm", claw_back: "cluster" });
    const pseudonym = "erased-1";
    const client = await app.pool.connect();
    try {
      const { rows } = await client.query(
        "update customer set identifier = $3 where project_id = $1 and identifier = $2 returning id",
        [shop.project.projectId, identifier, pseudonym],
      );
      const customerIds = rows.map((row) => row.id);
      const person = { identifier, texts: [] };
      await rewritePlaces(client, { projectId: shop.project.projectId, person, customerIds, pseudonym });
    } finally {
      client.release();
    }
    const undone = await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`);
    expect(undone.body).toMatchObject({ status: "undone", steps_failed: 0 });
    const told = await announced(app, shop.project, "redemption.succeeded");
    expect(told.at(-1)?.customer).toBe(pseudonym);
    // It stands again, but nobody has tried anything: shadows, backtests and training count attempts.
    expect(told.map((payload) => "risk" in payload)).toEqual([true, false]);
    await expectExact(shop.project);
  });

  it("leaves a hold that nobody has settled to the next decision", async () => {
    const shop = await openSuspectShop(app);
    await setPolicy(shop.project, null, { hold: 0.9 });
    const { body: answer } = await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const { body } = await decide(shop.project, review.id, { decision: "confirm", claw_back: "cluster" });
    // As if the process had died between the decision and what follows from it.
    await app.pool.query("update reservation set status = 'held' where id = $1", [answer.reservation.id]);
    await app.pool.query("update review set settle_after = now() where id = $1", [review.id]);
    expect((await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`)).body.status).toBe("undone");
    const { rows } = await app.pool.query("select status, settle_after from review where id = $1", [review.id]);
    expect(rows).toEqual([{ status: "open", settle_after: null }]);
    // The warehouse heard of its end.
    await app.pool.query("update reservation set status = 'cancelled' where id = $1", [answer.reservation.id]);
  });

  it("gives up a step that a fault of ours stops, and goes on with the others", async () => {
    const shop = await openSuspectShop(app, { voucher: { kind: "unique" } });
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const { body } = await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    await app.pool.query("update redemption set order_data = '{}' where id = $1", [redemption.id]);
    const undone = await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`);
    expect(undone.body).toMatchObject({
      status: "undone",
      steps: [{ undo: "done" }, { undo: "failed", undo_reason: "fault", restored_as: null }],
    });
    await expectExact(shop.project);
  });
});

describe("rewards of a redemption that stands again", () => {
  it("are the customer's again: points with their expiry, vouchers, credit and a gift card's payment", async () => {
    const shop = await openSuspectShop(app, {
      sub: {
        limits: { per_customer: 5, per_period: [{ period: "day", redemptions_max: 10 }] },
        rewards: [
          { type: "order_discount", amount: 500 },
          { type: "points", points: 120, expires_in_days: 30 },
        ],
      },
    });
    const main = { type: "main", name: "Rewards", currency: "EUR" };
    const { body: parent } = await send(shop.project, "POST", "/v1/campaigns", main);
    const sub = { type: "sub", parent_id: parent.id, triggers_on: "redemption", currency: "EUR" };
    const { body: next } = await send(shop.project, "POST", "/v1/campaigns", {
      ...sub,
      name: "Next time",
      rewards: [{ type: "order_discount", amount: 100 }],
    });
    const { body: cardParent } = await send(shop.project, "POST", "/v1/campaigns", {
      ...main,
      name: "Cards",
      template: "gift_card",
    });
    const { body: cards } = await send(shop.project, "POST", "/v1/campaigns", {
      ...sub,
      parent_id: cardParent.id,
      name: "Cards",
      rewards: [],
    });
    const { body: giving } = await send(shop.project, "POST", "/v1/campaigns", {
      ...sub,
      name: "Giving",
      rewards: [
        { type: "voucher", campaign_id: next.id },
        { type: "gift_credit", campaign_id: cards.id, amount: 700 },
      ],
    });
    for (const { id } of [parent, cardParent, next, cards, giving]) {
      expect((await send(shop.project, "POST", `/v1/campaigns/${id}/activate`, {})).status).toBe(200);
    }
    const give = await send(shop.project, "POST", `/v1/campaigns/${giving.id}/vouchers`, {
      kind: "generic",
      code: "GIVE",
    });
    const card = await send(shop.project, "POST", `/v1/campaigns/${cards.id}/vouchers`, {
      kind: "gift_card",
      code: "CARD",
      balance_amount: 900,
    });
    expect([give.status, card.status]).toEqual([201, 201]);

    const codes = [shop.promotion.code, "GIVE", "CARD"];
    const { status, body: redemption } = await redeemAs(app, shop, { score: 0.995, customer: "kim", codes });
    expect(status, JSON.stringify(redemption)).toBe(201);
    const review = await onlyReview(app, shop.project);
    expect(review.amount_at_risk).toBe(500 + 900 + 700);
    const before = await counters(shop.project);
    const { body } = await decide(shop.project, review.id, { decision: "confirm", claw_back: "this" });
    expect(body.claw_back.status).toBe("done");
    await expectExact(shop.project);
    expect(await counters(shop.project)).not.toEqual(before);
    const undone = await send(shop.project, "POST", `/v1/claw-backs/${body.claw_back.id}/undo`);
    expect(
      undone.body.steps.map((step: { undo: string; undo_reason: string }) => [step.undo, step.undo_reason]),
    ).toEqual(undone.body.steps.map(() => ["done", null]));
    expect(await counters(shop.project)).toEqual(before);
    await expectExact(shop.project);
    const stands = undone.body.steps.find((step: { kind: string }) => step.kind === "redemption").restored_as;
    // And goes back once more, as completely.
    expect((await send(shop.project, "POST", `/v1/redemptions/${stands}/rollback`, {})).status).toBe(201);
    await expectExact(shop.project);
    const left = await app.pool.query("select balance from points_account where project_id = $1", [
      shop.project.projectId,
    ]);
    expect(left.rows).toEqual([{ balance: 0 }]);
  });
});

describe("a claw-back of a cluster", () => {
  it("takes back what linked accounts did and blocks them, in the background; undone, all is as it was", async () => {
    const project = await app.newProject();
    const shop = await openShop(project);
    const ids = new Map<string, string>();
    for (const one of ring) ids.set(one.customer, await attempt(app, project, shop, one));
    await settleShop(app);
    const reviews = await reviewsOf(project);
    const own = await send(project, "POST", `/v1/campaigns/${shop.campaignId}/vouchers`, {
      kind: "unique",
      code: "OWN1",
      customer: { identifier: "mk-deals-01" },
    });
    expect(own.status).toBe(201);
    const before = await counters(project);
    const reviewId = reviews.get("mk-deals-01") as string;
    const { body: detail } = await send(project, "GET", `/v1/reviews/${reviewId}`);
    expect(detail.cluster.customers_count).toBeGreaterThanOrEqual(5);
    const members: string[] = detail.cluster.nodes.map((node: { customer: string }) => node.customer).sort();
    expect([...detail.linked.map((one: { identifier: string }) => one.identifier), "mk-deals-01"].sort()).toEqual(
      members,
    );
    expect(detail.related.filter((one: { why: string }) => one.why === "linked").length).toBe(members.length - 1);

    const shown = await preview(project, reviewId, "cluster");
    expect(shown.customers.map((one: { identifier: string }) => one.identifier).sort()).toEqual(members);
    expect(shown.redemptions).toHaveLength(members.length);
    expect(shown.vouchers).toMatchObject([{ code: "OWN1" }]);
    expect(await counters(project)).toEqual(before);
    const { body: decided } = await decide(project, reviewId, {
      decision: "confirm",
      claw_back: "cluster",
      preview_digest: shown.digest,
    });
    await workOut(app.deps);
    const path = `/v1/claw-backs/${decided.claw_back.id}`;
    const { body: done } = await send(project, "GET", path);
    expect(done).toMatchObject({ status: "done", steps_failed: 0, amounts: shown.totals.amounts });
    const after = (await counters(project)) as {
      blocked: { identifier: string; blocked: boolean }[];
      standing: unknown[];
    };
    expect(
      after.blocked
        .filter((one) => one.blocked)
        .map((one) => one.identifier)
        .sort(),
    ).toEqual(members);
    expect(after.standing).toHaveLength(ring.length - members.length);
    await expectExact(project);
    // Whose redemption went with it is labelled with it.
    await follow(app);
    for (const review of await listOf(project)) {
      const linked = members.includes(review.customer.identifier);
      expect([review.customer.identifier, review.status]).toEqual([
        review.customer.identifier,
        linked ? "confirmed" : "open",
      ]);
    }
    expect(await announced(app, project, "review.decided")).toHaveLength(members.length);
    await settleShop(app);
    const labels = await readMart(app, "risk_labels", project.projectId, "customer");
    expect(labels.map((row) => [row.customer, row.label])).toEqual(members.map((member) => [member, 1]));
    const log = await send(project, "GET", "/v1/audit-log?limit=100&subject_type=redemption");
    expect(log.body.data).toHaveLength(members.length);
    const blocked = await send(project, "GET", "/v1/audit-log?limit=100&subject_type=customer");
    const byKey = blocked.body.data.filter(
      (entry: { after: { blocked?: boolean } | null }) => entry.after?.blocked === true,
    );
    expect(byKey).toHaveLength(members.length);
    expect(new Set(byKey.map((entry: { actor: { id: string } }) => entry.actor.id))).toEqual(
      new Set([decided.decided_by.id]),
    );
    const refused = await send(
      project,
      "POST",
      "/v1/redemptions",
      redeemBody({ codes: [shop.code], orderId: "next", customer: "mk-deals-01" }),
      { "idempotency-key": "next" },
    );
    expect(refused.body.reasons).toMatchObject([{ key: "customer_blocked" }]);

    await send(project, "POST", `${path}/undo`);
    await workOut(app.deps);
    const { body: undone } = await send(project, "GET", path);
    expect(undone).toMatchObject({ status: "undone", steps_failed: 0, amounts: [] });
    expect(await counters(project)).toEqual(before);
    await expectExact(project);
    await follow(app);
    const open = (await listOf(project)).filter((review) => review.subject.kind === "redemption");
    expect(open.map((review) => review.status)).toEqual(ring.map(() => "open"));
    await settleShop(app);
    expect(await readMart(app, "risk_labels", project.projectId, "customer")).toEqual([]);
  });

  it("goes on where a process that died left it, and may be worked at by several at once", async () => {
    const shop = await openSuspectShop(app);
    const count = 24;
    for (let at = 0; at < count; at++) await redeemAs(app, shop, { score: at === 0 ? 0.995 : 0, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const shown = await preview(shop.project, review.id, "cluster");
    expect(shown.totals).toMatchObject({ redemptions_count: count, customers_count: 1 });
    // Too many to be done before the answer: nobody is at it yet.
    const { body: decided } = await decide(shop.project, review.id, { decision: "confirm", claw_back: "cluster" });
    expect(decided.claw_back.status).toBe("running");
    const path = `/v1/claw-backs/${decided.claw_back.id}`;
    expect((await send(shop.project, "POST", `${path}/undo`)).body.code).toBe("claw_back_conflict");
    await Promise.all(Array.from({ length: 4 }, () => workOut(app.deps)));
    await workOut(app.deps);
    const { body } = await send(shop.project, "GET", path);
    expect(body).toMatchObject({ status: "done", steps_count: count + 1, steps_done: count + 1, steps_failed: 0 });
    expect(await usageOf(shop)).toMatchObject({ redemptions_count: 0, discount_amount: 0 });
    expect(await announced(app, shop.project, "claw_back.done")).toHaveLength(1);
    await expectExact(shop.project);
  });
});

it("and the warehouse agrees with all of it, group by group", async () => {
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
  expect((await reconcile({ ...app })).drifts).toEqual([]);
});
