import { describe, expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { setUpPromotion } from "../support/promotions.ts";

const app = useApp();

async function announced(
  projectId: string,
): Promise<{ type: string; payload: { profile: Record<string, unknown> } }[]> {
  const { rows } = await app.pool.query(
    "select type, payload from outbox where project_id = $1 and type like 'customer.%' order by seq",
    [projectId],
  );
  return rows;
}

describe("customers", () => {
  it("are created, then changed field by field, and each change is announced once", async () => {
    const project = await app.newProject();
    const path = "/v1/customers/ada%2Flovelace";
    const created = await send(project, "PUT", path, {
      name: "Ada",
      tags: { tier: ["gold"] },
      attributes: { shoe: 38 },
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ identifier: "ada/lovelace", name: "Ada", blocked: false, email: null });
    const changed = await send(project, "PUT", path, { email: "ada@shop.example", name: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: null, email: "ada@shop.example", tags: { tier: ["gold"] } });
    const same = await send(project, "PUT", path, { email: "ada@shop.example", tags: { tier: ["gold"] } });
    expect([same.status, same.body]).toEqual([200, changed.body]);
    const events = await announced(project.projectId);
    expect(events.map((event) => event.type)).toEqual(["customer.created", "customer.updated"]);
    expect(events[1]?.payload.profile).toMatchObject({ name: null, attributes: { shoe: 38 } });
    expect((await send(project, "GET", path)).body).toEqual(changed.body);
  });

  it("are made once by many callers at once", async () => {
    const project = await app.newProject();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        send(project, "PUT", "/v1/customers/busy", { attributes: { n: index } }),
      ),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(49);
    const types = (await announced(project.projectId)).map((event) => event.type);
    expect(types.filter((type) => type === "customer.created")).toHaveLength(1);
  });

  it("name the field that is wrong", async () => {
    const project = await app.newProject();
    const cases: [object, string][] = [
      [{ email: "not an address" }, "/email"],
      [{ birthday: "1990-02-30" }, "/birthday"],
      [{ metadata: { deep: { er: 1 } } }, "/metadata/deep"],
      [{ attributes: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`a${n}`, n])) }, "/attributes"],
      [{ surname: "x" }, "/surname"],
      [{ created_at: "2999-01-01T00:00:00Z" }, "/created_at"],
      [{ created_at: "2150-01-01T00:00:00Z" }, "/created_at"],
    ];
    for (const [body, pointer] of cases) {
      const answer = await send(project, "PUT", "/v1/customers/x", body);
      expect([pointer, answer.status, answer.body.errors[0].pointer]).toEqual([pointer, 400, pointer]);
    }
    expect((await project.request("GET", "/v1/customers/x")).status).toBe(404);
  });

  it("are listed newest first, page by page", async () => {
    const project = await app.newProject();
    for (const name of ["a", "b", "c"]) await project.request("PUT", `/v1/customers/${name}`, {});
    const first = await send(project, "GET", "/v1/customers?limit=2");
    const second = await send(project, "GET", `/v1/customers?limit=2&cursor=${first.body.next_cursor}`);
    const names = [...first.body.data, ...second.body.data].map((row) => row.identifier);
    expect(names).toEqual(["c", "b", "a"]);
    expect(second.body.next_cursor).toBeNull();
    const broken = await send(project, "GET", "/v1/customers?cursor=abc&limit=0");
    expect(broken.body.errors).toEqual([expect.objectContaining({ in: "query", pointer: "/limit" })]);
  });

  it("carry assigned and published vouchers in their wallet", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {
      sub: { rewards: [{ type: "order_discount", percent_bp: 1000 }] },
    });
    await project.request("PUT", "/v1/customers/ada", {});
    const vouchers = `/v1/campaigns/${campaignId}/vouchers`;
    await send(project, "POST", vouchers, { code: "MINE", kind: "unique", customer: { identifier: "ada" } });
    await send(project, "POST", vouchers, { code: "SENT", kind: "generic" });
    await send(project, "POST", vouchers, { code: "OTHER", kind: "generic" });
    const sent = await send(project, "POST", "/v1/vouchers/SENT/publish", {
      customer: { identifier: "ada" },
      channel: "email",
    });
    expect(sent.status).toBe(201);
    const { body } = await send(project, "GET", "/v1/customers/ada/wallet");
    expect(body.data).toMatchObject([
      { code: "MINE", campaign_id: campaignId, assigned: true, redemptions_left: 1 },
      { code: "SENT", campaign_id: campaignId, assigned: false, redemptions_left: null },
    ]);
    expect((await project.request("GET", "/v1/customers/nobody/wallet")).status).toBe(404);
  });

  it("see in their wallet what a reservation holds", async () => {
    const project = await app.newProject();
    const customer = { identifier: "ada" };
    await project.request("PUT", "/v1/customers/ada", {});
    const { code } = await setUpPromotion(project, { voucher: { kind: "unique", customer } });
    const order = { id: "o1", currency: "EUR", items: [{ sku: "coffee", quantity: 1, unit_amount: 2500 }] };
    const held = await send(
      project,
      "POST",
      "/v1/reservations",
      { codes: [code], customer, order, ttl_seconds: 600 },
      { "idempotency-key": "r" },
    );
    expect(held.status, JSON.stringify(held.body)).toBe(201);
    const status = async () => (await send(project, "GET", "/v1/customers/ada/wallet")).body.data[0].status;
    expect(await status()).toBe("reserved");
    expect((await project.request("DELETE", `/v1/reservations/${held.body.id}`)).status).toBe(204);
    expect(await status()).toBe("created");
  });

  it("hold points, gift cards and codes of pools beside their vouchers", async () => {
    const project = await app.newProject();
    const customer = { identifier: "ada" };
    await project.request("PUT", "/v1/customers/ada", {});
    const read = async () => (await send(project, "GET", "/v1/customers/ada/wallet")).body;
    expect(await read()).toEqual({
      points: { balance: 0, next_expiry: null },
      gift_cards: [],
      pool_codes: [],
      data: [],
      next_cursor: null,
    });
    await setUpPromotion(project, {
      main: { template: "gift_card" },
      sub: { rewards: [] },
      voucher: { kind: "gift_card", balance_amount: 2_000, customer },
    });
    await send(project, "POST", "/v1/customers/ada/points", { points: 5 });
    await send(project, "POST", "/v1/customers/ada/points", { points: 7, expires_at: "2199-01-01T00:00:00Z" });
    const { rows } = await app.pool.query("select id from customer where project_id = $1", [project.projectId]);
    await app.pool.query(
      "insert into pool (project_id, id, name, created_at, updated_at) values ($1, 'pol_1', 'Amazon', now(), now())",
      [project.projectId],
    );
    await app.pool.query(
      `insert into pool_code (project_id, id, pool_id, code, status, customer_id, redemption_id, taken_at, created_at)
       values ($1, 'plc_1', 'pol_1', 'AMZ-1', 'taken', $2, 'red_1', now(), now()),
              ($1, 'plc_2', 'pol_1', 'AMZ-2', 'taken', $2, 'red_held', now(), now()),
              ($1, 'plc_3', 'pol_1', 'AMZ-3', 'free', null, null, null, now())`,
      [project.projectId, rows[0].id],
    );
    await app.pool.query(
      `insert into reservation (project_id, id, redemption_id, order_id, status, discount_amount, content, response, expires_at, created_at)
       values ($1, 'res_1', 'red_held', 'o', 'held', 0, '{}', '{}', now() + interval '1 hour', now())`,
      [project.projectId],
    );
    expect(await read()).toMatchObject({
      points: { balance: 12, next_expiry: { points: 7, expires_at: "2199-01-01T00:00:00.000Z" } },
      gift_cards: [{ currency: "EUR", cards_count: 1, balance_amount: 2_000 }],
      pool_codes: [{ code: "AMZ-1", pool_id: "pol_1", pool_name: "Amazon", redemption_id: "red_1" }],
      data: [{ kind: "gift_card", balance_amount: 2_000, assigned: true, status: "created" }],
    });
  });

  it("that are blocked redeem nothing until they are let in again", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    await send(project, "PUT", "/v1/customers/ada", { blocked: true });
    const validate = async () =>
      (
        await send(project, "POST", "/v1/validations", {
          codes: [code],
          customer: { identifier: "ada" },
          order: { currency: "EUR", items: [{ sku: "coffee", quantity: 1, unit_amount: 2500 }] },
        })
      ).body;
    expect((await validate()).codes[0].reasons).toMatchObject([{ key: "customer_blocked" }]);
    await send(project, "PUT", "/v1/customers/ada", { blocked: false });
    expect((await validate()).valid).toBe(true);
    expect((await announced(project.projectId)).map((event) => event.type)).toEqual([
      "customer.created",
      "customer.updated",
    ]);
  });
});
