/**
 * A shop that does anything in any order through the API: what the marts say it owes, and of its codes, is what Postgres
 * holds. The marts are worked out by hand elsewhere; here they meet the events that the service really announces.
 */
import fc from "fast-check";
import { pino } from "pino";
import { expect, it } from "vitest";
import { expirePoints } from "../../api/points/expire.ts";
import { runVoucherBatches } from "../../api/vouchers/batch-worker.ts";
import { runVoucherJobs } from "../../api/vouchers/jobs/worker.ts";
import { createRelay } from "../../ingest/relay.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";
import { readMart } from "./read-mart.ts";

const app = useApp();
const never = "2099-01-01T00:00:00Z";

const kinds = [
  "redeem",
  "reserve",
  "back",
  "part",
  "topUp",
  "assign",
  "disable",
  "enable",
  "expire",
  "points",
] as const;
interface Step {
  readonly kind: (typeof kinds)[number];
  readonly code: number;
  readonly amount: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  code: fc.nat(999),
  amount: fc.integer({ min: 1, max: 900 }),
});

let keys = 0;
function post(project: TestProject, path: string, body?: unknown) {
  keys += 1;
  return send(project, "POST", path, body, { "idempotency-key": `live-${keys}` });
}

async function finished(table: "voucher_batch" | "voucher_job", projectId: string): Promise<boolean> {
  const { rowCount } = await app.pool.query(
    `select from ${table} where project_id = $1 and status not in ('done', 'cancelled')`,
    [projectId],
  );
  return rowCount === 0;
}

async function setUp(project: TestProject) {
  const cards = await setUpPromotion(project, {
    main: { template: "gift_card" },
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 3_000 },
  });
  const codes = await setUpPromotion(project, {
    sub: {
      rewards: [
        { type: "order_discount", amount: 500 },
        { type: "points", points: 40 },
      ],
    },
  });
  const single = { balance_amount: 1_000, kind: "gift_card", expires_at: never };
  expect((await post(project, `/v1/campaigns/${cards.campaignId}/vouchers`, single)).status).toBe(201);
  const pattern = { charset: "mixed", length: 16 };
  for (const [campaignId, body] of [
    [cards.campaignId, { size: 4, balance_amount: 700, expires_at: never }],
    [cards.campaignId, { size: 3, balance_amount: 500 }],
    [codes.campaignId, { size: 6, expires_at: never }],
    [codes.campaignId, { size: 5 }],
  ] as const) {
    const made = await post(project, `/v1/campaigns/${campaignId}/voucher-batches`, { ...body, pattern });
    expect(made.status, JSON.stringify(made.body)).toBe(202);
  }
  // One that is cancelled before anything of it is made.
  const none = await post(project, `/v1/campaigns/${codes.campaignId}/voucher-batches`, { size: 9, pattern });
  expect((await post(project, `/v1/voucher-batches/${none.body.id}/cancel`)).status).toBe(200);
  await workUntil([(signal) => runVoucherBatches(app.deps, signal)], () =>
    finished("voucher_batch", project.projectId),
  );
}

/** @returns how many steps were answered with a success. */
async function live(project: TestProject, steps: readonly Step[]): Promise<number> {
  const { rows: vouchers } = await app.pool.query<{ code: string }>(
    "select code from voucher where project_id = $1 order by campaign_id, code",
    [project.projectId],
  );
  const redemptions: string[] = [];
  let succeeded = 0;
  for (const [at, { kind, code: chosen, amount }] of steps.entries()) {
    const code = vouchers[chosen % vouchers.length]?.code ?? "";
    const customer = `customer-${chosen % 3}`;
    const body = redeemBody({ codes: [code], orderId: `o-${at}`, customer });
    const some = redemptions[chosen % Math.max(1, redemptions.length)];
    const answer = await {
      redeem: () => post(project, "/v1/redemptions", body),
      reserve: async () => {
        const held = await post(project, "/v1/reservations", { ...body, ttl_seconds: 600 });
        if (held.status !== 201) return held;
        const { id } = held.body;
        if (amount % 2 === 0) return post(project, `/v1/reservations/${id}/confirm`);
        expect((await project.request("DELETE", `/v1/reservations/${id}`)).status).toBe(204);
        return held;
      },
      back: () => (some === undefined ? undefined : post(project, `/v1/redemptions/${some}/rollback`, {})),
      part: () => (some === undefined ? undefined : post(project, `/v1/redemptions/${some}/rollback`, { amount })),
      topUp: () => post(project, `/v1/vouchers/${code}/top-up`, { amount }),
      assign: () =>
        post(project, `/v1/vouchers/${code}/${amount % 2 ? "assign" : "publish"}`, {
          customer: { identifier: customer },
        }),
      disable: () => post(project, `/v1/vouchers/${code}/disable`),
      enable: () => post(project, `/v1/vouchers/${code}/enable`),
      expire: () =>
        post(project, "/v1/voucher-jobs", {
          action: "expire",
          codes: [code],
          ...(amount % 4 ? {} : { expires_at: never }),
        }),
      points: () =>
        post(project, `/v1/customers/${customer}/points`, {
          points: amount % 3 ? amount : -amount,
          ...(amount % 3 === 1 ? { expires_in_days: 30 } : {}),
        }),
    }[kind]();
    if (answer && answer.status < 300) succeeded += 1;
    if (answer?.status === 201 && String(answer.body?.id).startsWith("red_")) redemptions.push(answer.body.id);
    if (kind === "expire") {
      await workUntil([(signal) => runVoucherJobs(app.deps, signal)], () => finished("voucher_job", project.projectId));
    }
  }
  return succeeded;
}

/** A part of the points is past its time, and written down as that. */
async function letPointsExpire(projectId: string): Promise<void> {
  await app.pool.query(
    "update points_lot set expires_at = now() - interval '1 second' where project_id = $1 and expires_at is not null and points_left % 2 = 0",
    [projectId],
  );
  while ((await expirePoints(app.pool)) > 0);
}

it("owes what Postgres says, and has the codes that Postgres says, whatever was done", async () => {
  const project = await app.newProject();
  const { projectId } = project;
  await setUp(project);
  const [steps] = fc.sample(fc.array(step, { minLength: 160, maxLength: 160 }), { numRuns: 1, seed: 20_261_123 });
  expect(await live(project, steps ?? [])).toBeGreaterThan(60);
  await letPointsExpire(projectId);
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: pino({ level: "silent" }) }).drain();

  const { rows: owed } = await app.pool.query<{ kind: string; open: number; accounts: number }>(
    `select 'gift_card' as kind, sum(balance_amount) filter (where expires_at is null or expires_at > now())::int as open,
       count(*)::int as accounts
     from voucher where project_id = $1 and kind = 'gift_card'
     union all
     select 'points', sum(a.balance)::int, count(*)::int from points_account a
     where a.project_id = $1 and exists (select from points_entry e where e.project_id = $1 and e.customer_id = a.customer_id)`,
    [projectId],
  );
  const liabilities = await readMart(app, "liabilities", projectId, "kind");
  expect(liabilities.map((row) => ({ kind: row.kind, open: row.open_amount, accounts: row.accounts_count }))).toEqual(
    owed,
  );
  for (const row of liabilities) {
    expect(Number(row.spent_amount) + Number(row.expired_amount) + Number(row.open_amount)).toBe(row.issued_amount);
    expect(row.expired_amount, String(row.kind)).toBeGreaterThan(0);
  }
  const days = await readMart(app, "liabilities_daily", projectId, "kind, day");
  for (const { kind, open } of owed) expect(days.filter((day) => day.kind === kind).at(-1)?.open_amount).toBe(open);

  const { rows: states } = await app.pool.query(
    `select campaign_id, count(*)::int as created_count, count(*) filter (where used)::int as redeemed_count,
       count(*) filter (where not used and disabled)::int as disabled_count,
       count(*) filter (where not used and not disabled and gone)::int as expired_count,
       count(*) filter (where not used and not disabled and not gone)::int as available_count
     from (
       select v.campaign_id, v.status = 'disabled' as disabled, coalesce(v.expires_at <= now(), false) as gone,
         exists (select from redemption_code c join redemption r on r.project_id = c.project_id and r.id = c.redemption_id
                 where c.project_id = v.project_id and c.voucher_id = v.id and r.status <> 'rolled_back') as used
       from voucher v where v.project_id = $1
     ) v
     group by campaign_id order by campaign_id`,
    [projectId],
  );
  const inventory = await readMart(app, "code_inventory", projectId, "campaign_id");
  const names = [
    "campaign_id",
    "created_count",
    "redeemed_count",
    "disabled_count",
    "expired_count",
    "available_count",
  ];
  expect(inventory.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])))).toEqual(states);
});
