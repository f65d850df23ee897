import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import { sweepAttempts } from "../../api/attempts/attempts.ts";
import { createKysely, createPool } from "../../api/db/kysely.ts";
import { payloads } from "../../ingest/events/events.ts";
import { type Answer, send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const context = useApp();

/** The same service in another process: its own connections, its own memory. */
let second: { request: ReturnType<typeof createApp>["request"]; close: () => Promise<void> };

beforeAll(() => {
  const pool = createPool({ connectionString: context.databaseUrl, max: 5, applicationName: "tessera-test-2" });
  const app = createApp({ ...context.deps, pool, db: createKysely(pool), metrics: new Registry() });
  second = { request: app.request.bind(app) as typeof app.request, close: () => pool.end() };
});
afterAll(() => second.close());

const order = { currency: "EUR", items: [{ sku: "coffee", quantity: 2, unit_amount: 2500 }] };

interface Attempt {
  readonly codes: readonly string[];
  readonly customer?: string;
  readonly ip?: string;
}

function bodyOf({ codes, customer, ip }: Attempt): object {
  return {
    codes,
    ...(customer === undefined ? {} : { customer: { identifier: customer } }),
    order: { ...order, ...(ip === undefined ? {} : { device: { ip } }) },
  };
}

function validate(project: Pick<TestProject, "request">, attempt: Attempt): Promise<Answer> {
  return send(project, "POST", "/v1/validations", bodyOf(attempt));
}

function redeem(project: TestProject, codes: readonly string[], customer: string, key: string): Promise<Answer> {
  const body = redeemBody({ codes, orderId: key, customer });
  return send(project, "POST", "/v1/redemptions", body, { "idempotency-key": key });
}

/** Tries so many codes that do not exist, one after the other. */
async function guess(project: Pick<TestProject, "request">, count: number, attempt: Omit<Attempt, "codes">) {
  const answers: Answer[] = [];
  for (let n = 0; n < count; n += 1) answers.push(await validate(project, { ...attempt, codes: [`GUESS${n}`] }));
  return answers.map((answer) => answer.status);
}

function expectRefusal(answer: Answer): void {
  expect(answer.body).toMatchObject({ status: 429, code: "too_many_attempts" });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(600);
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

async function windows(project: TestProject) {
  return context.db
    .selectFrom("attempt_window")
    .selectAll()
    .where("project_id", "=", project.projectId)
    .orderBy("subject")
    .execute();
}

async function detected(project: TestProject) {
  const rows = await context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", project.projectId)
    .where("type", "=", "code_guessing.detected")
    .orderBy("seq")
    .execute();
  return rows.map(({ payload }) => payloads["code_guessing.detected"].parse(payload));
}

describe("who tries codes that do not exist", () => {
  it("is refused after 20 as a customer, for right codes too and on every route, and nobody else is", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    expect(await guess(project, 20, { customer: "eve" })).toEqual(times(20, 200));
    expectRefusal(await validate(project, { codes: ["ANOTHER"], customer: "eve" }));
    expectRefusal(await validate(project, { codes: [code], customer: "eve" }));
    expectRefusal(await redeem(project, [code], "eve", "o-1"));
    expect((await validate(project, { codes: [code], customer: "ada" })).body.valid).toBe(true);
    expect((await validate(project, { codes: [code] })).body.valid).toBe(true);
    expect((await redeem(project, [code], "ada", "o-2")).status).toBe(201);
  });

  it("is refused after 50 from one address, whatever customers it names", async () => {
    const project = await context.newProject();
    const statuses: number[] = [];
    for (let n = 0; n < 50; n += 1) {
      statuses.push(...(await guess(project, 1, { customer: `eve-${n}`, ip: "203.0.113.9" })));
    }
    expect(statuses).toEqual(times(50, 200));
    expectRefusal(await validate(project, { codes: ["GUESS"], customer: "eve-50", ip: "203.0.113.9" }));
    expect((await validate(project, { codes: ["GUESS"], customer: "eve-50", ip: "203.0.113.10" })).status).toBe(200);
  });

  it("is counted by the code, in redemptions as in validations, and not for a refusal that is repeated", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    await validate(project, { codes: ["A", "B", code], customer: "eve" });
    const refused = await redeem(project, ["C", "D"], "eve", "o-1");
    expect(refused).toMatchObject({ status: 422, body: { code: "redemption_rejected" } });
    expect((await redeem(project, ["C", "D"], "eve", "o-1")).headers.get("idempotency-replayed")).toBe("true");
    await validate(project, { codes: [code], customer: "eve" });
    expect((await windows(project)).map(({ failures }) => failures)).toEqual([4, 4]);
  });

  it("still gets an answer that was given before", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const first = await redeem(project, [code], "eve", "o-1");
    await guess(project, 20, { customer: "eve" });
    const again = await redeem(project, [code], "eve", "o-1");
    expect([again.status, again.body]).toEqual([201, first.body]);
    expectRefusal(await redeem(project, [code], "eve", "o-2"));
  });

  it("is refused by every process, and again let in by all of them when the window has ended", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const elsewhere: Pick<TestProject, "request"> = {
      request: async (method, path, body, headers) =>
        second.request(path, {
          method,
          headers: { authorization: `Bearer ${project.key}`, "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
    };
    expect(await guess(project, 10, { customer: "eve" })).toEqual(times(10, 200));
    expect(await guess(elsewhere, 10, { customer: "eve" })).toEqual(times(10, 200));
    expectRefusal(await validate(project, { codes: [code], customer: "eve" }));
    // Whom this process knows nothing of yet: the table says so.
    await guess(project, 20, { customer: "mallory" });
    await context.pool.query("update attempt_window set ends_at = now() - interval '1 s' where project_id = $1", [
      project.projectId,
    ]);
    expect((await validate(elsewhere, { codes: [code], customer: "mallory" })).body.valid).toBe(true);
    await validate(elsewhere, { codes: ["GUESS"], customer: "mallory" });
    expect((await windows(project)).map(({ failures }) => failures).sort()).toEqual([1, 1, 20]);
  });

  it("is counted exactly among 200 at once, of whom no more than 20 are answered, and announced once", async () => {
    const project = await context.newProject();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => validate(project, { codes: [`GUESS${n}`], customer: "eve" })),
    );
    const statuses = answers.map(({ status }) => status);
    const answered = statuses.filter((status) => status === 200).length;
    expect(statuses.filter((status) => status === 429)).toHaveLength(200 - answered);
    expect(answered).toBe(20);
    const [customer, key] = await windows(project);
    // Those who had asked before the twentieth failure was counted are counted too.
    expect(key?.failures).toBe(customer?.failures);
    expect(customer?.failures).toBeGreaterThanOrEqual(20);
    expect(customer?.failures).toBeLessThanOrEqual(200);
    expect(await detected(project)).toMatchObject([{ subject_kind: "customer", customer: "eve", window_seconds: 600 }]);
  });

  it("loses no count among 200 at once, and announces a window once however many take part", async () => {
    const project = await context.newProject();
    const rows = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        context.pool.query(
          "select * from count_unknown_codes($1, array['ip:b', 'customer:a'], array['ip', 'customer'], array[150, 20], array[$2, $3], 600, 3, null)",
          [project.projectId, `evt_${n}a`, `evt_${n}b`],
        ),
      ),
    );
    expect(rows).toHaveLength(200);
    expect((await windows(project)).map(({ subject, failures }) => [subject, failures])).toEqual([
      ["customer:a", 600],
      ["ip:b", 600],
    ]);
    expect((await detected(project)).map((event) => [event.subject_kind, event.failures])).toEqual([
      ["customer", 21],
      ["ip", 150],
    ]);
  });
});

describe("a browser", () => {
  const origin = "https://shop.example";

  async function browser(project: TestProject, address: string): Promise<Pick<TestProject, "request">> {
    const { body } = await send(project, "POST", "/v1/keys", {
      name: "browser",
      kind: "publishable",
      allowed_origins: [origin],
    });
    const env = { incoming: { socket: { remoteAddress: address, remotePort: 1, remoteFamily: "IPv4" } } };
    return {
      request: async (method, path, content) =>
        context.app.request(
          path,
          {
            method,
            headers: { authorization: `Bearer ${body.key}`, "content-type": "application/json", origin },
            body: JSON.stringify(content),
          },
          env,
        ),
    };
  }

  it("is known by the address it connects from, not by the one it names", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const guesser = await browser(project, "198.51.100.7");
    for (let n = 0; n < 50; n += 1) await guess(guesser, 1, { ip: `203.0.113.${n}` });
    expectRefusal(await validate(guesser, { codes: [code], ip: "203.0.113.99" }));
    expect((await validate(await browser(project, "198.51.100.8"), { codes: [code] })).body.valid).toBe(true);
  });

  it("cannot shut a customer out of the shop's own checkout", async () => {
    const project = await context.newProject();
    const { code } = await setUpPromotion(project, {});
    const guesser = await browser(project, "198.51.100.9");
    await guess(guesser, 20, { customer: "ada" });
    expectRefusal(await validate(guesser, { codes: [code], customer: "ada" }));
    expect((await validate(project, { codes: [code], customer: "ada" })).body.valid).toBe(true);
  });

  it("gets one answer for a code that does not exist, has expired or is used up", async () => {
    const project = await context.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    const vouchers = `/v1/campaigns/${campaignId}/vouchers`;
    const past = { starts_at: "2020-01-01T00:00:00Z", expires_at: "2020-02-01T00:00:00Z" };
    await send(project, "POST", vouchers, { code: "EXPIRED", ...past });
    await send(project, "POST", vouchers, { code: "USED" });
    expect((await redeem(project, ["USED"], "ada", "o-1")).status).toBe(201);
    const shopper = await browser(project, "198.51.100.10");
    const answers = await Promise.all(
      ["UNKNOWN", "EXPIRED", "USED"].map((code) => validate(shopper, { codes: [code] })),
    );
    const told = answers.map(({ status, body }) => [status, { ...body.codes[0], code: "" }]);
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });
});

it("keeps a window no longer than it lasts", async () => {
  const project = await context.newProject();
  await guess(project, 1, { customer: "eve" });
  await guess(project, 1, { customer: "ada" });
  const [first] = await windows(project);
  await context.pool.query("update attempt_window set ends_at = now() where project_id = $1 and subject = $2", [
    project.projectId,
    first?.subject,
  ]);
  expect(await sweepAttempts(context.pool)).toBeGreaterThanOrEqual(1);
  const left = await windows(project);
  expect(left).toHaveLength(2);
  expect(left.map(({ subject }) => subject)).not.toContain(first?.subject);
});

it("refuses a key after its own limit, and the project's other keys not", async () => {
  const guessing = { perCustomer: 20, perIp: 50, perKey: 5, windowSeconds: 600, addressHeader: undefined };
  const pool = createPool({ connectionString: context.databaseUrl, max: 3, applicationName: "tessera-test-3" });
  const app = createApp({ ...context.deps, pool, db: createKysely(pool), metrics: new Registry(), guessing });
  const project = await context.newProject();
  const narrow = { app } as Parameters<typeof withKey>[0];
  const [one, other] = [
    await withKey(narrow, project, { kind: "secret", scopes: ["checkout"] }),
    await withKey(narrow, project, { kind: "secret", scopes: ["checkout"] }),
  ];
  expect(await guess(one, 6, {})).toEqual([...times(5, 200), 429]);
  expect((await validate(other, { codes: ["GUESS"] })).status).toBe(200);
  expect(await detected(project)).toMatchObject([{ subject_kind: "key", customer: null, failures: 5 }]);
  await pool.end();
});
