import { describe, expect, it } from "vitest";
import { createWatcher } from "../../../api/alerts/watch.ts";
import { rewritePlaces } from "../../../api/erasures/rewrite-places.ts";
import { settle } from "../../../api/reviews/settle.ts";
import { send, withKey } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { announced, setPolicy, useScoredApp } from "../risk/scored-app.ts";
import { decide, follow, listOf, onlyReview, openSuspectShop, redeemAs, usageOf } from "./queue.ts";

const app = useScoredApp();
const reviewerKey = { kind: "secret", scopes: ["review"] };

describe("a review", () => {
  it("opens once for a flagged redemption, with its reasons and what is at risk", async () => {
    const shop = await openSuspectShop(app);
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    expect(review).toMatchObject({
      subject: { kind: "redemption", id: redemption.id },
      redemption_id: redemption.id,
      status: "open",
      origin: "request",
      action: "flag",
      score: 0.995,
      amount_at_risk: 500,
      priority: 497.5,
      currency: "EUR",
      model: "risk@test",
      reasons: [{ feature: "codes_count", value: 1, contribution: 0.995, text: "Codes in one request: 1." }],
      campaign_id: shop.promotion.campaignId,
      customer: { identifier: "kim" },
      assigned_to: null,
      overdue: false,
      decision: null,
      claw_back: null,
    });
    await follow(app);
    expect(await listOf(shop.project)).toHaveLength(1);
    expect(await announced(app, shop.project, "review.opened")).toMatchObject([
      { review_id: review.id, customer: "kim", amount: 500, features: ["codes_count"], reviewer: null },
    ]);
  });

  it("does not open for what was allowed", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.5, customer: "kim" });
    await follow(app);
    expect(await listOf(shop.project)).toEqual([]);
  });

  it("of what the risk refused knows what was asked for", async () => {
    const shop = await openSuspectShop(app);
    await setPolicy(shop.project, shop.promotion.campaignId, { reject: 0.9 });
    const { status, body } = await redeemAs(app, shop, { score: 0.95, customer: "kim" });
    expect(status).toBe(422);
    expect(await onlyReview(app, shop.project)).toMatchObject({
      subject: { kind: "rejection", id: body.rejection_id },
      action: "reject",
      amount_at_risk: 500,
      redemption_id: null,
    });
  });

  it("is one for refusals that cost nothing, of one customer and day", async () => {
    const shop = await openSuspectShop(app);
    for (const customer of ["kim", "kim", "lee", "kim"]) {
      await redeemAs(app, shop, { score: 0.995, customer, codes: [`GUESS-${customer}`] });
    }
    await follow(app);
    const shown = async () =>
      (await listOf(shop.project, "&sort=age")).map((one) => [one.customer.identifier, one.repeats_count, one.status]);
    expect(await shown()).toEqual([
      ["kim", 2, "open"],
      ["lee", 0, "open"],
    ]);
    const [first] = await listOf(shop.project, "&sort=age");
    expect(first).toMatchObject({ subject: { kind: "rejection" }, amount_at_risk: 0, priority: 0.995 });
    await decide(shop.project, first.id, { decision: "confirm" });
    await redeemAs(app, shop, { score: 0.995, customer: "kim", codes: ["GUESS"] });
    await follow(app);
    expect(await shown()).toEqual([
      ["kim", 2, "confirmed"],
      ["lee", 0, "open"],
      ["kim", 0, "open"],
    ]);
  });

  it("risks what still stands, and closes when nothing does; it may be decided all the same", async () => {
    const shop = await openSuspectShop(app);
    const { body: redemption } = await redeemAs(app, shop, { score: 0.995 });
    const back = `/v1/redemptions/${redemption.id}/rollback`;
    await onlyReview(app, shop.project);
    await send(shop.project, "POST", back, { amount: 200 });
    expect(await onlyReview(app, shop.project)).toMatchObject({ status: "open", amount_at_risk: 300, priority: 298.5 });
    await send(shop.project, "POST", back, {});
    const closed = await onlyReview(app, shop.project);
    expect(closed).toMatchObject({ status: "closed", closed_because: "rolled_back" });
    const decided = await decide(shop.project, closed.id, { decision: "confirm" });
    expect(decided.body).toMatchObject({ status: "confirmed", closed_because: null });
    const { body } = await send(shop.project, "GET", `/v1/reviews/${closed.id}`);
    const kinds = body.timeline.map((entry: { kind: string }) => entry.kind);
    expect(kinds).toEqual(["opened", "amount_changed", "closed", "confirmed"]);
  });

  it("becomes stricter by a later score, and opens by one", async () => {
    const shop = await openSuspectShop(app);
    const { body: known } = await redeemAs(app, shop, { score: 0.996, customer: "kim" });
    const { body: quiet } = await redeemAs(app, shop, { score: 0.1, customer: "lee" });
    await follow(app);
    // One that could not be scored any more takes nothing from what it was scored with.
    for (const [redemption, score] of [known, quiet].flatMap((one) => [0.999, null].map((value) => [one, value]))) {
      await app.pool.query(
        `insert into outbox (event_id, project_id, type, occurred_at, payload)
         values ('evt_' || gen_random_uuid(), $1, 'risk.rescored', now(), $2)`,
        [
          shop.project.projectId,
          {
            redemption_id: redemption.id,
            customer: redemption.customer.identifier,
            order_id: redemption.order.id,
            risk: { score, action: "flag", model: "risk@test", features: null, rules: ["rul_1"], reasons: [] },
          },
        ],
      );
    }
    await follow(app);
    const reviews = await listOf(shop.project, "&sort=age");
    expect(reviews.map(({ score, origin, rules }) => [score, origin, rules])).toEqual([
      [0.999, "request", ["rul_1"]],
      [0.999, "late", ["rul_1"]],
    ]);
    expect(reviews[1]).toMatchObject({ campaign_id: shop.promotion.campaignId, amount_at_risk: 500 });
  });

  it("is shown with its order, its customer and the customer's other reviews", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.996, customer: "kim" });
    await redeemAs(app, shop, { score: 0.999, customer: "kim" });
    await follow(app);
    const [first, second] = await listOf(shop.project);
    const { status, body } = await send(shop.project, "GET", `/v1/reviews/${first.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: first.id,
      score: 0.999,
      order: { id: first.order_id, amount: 5_000, items: [{ sku: "coffee", quantity: 2, discount_amount: 500 }] },
      codes: [{ code: shop.promotion.code, campaign_id: shop.promotion.campaignId, discount_amount: 500 }],
      customer_summary: { identifier: "kim", blocked: false, redemptions_count: 2, discount_amount: 1_000 },
      cluster: null,
      related: [{ id: second.id, why: "same_customer", score: 0.996 }],
      timeline: [{ kind: "opened", actor: null }],
    });
  });
});

describe("the queue", () => {
  it("sorts by risk × money or by age, pages without gaps, and filters", async () => {
    const shop = await openSuspectShop(app, { sub: { rewards: [{ type: "order_discount", percent_bp: 1_000 }] } });
    const basket = (unit_amount: number) => ({ items: [{ sku: "tea", quantity: 1, unit_amount }] });
    for (const [at, price] of [9_000, 1_000, 50_000, 1_000, 20_000].entries()) {
      await redeemAs(app, shop, { score: 0.995 + at / 1_000, customer: `c${at}`, order: basket(price) });
    }
    await follow(app);
    const pages: string[] = [];
    let cursor = "";
    for (let page = 0; page < 3; page++) {
      const { body } = await send(shop.project, "GET", `/v1/reviews?limit=2${cursor}`);
      pages.push(...body.data.map((review: { customer: { identifier: string } }) => review.customer.identifier));
      cursor = `&cursor=${body.next_cursor}`;
      expect(body.next_cursor === null).toBe(page === 2);
    }
    expect(pages).toEqual(["c2", "c4", "c0", "c3", "c1"]);
    const names = async (query: string) =>
      (await listOf(shop.project, query)).map((review) => review.customer.identifier);
    expect(await names("&sort=age")).toEqual(["c0", "c1", "c2", "c3", "c4"]);
    expect(await names("&customer=c4")).toEqual(["c4"]);
    expect(await names("&min_score=0.998&sort=age")).toEqual(["c3", "c4"]);
    expect(await names(`&campaign_id=${shop.promotion.mainId}&status=open`)).toHaveLength(5);
    expect(await names("&campaign_id=cam_other")).toEqual([]);
    expect(await names("&origin=late")).toEqual([]);
    expect(await names("&overdue=true")).toEqual([]);
    await app.pool.query("update review set due_at = now() where project_id = $1 and customer = 'c1'", [
      shop.project.projectId,
    ]);
    expect(await names("&overdue=true")).toEqual(["c1"]);
    expect(await names("&overdue=false")).toHaveLength(4);
    const [first] = await listOf(shop.project);
    await send(shop.project, "POST", `/v1/reviews/${first.id}/assign`);
    expect(await names("&assigned_to=me")).toEqual(["c2"]);
    expect(await names("&assigned_to=nobody")).toHaveLength(4);
    for (const query of ["min_score=2", "status=closing", "sort=score", "assigned_to=", "limit=0", "cursor=x", "x=1"]) {
      expect([query, (await send(shop.project, "GET", `/v1/reviews?${query}`)).status]).toEqual([query, 400]);
    }
  });

  it("is for the scope review alone, and of one project", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const review = await onlyReview(app, shop.project);
    const stranger = await app.newProject();
    expect(await listOf(stranger)).toEqual([]);
    expect((await send(stranger, "GET", `/v1/reviews/${review.id}`)).status).toBe(404);
    expect((await decide(stranger, review.id, { decision: "confirm" })).status).toBe(404);
    const reports = await withKey(app, shop.project, { kind: "secret", scopes: ["analytics", "manage"] });
    expect((await send(reports, "GET", "/v1/reviews")).status).toBe(403);
  });
});

describe("reviews that wait", () => {
  it("a day too long raise an alert, which the project's data health shows and a stranger's does not", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    await app.pool.query("update review set due_at = now() - interval '25 hours' where id = $1", [id]);
    const watcher = createWatcher({ pool: app.pool, log: app.deps.log });
    await watcher.look();
    await watcher.look();
    const alertsOf = async (project: TestProject) =>
      (await send(project, "GET", "/v1/data-health")).body.alerts
        .filter((alert: { kind: string }) => alert.kind === "reviews_overdue")
        .map((alert: { resolved_at: string | null }) => alert.resolved_at !== null);
    expect(await alertsOf(shop.project)).toEqual([false]);
    expect(await alertsOf(await app.newProject())).toEqual([]);
    await decide(shop.project, id, { decision: "dismiss" });
    await watcher.look();
    const { rows } = await app.pool.query("select from alert where kind = 'reviews_overdue' and resolved_at is null");
    expect(rows).toEqual([]);
  });

  it("forget a customer who is erased, in notes and timelines too", async () => {
    const shop = await openSuspectShop(app);
    const identifier = "kim.kardamom@example.com";
    await redeemAs(app, shop, { score: 0.995, customer: identifier });
    const { id } = await onlyReview(app, shop.project);
    await send(shop.project, "POST", `/v1/reviews/${id}/notes`, { note: `Called ${identifier}.` });
    await decide(shop.project, id, { decision: "dismiss", note: `${identifier} is known.` });
    const client = await app.pool.connect();
    try {
      await rewritePlaces(client, {
        projectId: shop.project.projectId,
        person: { identifier, texts: [] },
        customerIds: [],
        pseudonym: "erased-1",
      });
    } finally {
      client.release();
    }
    const { body } = await send(shop.project, "GET", `/v1/reviews/${id}`);
    expect(body).toMatchObject({ customer: { identifier: "erased-1" }, note: "erased-1 is known." });
    expect(JSON.stringify(body)).not.toContain("kardamom");
    await expect(app.pool.query("update review_entry set note = 'x' where review_id = $1", [id])).rejects.toThrow(
      "append-only",
    );
  });
});

describe("taking a review", () => {
  it("gives it to exactly one of 50 who want it at once, and tells the others until when", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    const callers = await Promise.all(Array.from({ length: 50 }, () => withKey(app, shop.project, reviewerKey)));
    const answers = await Promise.all(callers.map((caller) => send(caller, "POST", `/v1/reviews/${id}/assign`)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const until = winners[0]?.body.locked_until;
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      expect([status, body.code, body.locked_until]).toEqual([409, "review_locked", until]);
    }
    const winner = callers[answers.findIndex(({ status }) => status === 200)] as (typeof callers)[number];
    const loser = callers[answers.findIndex(({ status }) => status !== 200)] as (typeof callers)[number];
    expect((await decide(loser, id, { decision: "confirm" })).body.code).toBe("review_locked");
    expect((await send(loser, "POST", `/v1/reviews/${id}/release`)).body.code).toBe("review_locked");
    const renewed = await send(winner, "POST", `/v1/reviews/${id}/assign`);
    expect(Date.parse(renewed.body.locked_until)).toBeGreaterThan(Date.parse(until));
    expect((await send(winner, "POST", `/v1/reviews/${id}/release`)).body.assigned_to).toBeNull();
    expect((await send(loser, "POST", `/v1/reviews/${id}/assign`)).status).toBe(200);
  });

  it("under an Idempotency-Key that another reviewer has used does not tell them that it is theirs", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    const one = await withKey(app, shop.project, reviewerKey);
    const other = await withKey(app, shop.project, reviewerKey);
    const take = (caller: typeof one) =>
      send(caller, "POST", `/v1/reviews/${id}/assign`, undefined, { "idempotency-key": `take-${id}` });
    expect([(await take(one)).status, (await take(one)).status]).toEqual([200, 200]);
    const refused = await take(other);
    expect([refused.status, refused.body.code]).toEqual([422, "idempotency_key_reused"]);
  });

  it("ends by itself", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    const other = await withKey(app, shop.project, reviewerKey);
    await send(other, "POST", `/v1/reviews/${id}/assign`);
    await app.pool.query("update review set locked_until = now() where id = $1", [id]);
    expect((await decide(shop.project, id, { decision: "dismiss" })).status).toBe(200);
  });
});

describe("a decision", () => {
  it("is one of 20 made at once, is announced once, and is in the audit log with who made it", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const { id } = await onlyReview(app, shop.project);
    const callers = await Promise.all(Array.from({ length: 20 }, () => withKey(app, shop.project, reviewerKey)));
    const answers = await Promise.all(
      callers.map((caller, at) =>
        decide(caller, id, { decision: at % 2 === 0 ? "confirm" : "dismiss", note: `by ${at}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.code))).toEqual(
      new Set(["review_decided"]),
    );
    const [won] = answers.filter(({ status }) => status === 200);
    const events = await announced(app, shop.project, "review.decided");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ review_id: id, decision: won?.body.status, reviewer: won?.body.decided_by });
    const log = await send(shop.project, "GET", `/v1/audit-log?subject_type=review&subject_id=${id}`);
    expect(log.body.data).toMatchObject([
      { action: "status_changed", actor: { id: won?.body.decided_by.id }, after: { status: won?.body.status } },
    ]);
    expect(JSON.stringify(log.body)).not.toContain("kim");
  });

  it("made again by the same reviewer is the same; another one is refused", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    const first = await decide(shop.project, id, { decision: "dismiss", note: "A gift." });
    expect(first.body).toMatchObject({ status: "dismissed", decision: "dismiss", note: "A gift." });
    expect((await decide(shop.project, id, { decision: "dismiss" })).status).toBe(200);
    const other = await decide(shop.project, id, { decision: "confirm" });
    expect([other.status, other.body.code, other.body.status]).toEqual([409, "review_decided", 409]);
    expect(await announced(app, shop.project, "review.decided")).toHaveLength(1);
  });

  it("that takes back more than the one before is another one", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const { id } = await onlyReview(app, shop.project);
    const confirm = (scope: string) => decide(shop.project, id, { decision: "confirm", claw_back: scope });
    expect([(await confirm("this")).status, (await confirm("this")).status]).toEqual([200, 200]);
    const { status, body } = await confirm("cluster");
    expect([status, body.code]).toEqual([409, "review_decided"]);
  });

  it("under an Idempotency-Key is answered to the byte, refusals too", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const { id } = await onlyReview(app, shop.project);
    const ask = (body: object, key: string) =>
      shop.project.request("POST", `/v1/reviews/${id}/decision`, body, { "idempotency-key": key });
    const first = await (await ask({ decision: "dismiss" }, "d")).text();
    const again = await ask({ decision: "dismiss" }, "d");
    expect([await again.text(), again.headers.get("idempotency-replayed")]).toEqual([first, "true"]);
    expect((await ask({ decision: "confirm" }, "d")).status).toBe(422);
    const refused = await (await ask({ decision: "confirm" }, "e")).text();
    expect(await (await ask({ decision: "confirm" }, "e")).text()).toBe(refused);
  });

  it("to hold keeps it, gives it back and makes it due later", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995 });
    const review = await onlyReview(app, shop.project);
    await send(shop.project, "POST", `/v1/reviews/${review.id}/assign`);
    await app.pool.query("update review set due_at = now() where id = $1", [review.id]);
    const { body } = await decide(shop.project, review.id, { decision: "hold", note: "Asked the bank." });
    expect(body).toMatchObject({ status: "held", assigned_to: null, decision: null, overdue: false });
    expect(Date.parse(body.due_at)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect((await decide(shop.project, review.id, { decision: "confirm" })).body.status).toBe("confirmed");
  });

  it("refuses what does not go together, and notes that are too long", async () => {
    const shop = await openSuspectShop(app);
    for (const [body, pointer] of [
      [{ decision: "dismiss", claw_back: "this" }, "/claw_back"],
      [{ decision: "confirm", preview_digest: "0".repeat(64) }, "/preview_digest"],
      [{ decision: "confirm", note: "x".repeat(2_001) }, "/note"],
      [{ decision: "perhaps" }, "/decision"],
    ] as const) {
      const answer = await decide(shop.project, "rev_none", body);
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    }
  });

  it("about many says for each what became of it", async () => {
    const shop = await openSuspectShop(app);
    for (const customer of ["a", "b", "c"]) await redeemAs(app, shop, { score: 0.995, customer });
    await follow(app);
    const reviews = await listOf(shop.project, "&sort=age");
    const other = await withKey(app, shop.project, reviewerKey);
    await send(other, "POST", `/v1/reviews/${reviews[1].id}/assign`);
    const ids = [...reviews.map((review) => review.id), "rev_none"];
    const { status, body } = await send(shop.project, "POST", "/v1/reviews/bulk", { ids, decision: "dismiss" });
    expect(status).toBe(200);
    expect(
      body.results.map((one: { outcome: string; problem: { code: string } | null }) => [
        one.outcome,
        one.problem?.code,
      ]),
    ).toEqual([
      ["decided", undefined],
      ["refused", "review_locked"],
      ["decided", undefined],
      ["refused", "not_found"],
    ]);
    const twice = { ids: [ids[0], ids[0]], decision: "dismiss" };
    expect((await send(shop.project, "POST", "/v1/reviews/bulk", twice)).status).toBe(400);
  });
});

describe("a held reservation", () => {
  async function held(customer: string) {
    const shop = await openSuspectShop(app, { sub: { redemptions_max: 1 } });
    await setPolicy(shop.project, shop.promotion.campaignId, { hold: 0.9, hold_seconds: 3_600 });
    const { status, body } = await redeemAs(app, shop, { score: 0.95, customer });
    expect(status).toBe(422);
    const review = await onlyReview(app, shop.project);
    expect(review).toMatchObject({
      subject: { kind: "reservation", id: body.reservation.id },
      action: "hold",
      redemption_id: null,
      reservation_status: "held",
      expires_at: body.reservation.expires_at,
      due_at: body.reservation.expires_at,
    });
    return { shop, review, reservationId: body.reservation.id as string };
  }

  it("that is dismissed is redeemed, and stays one review", async () => {
    const { shop, review, reservationId } = await held("kim");
    const { body } = await decide(shop.project, review.id, { decision: "dismiss" });
    expect(body).toMatchObject({ status: "dismissed", reservation_status: "confirmed" });
    const reservation = await send(shop.project, "GET", `/v1/reservations/${reservationId}`);
    expect(reservation.body).toMatchObject({ status: "confirmed", redemption_id: body.redemption_id });
    expect((await send(shop.project, "GET", `/v1/redemptions/${body.redemption_id}`)).body.status).toBe("redeemed");
    expect(await usageOf(shop)).toMatchObject({ redemptions_count: 1 });
    await onlyReview(app, shop.project);
  });

  it("that is confirmed is given back", async () => {
    const { shop, review, reservationId } = await held("kim");
    const { body } = await decide(shop.project, review.id, { decision: "confirm" });
    expect(body).toMatchObject({ status: "confirmed", reservation_status: "cancelled", redemption_id: null });
    expect((await send(shop.project, "GET", `/v1/reservations/${reservationId}`)).body.status).toBe("cancelled");
    expect(await usageOf(shop)).toMatchObject({ redemptions_count: 0 });
    expect(await onlyReview(app, shop.project)).toMatchObject({ status: "confirmed" });
  });

  it("that runs out closes its review", async () => {
    const { shop, reservationId } = await held("kim");
    await shop.project.request("DELETE", `/v1/reservations/${reservationId}`);
    expect(await onlyReview(app, shop.project)).toMatchObject({
      status: "closed",
      closed_because: "reservation_cancelled",
    });
  });

  it("is settled by a worker when the process died after the decision", async () => {
    const { shop, review } = await held("kim");
    await app.pool.query(
      "update review set status = 'dismissed', decided_at = now(), settle_after = now() where id = $1",
      [review.id],
    );
    const row = await app.db.selectFrom("review").selectAll().where("id", "=", review.id).executeTakeFirstOrThrow();
    await Promise.all([settle(app.deps, row), settle(app.deps, row)]);
    expect(await onlyReview(app, shop.project)).toMatchObject({ reservation_status: "confirmed" });
    const { body } = await send(shop.project, "GET", `/v1/reviews/${review.id}`);
    expect(body.timeline.filter((entry: { kind: string }) => entry.kind === "settled")).toHaveLength(1);
  });
});

describe("metrics", () => {
  it("count what waits, precision and money by reviewer and by source", async () => {
    const shop = await openSuspectShop(app);
    for (const customer of ["a", "b", "c", "d"]) await redeemAs(app, shop, { score: 0.995, customer });
    await setPolicy(shop.project, shop.promotion.campaignId, { reject: 0.9 });
    await redeemAs(app, shop, { score: 0.995, customer: "e" });
    await follow(app);
    const reviews = await listOf(shop.project, "&sort=age");
    const at = async (index: number, decision: object) => decide(shop.project, reviews[index].id, decision);
    await at(0, { decision: "confirm", claw_back: "this" });
    await at(1, { decision: "confirm" });
    await at(2, { decision: "dismiss" });
    await at(4, { decision: "confirm" });
    const { status, body } = await send(shop.project, "GET", "/v1/reviews/metrics?days=7");
    expect(status).toBe(200);
    const judged = { confirmed_count: 3, dismissed_count: 1, decided_count: 4, precision: 0.75 };
    const amounts = [{ currency: "EUR", recovered_amount: 500, prevented_amount: 500 }];
    expect(body).toMatchObject({ days: 7, open_count: 1, held_count: 0, overdue_count: 0, ...judged, amounts });
    expect(body.by_reviewer).toMatchObject([{ ...judged, amounts, amount_per_decision: 250 }]);
    expect(body.by_source).toMatchObject([
      { kind: "feature", name: "codes_count", ...judged },
      { kind: "model", name: "risk@test", ...judged },
    ]);
    const { body: none } = await send(await app.newProject(), "GET", "/v1/reviews/metrics");
    expect(none).toMatchObject({
      days: 30,
      decided_count: 0,
      precision: null,
      median_age_seconds: null,
      by_reviewer: [],
    });
  });
});
