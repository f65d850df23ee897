import { expect, it } from "vitest";
import { runVoucherBatches } from "../../api/vouchers/batch-worker.ts";
import { send, withKey } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

/** 24,300,000 codes: of 120,000 some hundreds meet one another. */
const crowded = { prefix: "s-", charset: "mixed", length: 5 };
const weak_pattern = "accept";

interface Shop {
  readonly project: TestProject;
  readonly campaignId: string;
}

async function newShop(): Promise<Shop> {
  const project = await context.newProject();
  return { project, campaignId: (await setUpPromotion(project, {})).campaignId };
}

async function order({ project, campaignId }: Shop, body: object): Promise<string> {
  const answer = await send(project, "POST", `/v1/campaigns/${campaignId}/voucher-batches`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.body).toMatchObject({ status: "running", done: 0 });
  return answer.body.id;
}

async function progress({ project }: Shop, id: string) {
  const { status, body } = await send(project, "GET", `/v1/voucher-batches/${id}`);
  expect(status).toBe(200);
  return body;
}

/** Runs so many workers until `reached` says so. */
function work(reached: () => Promise<boolean>, workers = 1): Promise<void> {
  return workUntil(
    Array.from({ length: workers }, () => (signal: AbortSignal) => runVoucherBatches(context.deps, signal)),
    reached,
  );
}

async function counted({ project }: Shop, batchId: string) {
  const { count, codes } = await context.db
    .selectFrom("voucher")
    .select((eb) => [eb.fn.countAll<number>().as("count"), eb.fn.count<number>("code").distinct().as("codes")])
    .where("project_id", "=", project.projectId)
    .where("batch_id", "=", batchId)
    .executeTakeFirstOrThrow();
  return { count, codes };
}

/** How many connections are copying vouchers now; `what` is done to each. */
async function copying(what: "select pid" | "select pg_terminate_backend(pid)"): Promise<number> {
  const found = await context.pool.query(
    `${what} from pg_stat_activity
     where datname = current_database() and query like 'copy voucher%' and state = 'active'`,
  );
  return found.rowCount ?? 0;
}

function completions({ project }: Shop) {
  return context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", project.projectId)
    .where("type", "=", "voucher_batch.completed")
    .execute();
}

it("makes exactly 120,000 different codes although many of the pattern's meet, and announces it once", async () => {
  const shop = await newShop();
  const size = 120_000;
  const expires_at = "2190-01-01T00:00:00.000Z";
  const id = await order(shop, {
    size,
    pattern: crowded,
    weak_pattern,
    expires_at,
    metadata: { note: 'a\\b "c"\ttab\nline' },
  });
  const seen = new Set<number>();
  await work(async () => {
    const batch = await progress(shop, id);
    seen.add(batch.done);
    return batch.status === "done";
  });
  expect(await progress(shop, id)).toMatchObject({ status: "done", done: size, size, error: null });
  expect(await counted(shop, id)).toEqual({ count: size, codes: size });
  expect([...seen].sort((a, b) => a - b).at(-1)).toBe(size);
  expect(await completions(shop)).toEqual([
    {
      payload: {
        batch_id: id,
        campaign_id: shop.campaignId,
        size,
        kind: "unique",
        expires_at: "2190-01-01T00:00:00.000Z",
      },
    },
  ]);
  const sample = await context.db
    .selectFrom("voucher")
    .select("code")
    .where("project_id", "=", shop.project.projectId)
    .where("batch_id", "=", id)
    .limit(1)
    .executeTakeFirstOrThrow();
  expect(sample.code).toMatch(/^S-[A-HJKMNP-Z2-9]{5}$/);
  const voucher = await send(shop.project, "GET", `/v1/vouchers/${sample.code.toLowerCase()}`);
  expect(voucher.body).toMatchObject({
    batch_id: id,
    kind: "unique",
    status: "created",
    redemptions_max: 1,
    expires_at,
    metadata: { note: 'a\\b "c"\ttab\nline' },
  });
  const body = redeemBody({ codes: [sample.code], orderId: "o-1" });
  expect((await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": "o-1" })).status).toBe(201);
});

it("goes on where a stopped worker left off, with the codes and the progress always in step", async () => {
  const shop = await newShop();
  const size = 110_000;
  const id = await order(shop, { size, pattern: crowded, weak_pattern });
  // Stopped while it copies the first chunk, the worker finishes that one and begins no other.
  await work(async () => (await copying("select pid")) > 0);
  const halfway = await progress(shop, id);
  expect(halfway.done).toBeGreaterThan(0);
  expect(halfway.done).toBeLessThan(size);
  expect(halfway.status).toBe("running");
  expect(await counted(shop, id)).toEqual({ count: halfway.done, codes: halfway.done });
  await work(async () => (await progress(shop, id)).status === "done");
  expect(await counted(shop, id)).toEqual({ count: size, codes: size });
  expect(await completions(shop)).toHaveLength(1);
});

it("loses and doubles nothing when the worker's connections are cut while it copies", async () => {
  const shop = await newShop();
  const size = 60_000;
  const id = await order(shop, { size, pattern: { charset: "mixed", length: 12 } });
  let cuts = 0;
  await work(async () => {
    if (cuts < 3) {
      cuts += await copying("select pg_terminate_backend(pid)");
    }
    return (await progress(shop, id)).status === "done";
  });
  expect(cuts).toBeGreaterThan(0);
  expect(await counted(shop, id)).toEqual({ count: size, codes: size });
  expect(await completions(shop)).toHaveLength(1);
});

it("stops where a batch is cancelled midway, and makes exactly the rest when it is resumed", async () => {
  const shop = await newShop();
  const size = 130_000;
  const id = await order(shop, { size, pattern: crowded, weak_pattern });
  const change = (verb: string) => send(shop.project, "POST", `/v1/voucher-batches/${id}/${verb}`);
  const answers: Awaited<ReturnType<typeof change>>[] = [];
  await work(async () => {
    if ((await progress(shop, id)).done === 0) return false;
    answers.push(await change("cancel"));
    return true;
  });
  const cancelled = await progress(shop, id);
  expect(answers[0]).toMatchObject({ status: 200, body: { status: "cancelled", done: cancelled.done } });
  expect(cancelled.done).toBeGreaterThan(0);
  expect(cancelled.done).toBeLessThan(size);
  expect(await counted(shop, id)).toEqual({ count: cancelled.done, codes: cancelled.done });
  expect(await change("cancel")).toMatchObject({ status: 200, body: { status: "cancelled" } });
  expect(await completions(shop)).toEqual([]);
  expect(await change("resume")).toMatchObject({ status: 200, body: { status: "running", done: cancelled.done } });
  await work(async () => (await progress(shop, id)).status === "done", 2);
  expect(await counted(shop, id)).toEqual({ count: size, codes: size });
  expect(await completions(shop)).toHaveLength(1);
  for (const verb of ["cancel", "resume"]) expect((await change(verb)).status).toBe(409);
  const { rows } = await context.pool.query(
    "select payload from outbox where project_id = $1 and type = 'voucher_batch.cancelled'",
    [shop.project.projectId],
  );
  expect(rows).toEqual([
    {
      payload: {
        batch_id: id,
        campaign_id: shop.campaignId,
        size,
        done: cancelled.done,
        kind: "unique",
        expires_at: null,
      },
    },
  ]);
});

it("does not go on with a batch of an archived campaign", async () => {
  const shop = await newShop();
  const id = await order(shop, { size: 10, pattern: crowded, weak_pattern });
  await send(shop.project, "POST", `/v1/voucher-batches/${id}/cancel`);
  await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/pause`, {});
  await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/archive`, {});
  const answer = await send(shop.project, "POST", `/v1/voucher-batches/${id}/resume`);
  expect(answer).toMatchObject({ status: 409, body: { code: "campaign_status_conflict" } });
});

it("refuses codes of value that could be guessed, with the numbers and the length that would do", async () => {
  const shop = await newShop();
  const pattern = (length: number) => ({ charset: "mixed", length });
  const orderCodes = (body: object) =>
    send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/voucher-batches`, body);
  const refused = await orderCodes({ size: 1000, pattern: pattern(8) });
  expect(refused.status).toBe(400);
  expect(refused.body.errors).toEqual([
    {
      pointer: "/pattern/length",
      detail:
        'A code of the pattern has 39.6 bits; with 1 codes in the project and 1000 more it needs 50.0, so that one guess in 2^40 hits at most: length 11. Or say weak_pattern: "accept".',
    },
  ]);
  expect((await orderCodes({ size: 1000, pattern: pattern(11) })).status).toBe(202);
  expect((await orderCodes({ size: 1000, pattern: pattern(8), weak_pattern: "accept" })).status).toBe(202);
  expect((await orderCodes({ size: 1000, pattern: pattern(8), kind: "generic" })).status).toBe(202);
  // What is ordered counts as live: a thousandfold of codes needs ten bits more.
  expect((await orderCodes({ size: 5_000_000, pattern: pattern(12) })).status).toBe(400);
  expect((await orderCodes({ size: 2, pattern: pattern(10) })).status).toBe(400);
});

it("makes gift cards of one balance, and never weak ones", async () => {
  const project = await context.newProject();
  const cards = { template: "gift_card", name: "Cards" };
  const { campaignId } = await setUpPromotion(project, {
    main: cards,
    sub: { rewards: [] },
    voucher: { kind: "gift_card", balance_amount: 100 },
  });
  const shop = { project, campaignId };
  const pattern = { charset: "mixed", length: 12 };
  const refused = [
    [{ size: 3, pattern }, "/balance_amount"],
    [{ size: 3, pattern: crowded, balance_amount: 2500, weak_pattern }, "/weak_pattern"],
    [{ size: 3, pattern, balance_amount: 2500, kind: "unique" }, "/kind"],
  ] as const;
  for (const [body, pointer] of refused) {
    const answer = await send(project, "POST", `/v1/campaigns/${campaignId}/voucher-batches`, body);
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
  }
  const id = await order(shop, { size: 3, pattern, balance_amount: 2500 });
  await work(async () => (await progress(shop, id)).status === "done");
  expect(await progress(shop, id)).toMatchObject({ kind: "gift_card", balance_amount: 2500, redemptions_max: null });
  const { body } = await send(project, "GET", `/v1/campaigns/${campaignId}/vouchers?limit=3`);
  for (const voucher of body.data)
    expect(voucher).toMatchObject({ kind: "gift_card", balance_amount: 2500, batch_id: id });
  expect(await completions(shop)).toMatchObject([{ payload: { size: 3, balance_amount: 2500 } }]);
});

it("lets several workers make several batches of one pattern at once, each exactly", async () => {
  const shop = await newShop();
  const sizes = [30_000, 30_000, 7, 1];
  const ids: string[] = [];
  for (const size of sizes) ids.push(await order(shop, { size, pattern: crowded, weak_pattern }));
  const batches = () => Promise.all(ids.map((id) => progress(shop, id)));
  await work(async () => (await batches()).every((batch) => batch.status === "done"), 3);
  expect(await Promise.all(ids.map((id) => counted(shop, id)))).toEqual(
    sizes.map((size) => ({ count: size, codes: size })),
  );
  expect(await completions(shop)).toHaveLength(sizes.length);
});

it("replaces codes that exist already, and fails with its reason when hardly any is left", async () => {
  const shop = await newShop();
  const pattern = { charset: "digits", length: 4 };
  const occupy = (from: number, to: number) =>
    context.pool.query(
      `insert into voucher (project_id, id, code, campaign_id, kind, status, created_at, updated_at)
       select $1, 'vou_' || n, lpad(n::text, 4, '0'), $2, 'unique', 'created', now(), now()
       from generate_series($3::int, $4::int) n on conflict do nothing`,
      [shop.project.projectId, shop.campaignId, from, to],
    );
  await occupy(0, 8999);
  const possible = await order(shop, { size: 100, pattern, weak_pattern });
  await work(async () => (await progress(shop, possible)).status !== "running");
  expect(await progress(shop, possible)).toMatchObject({ status: "done", done: 100 });
  expect(await counted(shop, possible)).toEqual({ count: 100, codes: 100 });
  await occupy(0, 9989);
  const impossible = await order(shop, { size: 100, pattern, weak_pattern });
  await work(async () => (await progress(shop, impossible)).status !== "running");
  const failed = await progress(shop, impossible);
  expect(failed).toMatchObject({ status: "failed", error: "Nearly all codes of the pattern exist already." });
  expect(await counted(shop, impossible)).toEqual({ count: failed.done, codes: failed.done });
});

it("makes generic codes without a maximum where that was ordered", async () => {
  const shop = await newShop();
  const id = await order(shop, { size: 3, kind: "generic", pattern: { charset: "letters", length: 8, suffix: "-x" } });
  await work(async () => (await progress(shop, id)).status === "done");
  const { body } = await send(shop.project, "GET", `/v1/campaigns/${shop.campaignId}/vouchers?limit=3`);
  for (const voucher of body.data) {
    expect(voucher).toMatchObject({ kind: "generic", redemptions_max: null, batch_id: id });
    expect(voucher.code).toMatch(/^[A-HJKMNP-Z]{8}-X$/);
  }
});

it("streams all codes as CSV or as NDJSON, and marks text that a spreadsheet would run", async () => {
  const shop = await newShop();
  const size = 5_003;
  const id = await order(shop, { size, pattern: { prefix: "-", charset: "mixed", length: 11 } });
  await work(async () => (await progress(shop, id)).status === "done");
  const path = `/v1/voucher-batches/${id}/codes`;
  const csv = await shop.project.request("GET", path);
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const [header, ...rows] = (await csv.text()).trimEnd().split("\r\n");
  expect(header).toBe("code,status,redemptions_max,redemptions_count,expires_at");
  expect(rows[0]).toMatch(/^'-[A-Z2-9]{11},created,1,0,$/);
  expect(new Set(rows.map((row) => row.split(",")[0])).size).toBe(size);
  const ndjson = await shop.project.request("GET", path, undefined, { accept: "application/x-ndjson" });
  expect(ndjson.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = (await ndjson.text()).trimEnd().split("\n");
  expect(lines).toHaveLength(size);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ status: "created", redemptions_count: 0, expires_at: null });
});

const refused: [string, object, string, RegExp][] = [
  [
    "a pattern with too few codes",
    { size: 1000, pattern: { charset: "digits", length: 4 } },
    "/pattern/length",
    /10000 codes \(13\.3 bits\).*100000 \(16\.6 bits\)/,
  ],
  [
    "codes that are too long",
    { size: 1, pattern: { prefix: "A".repeat(20), suffix: "B".repeat(20), charset: "digits", length: 24 + 1 } },
    "/pattern/length",
    /24/,
  ],
  ["a size beyond 5,000,000", { size: 5_000_001, pattern: crowded }, "/size", /5000000/],
  ["a size of nothing", { size: 0, pattern: crowded }, "/size", /1/],
  ["a prefix with blanks", { size: 1, pattern: { ...crowded, prefix: "A B" } }, "/pattern/prefix", /letters/],
  ["an unknown charset", { size: 1, pattern: { ...crowded, charset: "emoji" } }, "/pattern/charset", /digits/],
  ["a field that is not there", { size: 1, pattern: crowded, colour: "red" }, "/colour", /no such field/],
];

it.each(refused)("refuses %s and orders nothing", async (_what, body, pointer, detail) => {
  const shop = await newShop();
  const answer = await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/voucher-batches`, body);
  expect(answer.status).toBe(400);
  expect(answer.body.errors[0]).toMatchObject({ pointer, detail: expect.stringMatching(detail) });
  const orders = await context.pool.query("select from voucher_batch where project_id = $1", [shop.project.projectId]);
  expect(orders.rowCount).toBe(0);
});

it("shows a batch and its codes to its own project's managers only", async () => {
  const shop = await newShop();
  const stranger = await context.newProject();
  const id = await order(shop, { size: 1, pattern: crowded, weak_pattern });
  const checkout = await withKey(context, shop.project, { kind: "secret", scopes: ["checkout"] });
  for (const path of [`/v1/voucher-batches/${id}`, `/v1/voucher-batches/${id}/codes`]) {
    expect((await stranger.request("GET", path)).status).toBe(404);
    expect((await checkout.request("GET", path)).status).toBe(403);
  }
  await work(async () => (await progress(shop, id)).status === "done");
});
