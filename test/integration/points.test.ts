import { describe, expect, it } from "vitest";
import { expirePoints, runPointsExpiry } from "../../api/points/expire.ts";
import { type Answer, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { expectExactPoints } from "../support/points.ts";
import { setUpPromotion } from "../support/promotions.ts";

const app = useApp();
const path = "/v1/customers/ada/points";

async function withAda(): Promise<TestProject> {
  const project = await app.newProject();
  await send(project, "PUT", "/v1/customers/ada", {});
  return project;
}

/** Puts the expiry of every lot of the project into the past, as time would. */
async function lapse(project: TestProject): Promise<void> {
  await app.pool.query(
    "update points_lot set expires_at = now() - interval '1 second' where project_id = $1 and expires_at is not null",
    [project.projectId],
  );
}

describe("points by hand", () => {
  it("are given and taken, and every move is an entry with the balance after it, the newest first", async () => {
    const project = await withAda();
    const given = await send(project, "POST", path, { points: 100, reason: "Welcome" });
    expect(given.status).toBe(201);
    expect(given.body).toMatchObject({
      balance: 100,
      entry: { kind: "adjusted", points: 100, balance_after: 100, reason: "Welcome", reference_id: null },
    });
    const taken = await send(project, "POST", path, { points: -30 });
    expect([taken.status, taken.body.balance]).toEqual([201, 70]);
    const first = await send(project, "GET", `${path}?limit=1`);
    expect(first.body).toMatchObject({ balance: 70, expiring: [], data: [{ points: -30, balance_after: 70 }] });
    const second = await send(project, "GET", `${path}?limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ balance: 70, data: [given.body.entry], next_cursor: null });
    await expectExactPoints(app.pool, project.projectId);
  });

  it("are refused with the balance and what was asked when there are not enough, and nothing changes", async () => {
    const project = await withAda();
    await send(project, "POST", path, { points: 20 });
    const before = await send(project, "GET", path);
    for (const headers of [{}, { "idempotency-key": "once" }, { "idempotency-key": "once" }]) {
      const refused = await send(project, "POST", path, { points: -21 }, headers);
      expect([refused.status, refused.body.code]).toEqual([409, "points_not_enough"]);
      expect(refused.body).toMatchObject({ balance: 20, asked: 21 });
    }
    expect((await send(project, "GET", path)).body).toEqual(before.body);
  });

  it("are given once, however often the same request comes", async () => {
    const project = await withAda();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(project, "POST", path, { points: 10 }, { "idempotency-key": "gift" })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify([answer.status, answer.body]))).size).toBe(1);
    expect((await send(project, "GET", path)).body).toMatchObject({ balance: 10, data: [{ points: 10 }] });
  });

  it("expire at their instant, whether or not anybody has written it down", async () => {
    const project = await withAda();
    await send(project, "POST", path, { points: 5 });
    await send(project, "POST", path, { points: 7, expires_in_days: 30 });
    await send(project, "POST", path, { points: 9, expires_at: "2199-01-01T00:00:00Z" });
    const before = (await send(project, "GET", path)).body;
    expect(before.balance).toBe(21);
    expect(before.expiring).toEqual([
      { points: 7, expires_at: expect.any(String) },
      { points: 9, expires_at: "2199-01-01T00:00:00.000Z" },
    ]);
    const days = (Date.parse(before.expiring[0].expires_at) - Date.parse(before.data[1].created_at)) / 86_400_000;
    expect(days).toBe(30);
    await lapse(project);
    expect((await send(project, "GET", path)).body).toMatchObject({ balance: 5, expiring: [], data: before.data });
    expect((await send(project, "POST", path, { points: -6 })).body.balance).toBe(5);
    while ((await expirePoints(app.pool)) > 0);
    const after = (await send(project, "GET", path)).body;
    expect(after).toMatchObject({ balance: 5, data: [{ kind: "expired", points: -16, balance_after: 5 }, {}, {}, {}] });
    await expectExactPoints(app.pool, project.projectId);
  });

  it("are expired by workers, any number of them, each lot once, until they are told to stop", async () => {
    const project = await app.newProject();
    const names = Array.from({ length: 40 }, (_, n) => `customer-${n}`);
    const segment = await send(project, "POST", "/v1/segments", { name: "all" });
    await send(project, "POST", `/v1/segments/${segment.body.id}/members`, { customers: names });
    for (const name of names) {
      await send(project, "POST", `/v1/customers/${name}/points`, { points: 3, expires_in_days: 1 });
      await send(project, "POST", `/v1/customers/${name}/points`, { points: 4 });
    }
    await lapse(project);
    const stop = new AbortController();
    const workers = Array.from({ length: 4 }, () => runPointsExpiry(app.deps, stop.signal));
    const count = async () => {
      const { rows } = await app.pool.query(
        "select count(*) as n, count(distinct customer_id) as customers, sum(points)::bigint as points from points_entry where project_id = $1 and kind = 'expired'",
        [project.projectId],
      );
      return rows[0];
    };
    await expect.poll(count, { timeout: 30_000 }).toEqual({ n: 40, customers: 40, points: -120 });
    stop.abort();
    await Promise.all(workers);
    await expectExactPoints(app.pool, project.projectId);
  });

  it("name the field that is wrong", async () => {
    const project = await withAda();
    const cases: [object, string][] = [
      [{ points: 0 }, "/points"],
      [{ points: 1.5 }, "/points"],
      [{ points: 1_000_000_001 }, "/points"],
      [{ points: 1, reason: "" }, "/reason"],
      [{ points: -1, expires_in_days: 1 }, "/expires_in_days"],
      [{ points: -1, expires_at: "2199-01-01T00:00:00Z" }, "/expires_at"],
      [{ points: 1, expires_at: "2199-01-01T00:00:00Z", expires_in_days: 3 }, "/expires_in_days"],
      [{ points: 1, expires_at: "2020-01-01T00:00:00Z" }, "/expires_at"],
    ];
    for (const [body, pointer] of cases) {
      const answer = await send(project, "POST", path, body);
      expect([body, answer.status, answer.body.errors?.[0].pointer]).toEqual([body, 400, pointer]);
    }
    expect((await send(project, "POST", "/v1/customers/nobody/points", { points: 1 })).status).toBe(404);
    expect((await send(project, "GET", path)).body).toEqual({ balance: 0, expiring: [], data: [], next_cursor: null });
  });

  it("are not for a checkout to give", async () => {
    const project = await withAda();
    const checkout = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
    expect((await send(checkout, "POST", path, { points: 5 })).status).toBe(403);
    expect((await send(checkout, "GET", path)).status).toBe(200);
  });
});

describe("points exchanged for a voucher", () => {
  const exchange = (project: Pick<TestProject, "request">, campaignId: string, headers = {}, customer = "ada") =>
    send(project, "POST", `/v1/customers/${customer}/points/exchange`, { campaign_id: campaignId }, headers);
  const keysOf = (answer: Answer) => answer.body.reasons.map((reason: { key: string }) => reason.key);

  it("pay its price at once: the voucher is the customer's, handed out through points", async () => {
    const project = await withAda();
    const { campaignId } = await setUpPromotion(project, { sub: { points_price: 80, voucher_lifetime_days: 10 } });
    await send(project, "POST", path, { points: 100 });
    const answer = await exchange(project, campaignId, { "idempotency-key": "x" });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body).toMatchObject({
      points: { spent: 80, balance: 20 },
      voucher: { campaign_id: campaignId, kind: "unique", status: "distributed", customer: { identifier: "ada" } },
    });
    const { voucher } = answer.body;
    expect(Date.parse(voucher.expires_at) - Date.parse(voucher.created_at)).toBe(10 * 86_400_000);
    expect((await exchange(project, campaignId, { "idempotency-key": "x" })).body).toEqual(answer.body);
    const stored = await app.pool.query(
      `select v.points_paid, p.channel from voucher v join publication p on p.project_id = v.project_id and p.voucher_id = v.id
       where v.project_id = $1 and v.id = $2`,
      [project.projectId, voucher.id],
    );
    expect(stored.rows).toEqual([{ points_paid: true, channel: "points" }]);
    expect((await send(project, "GET", path)).body.data[0]).toMatchObject({
      kind: "exchanged",
      points: -80,
      reference_id: voucher.id,
    });
    await expectExactPoints(app.pool, project.projectId);
  });

  it("are refused with every reason, and leave neither voucher nor entry behind", async () => {
    const project = await withAda();
    const { campaignId } = await setUpPromotion(project, { sub: { points_price: 80 } });
    await send(project, "POST", path, { points: 50 });
    await send(project, "POST", `/v1/campaigns/${campaignId}/pause`, {});
    const refused = await exchange(project, campaignId);
    expect([refused.status, refused.body.code]).toEqual([422, "exchange_refused"]);
    expect(refused.body.reasons).toMatchObject([
      { key: "campaign_not_active", expected: "active", actual: "paused" },
      { key: "points_not_enough", expected: 80, actual: 50, gap: 30 },
    ]);
    await send(project, "POST", `/v1/campaigns/${campaignId}/activate`, {});
    await send(project, "PUT", "/v1/customers/ada", { blocked: true });
    expect(keysOf(await exchange(project, campaignId))).toEqual(["customer_blocked", "points_not_enough"]);
    const { rows } = await app.pool.query(
      "select count(*) from voucher where project_id = $1 and kind = 'unique' and campaign_id = $2",
      [project.projectId, campaignId],
    );
    expect(rows).toEqual([{ count: 0 }]);
    expect((await send(project, "GET", path)).body).toMatchObject({ balance: 50, data: [{ points: 50 }] });
  });

  it("buy nothing from a campaign without a price, and nothing that is not there", async () => {
    const project = await withAda();
    const { campaignId, mainId } = await setUpPromotion(project, {});
    expect((await exchange(project, campaignId)).body.code).toBe("conflict");
    expect((await exchange(project, mainId)).body.code).toBe("conflict");
    expect((await exchange(project, "cam_none")).status).toBe(404);
    expect((await exchange(project, campaignId, {}, "nobody")).status).toBe(404);
  });

  it("buy no more vouchers than limits leave to be used, however many come at once", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      sub: { points_price: 10, redemptions_max: 7, limits: { per_customer: 3 } },
    });
    const customers = ["a", "b", "c", "d"];
    for (const name of customers) {
      await send(project, "PUT", `/v1/customers/${name}`, {});
      await send(project, "POST", `/v1/customers/${name}/points`, { points: 1_000 });
    }
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => exchange(project, campaignId, {}, customers[n % 4])),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(7);
    const refusals = new Set(answers.filter((answer) => answer.status !== 201).flatMap((answer) => keysOf(answer)));
    expect([...refusals].every((key) => ["campaign_redemptions_reached", "customer_limit_reached"].includes(key))).toBe(
      true,
    );
    const { rows } = await app.pool.query(
      "select count(*) as n from voucher where project_id = $1 and points_paid group by customer_id",
      [project.projectId],
    );
    expect(Math.max(...rows.map((row) => row.n))).toBeLessThanOrEqual(3);
    await expectExactPoints(app.pool, project.projectId);
  });

  it("are spent on exactly as many vouchers as they pay for", async () => {
    const project = await withAda();
    const { campaignId } = await setUpPromotion(project, { sub: { points_price: 30 } });
    await send(project, "POST", path, { points: 100 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(project, campaignId)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 201, 201, ...Array(17).fill(422)]);
    expect((await send(project, "GET", path)).body.balance).toBe(10);
    await expectExactPoints(app.pool, project.projectId);
  });
});
