/** Claw-backs that want the same, people who decide in between, and what fails on the way. */
import { describe, expect, it } from "vitest";
import { audit } from "../../../api/audit/audit.ts";
import { workOut } from "../../../api/reviews/claw-back/work.ts";
import { settleLeft } from "../../../api/reviews/settle.ts";
import { createRelay } from "../../../ingest/relay.ts";
import { type Body, send, withKey } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { readMart } from "../../warehouse/read-mart.ts";
import { announced, setPolicy, useScoredApp } from "../risk/scored-app.ts";
import { decide, follow, listOf, onlyReview, openSuspectShop, redeemAs, type Suspect } from "./queue.ts";

const app = useScoredApp();

async function expectExact({ projectId }: TestProject): Promise<void> {
  expect((await audit(app.pool, projectId)).filter((account) => account.differing > 0)).toEqual([]);
}

async function stateOf(project: TestProject): Promise<unknown> {
  const read = async (query: string) => (await app.pool.query(query, [project.projectId])).rows;
  return {
    blocked: await read("select identifier, blocked from customer where project_id = $1 order by 1"),
    vouchers: await read("select code, status, redemptions_count from voucher where project_id = $1 order by 1"),
    standing: await read(
      "select order_id, discount_amount from redemption where project_id = $1 and status = 'redeemed' order by 1",
    ),
  };
}

/** Recovered by reviewer, as the API and as the warehouse count it: the same. */
async function recovered(project: TestProject): Promise<unknown> {
  const { body } = await send(project, "GET", "/v1/reviews/metrics?days=7");
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
  const rows = await readMart(app, "reviewers_daily", project.projectId, "reviewer_id");
  const total = (parts: Body[]) => parts.reduce((sum, part) => sum + Number(part.recovered_amount), 0);
  expect(total(rows)).toBe(total(body.amounts));
  const inMart = Object.fromEntries(rows.map((row) => [row.reviewer_name, Number(row.recovered_amount)]));
  for (const one of body.by_reviewer) expect(inMart[one.reviewer.name]).toBe(total(one.amounts));
  return inMart;
}

/** Two suspect redemptions of kim with one code. Ann has confirmed the second; Ben confirms and claws back the first. */
async function openOverlap() {
  const shop = await openSuspectShop(app, { voucher: { kind: "unique", redemptions_max: 5 } });
  for (let at = 0; at < 2; at++) await redeemAs(app, shop, { score: 0.995, customer: "kim" });
  await follow(app);
  const [first, second] = await listOf(shop.project, "&sort=age");
  const ann = await withKey(app, shop.project, { kind: "secret", name: "Ann", scopes: ["review"] });
  const ben = await withKey(app, shop.project, { kind: "secret", name: "Ben", scopes: ["review"] });
  const before = await stateOf(shop.project);
  await decide(ann, second.id, { decision: "confirm" });
  const { body } = await decide(ben, first.id, { decision: "confirm", claw_back: "cluster" });
  expect(body.claw_back.status).toBe("done");
  return { ...shop, ann, ben, before, first: first.id, second: second.id, bens: body.claw_back.id };
}

const undo = async (caller: Pick<TestProject, "request">, id: string): Promise<Body> =>
  (await send(caller, "POST", `/v1/claw-backs/${id}/undo`)).body;

describe("two claw-backs that want the same", () => {
  it("hold it together: it stays until both are undone, in whatever order, and counts for one of them", async () => {
    for (const order of ["the doer first", "the holder first"]) {
      const { project, promotion, ann, ben, before, first, second, bens } = await openOverlap();
      const after = await stateOf(project);
      const { body: shown } = await send(ann, "GET", `/v1/reviews/${second}/claw-back-preview?scope=cluster`);
      expect(shown).toMatchObject({ customers: [], vouchers: [], redemptions: [], totals: { amounts: [] } });
      expect(shown.held.map((one: Body) => [one.kind, one.claw_back_id])).toEqual(
        ["customer", "voucher", "redemption", "redemption"].map((kind) => [kind, bens]),
      );
      expect(shown.held.slice(0, 2)).toMatchObject([{ target: "kim" }, { target: promotion.code }]);
      const wanted = { scope: "cluster", preview_digest: shown.digest };
      const { body: anns } = await send(ann, "POST", `/v1/reviews/${second}/claw-back`, wanted);
      expect(anns).toMatchObject({
        status: "done",
        amounts: [],
        steps: Array(4).fill({ outcome: "held", held_by: bens }),
      });
      expect(await recovered(project)).toEqual({ Ann: 0, Ben: 1000 });

      const [one, other] = order === "the doer first" ? [bens, anns.id] : [anns.id, bens];
      const { body: asked } = await send(ben, "GET", `/v1/claw-backs/${one}`);
      expect(asked.undo_leaves).toHaveLength(4);
      expect(asked.undo_leaves[0]).toEqual({
        ...{ kind: "customer", target: "kim", because: "held_by_claw_back", claw_back_id: other },
      });
      expect(await undo(ben, one)).toMatchObject({
        status: "undone",
        steps_failed: 0,
        amounts: [],
        steps: Array(4).fill({ undo: "kept", undo_reason: "held_by_claw_back", held_by: other }),
      });
      expect(await stateOf(project)).toEqual(after);
      await expectExact(project);
      await follow(app);
      const statuses = async () => (await listOf(project, "&sort=age")).map((review) => [review.id, review.status]);
      expect(await statuses()).toEqual([first, second].map((id) => [id, "confirmed"]));
      expect(await recovered(project)).toEqual(order === "the doer first" ? { Ann: 1000 } : { Ben: 1000 });

      expect(await undo(ann, other)).toMatchObject({
        status: "undone",
        steps_failed: 0,
        steps: Array(4).fill({ undo: "done", undo_reason: null }),
      });
      expect(await stateOf(project)).toEqual(before);
      await expectExact(project);
      await follow(app);
      expect(await statuses()).toEqual([first, second].map((id) => [id, "open"]));
      expect(await recovered(project)).toEqual({});
    }
  });

  it("undone at the same time leave nothing behind", async () => {
    const { project, ann, ben, before, second, bens } = await openOverlap();
    const { body: anns } = await send(ann, "POST", `/v1/reviews/${second}/claw-back`, { scope: "cluster" });
    await Promise.all([undo(ann, anns.id), undo(ben, bens)]);
    await workOut(app.deps);
    expect(await stateOf(project)).toEqual(before);
    await expectExact(project);
    await follow(app);
    expect((await listOf(project)).map((review) => review.status)).toEqual(["open", "open"]);
    expect(await announced(app, project, "claw_back.undone")).toHaveLength(2);
  });

  it("of which one was begun and the first undone since: its preview is not what would be done any more", async () => {
    const { ann, ben, second, bens } = await openOverlap();
    const { body: shown } = await send(ann, "GET", `/v1/reviews/${second}/claw-back-preview?scope=cluster`);
    await undo(ben, bens);
    const again = await decide(ann, second, {
      ...{ decision: "confirm", claw_back: "cluster", preview_digest: shown.digest },
    });
    expect(again.body.code).toBe("review_decided");
    const wanted = { scope: "cluster", preview_digest: shown.digest };
    const { body } = await send(ann, "POST", `/v1/reviews/${second}/claw-back`, wanted);
    expect(body.code).toBe("preview_changed");
  });
});

describe("what a person decided after a claw-back", () => {
  it("stands when it is undone: who was blocked again stays blocked, who was unblocked is not blocked again", async () => {
    const { project, promotion, ben, bens } = await openOverlap();
    const block = (blocked: boolean) => send(project, "PUT", "/v1/customers/kim", { blocked });
    expect((await block(false)).status).toBe(200);
    const code = `/v1/vouchers/${promotion.code}`;
    await send(project, "POST", `${code}/enable`);
    const { body: unblocked } = await send(ben, "GET", `/v1/claw-backs/${bens}`);
    const left = [
      { kind: "customer", target: "kim", because: "changed_meanwhile", claw_back_id: null },
      { kind: "voucher", target: promotion.code, because: "changed_meanwhile", claw_back_id: null },
    ];
    expect(unblocked.undo_leaves).toEqual(left);
    await block(true);
    await send(project, "POST", `${code}/disable`);
    expect((await send(ben, "GET", `/v1/claw-backs/${bens}`)).body.undo_leaves).toEqual(left);
    const undone = await undo(ben, bens);
    expect(undone.steps.slice(0, 2)).toMatchObject([
      { kind: "customer", undo: "kept", undo_reason: "changed_meanwhile", held_by: null },
      { kind: "voucher", undo: "kept", undo_reason: "changed_meanwhile", held_by: null },
    ]);
    expect(undone.steps.slice(2)).toMatchObject([{ undo: "done" }, { undo: "done" }]);
    expect((await send(project, "GET", "/v1/customers/kim")).body.blocked).toBe(true);
    expect((await send(project, "GET", code)).body.status).toBe("disabled");
  });

  it("is nobody's to hold: a claw-back after it finds the customer blocked, and leaves it so", async () => {
    const { project, ann, ben, second, bens } = await openOverlap();
    for (const blocked of [false, true]) await send(project, "PUT", "/v1/customers/kim", { blocked });
    const { body: shown } = await send(ann, "GET", `/v1/reviews/${second}/claw-back-preview?scope=cluster`);
    expect(shown.held.map((one: Body) => one.kind)).toEqual(["voucher", "redemption", "redemption"]);
    expect(shown.customers).toEqual([]);
    const { body: anns } = await send(ann, "POST", `/v1/reviews/${second}/claw-back`, { scope: "cluster" });
    await undo(ben, bens);
    await undo(ann, anns.id);
    expect((await send(project, "GET", "/v1/customers/kim")).body.blocked).toBe(true);
  });
});

describe("what fails", () => {
  async function failing<T>(table: string, { project }: Suspect, work: () => Promise<T>): Promise<T> {
    await app.pool.query(`
      create function fail_${table}() returns trigger language plpgsql as
        $$ begin raise exception 'no %', new.id using errcode = '53100'; end $$;
      create trigger fail before update on ${table} for each row when (new.project_id = '${project.projectId}')
        execute function fail_${table}()`);
    try {
      return await work();
    } finally {
      await app.pool.query(`drop trigger fail on ${table}; drop function fail_${table}()`);
    }
  }

  it("of a claw-back is said of it until it goes on", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const { body } = await failing("customer", shop, () =>
      decide(shop.project, review.id, { decision: "confirm", claw_back: "cluster" }),
    );
    const read = async () => (await send(shop.project, "GET", `/v1/claw-backs/${body.claw_back.id}`)).body;
    expect(await read()).toMatchObject({ status: "running", steps_done: 0, error: "The database said 53100." });
    await workOut(app.deps);
    expect(await read()).toMatchObject({ status: "done", steps_failed: 0, error: null });
  });

  it("of a hold's end is tried again later, after the others", async () => {
    const shop = await openSuspectShop(app);
    await setPolicy(shop.project, null, { hold: 0.9 });
    await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const { id } = await onlyReview(app, shop.project);
    const settleAt = async () => {
      const { rows } = await app.pool.query("select settle_after from review where id = $1", [id]);
      return rows[0].settle_after;
    };
    await failing("reservation", shop, async () => {
      await decide(shop.project, id, { decision: "confirm" });
      await app.pool.query("update review set settle_after = now() - interval '1 hour' where id = $1", [id]);
      await settleLeft(app.deps);
    });
    expect((await settleAt()).getTime()).toBeGreaterThan(Date.now());
    await app.pool.query("update review set settle_after = now() - interval '1 hour' where id = $1", [id]);
    await settleLeft(app.deps);
    expect(await settleAt()).toBeNull();
  });

  it("in part when it is undone leaves the rest recovered, in the API as in the warehouse", async () => {
    const shop = await openSuspectShop(app, { sub: { redemptions_max: 2 } });
    for (let at = 0; at < 2; at++) await redeemAs(app, shop, { score: at === 0 ? 0.995 : 0, customer: "kim" });
    const review = await onlyReview(app, shop.project);
    const { body } = await decide(shop.project, review.id, { decision: "confirm", claw_back: "cluster" });
    expect((await redeemAs(app, shop, { score: 0, customer: "lee" })).status).toBe(201);
    expect(await undo(shop.project, body.claw_back.id)).toMatchObject({ status: "undone", steps_failed: 1 });
    expect(Object.values((await recovered(shop.project)) as object)).toEqual([500]);
  });
});

describe("the same words twice", () => {
  it("are written once, whether held or noted; after something else they are new", async () => {
    const shop = await openSuspectShop(app);
    await redeemAs(app, shop, { score: 0.995, customer: "kim" });
    const { id } = await onlyReview(app, shop.project);
    const hold = () => decide(shop.project, id, { decision: "hold", note: "Ask the bank." });
    const add = () => send(shop.project, "POST", `/v1/reviews/${id}/notes`, { note: "They did not answer." });
    for (const again of [hold, hold, add, add, hold]) expect((await again()).status).toBeLessThan(300);
    const { body } = await send(shop.project, "GET", `/v1/reviews/${id}`);
    const kinds = body.timeline.map((entry: Body) => entry.kind);
    expect(kinds).toEqual(["opened", "held", "noted", "held"]);
    expect(await announced(app, shop.project, "review.held")).toHaveLength(2);
  });
});
