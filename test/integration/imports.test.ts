import { expect, it } from "vitest";
import { runVoucherImports } from "../../api/vouchers/imports/worker.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();

interface Shop {
  readonly project: TestProject;
  readonly campaignId: string;
}

async function newShop(): Promise<Shop> {
  const project = await context.newProject();
  return { project, campaignId: (await setUpPromotion(project, {})).campaignId };
}

function upload({ project, campaignId }: Shop, file: string, headers: Record<string, string> = {}) {
  const path = `/v1/campaigns/${campaignId}/vouchers/import`;
  return send(project, "POST", path, file, { "content-type": "text/csv", ...headers });
}

async function progress({ project }: Shop, id: string) {
  return (await send(project, "GET", `/v1/imports/${id}`)).body;
}

const worker = (signal: AbortSignal) => runVoucherImports(context.deps, signal);

async function finish(shop: Shop, id: string, workers = 1) {
  await workUntil(Array(workers).fill(worker), async () => (await progress(shop, id)).status !== "running");
  return progress(shop, id);
}

async function imported(shop: Shop, file: string, headers?: Record<string, string>) {
  const answer = await upload(shop, file, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.body).toMatchObject({ status: "running", imported: 0, failed: 0 });
  return finish(shop, answer.body.id);
}

async function errorsOf({ project }: Shop, id: string, accept = "application/x-ndjson"): Promise<string> {
  return (await project.request("GET", `/v1/imports/${id}/errors`, undefined, { accept })).text();
}

async function staged({ project }: Shop): Promise<number> {
  const { rows } = await context.pool.query("select count(*) as n from voucher_import_row where project_id = $1", [
    project.projectId,
  ]);
  return rows[0].n;
}

async function voucher({ project }: Shop, code: string) {
  return (await send(project, "GET", `/v1/vouchers/${encodeURIComponent(code)}`)).body;
}

it("imports good rows with all they say, and reports each bad one with its line, field and reason", async () => {
  const shop = await newShop();
  await send(shop.project, "POST", `/v1/campaigns/${shop.campaignId}/vouchers`, { code: "TAKEN" });
  const file = [
    "code,customer_identifier,kind,redemptions_max,expires_at,metadata",
    'plain-1,ann,,3,2190-01-01T00:00:00Z,"{""list"":""a""}"',
    "taken,,,,,",
    "all,,generic,,,",
    "PLAIN-1,bea,,,,",
    "two words,,,,,",
    "m1,,,many,,",
    "m2,,,,yesterday,",
    "m3,,,,,{broken",
    "m4,,gift_card,,,",
    "short,row",
    "",
    "last,,,,,",
  ].join("\r\n");
  const job = await imported(shop, file);
  expect(job).toMatchObject({ status: "done", rows_read: 11, imported: 3, failed: 8, error: null });
  const errors = (await errorsOf(shop, job.id)).trimEnd().split("\n");
  expect(errors.map((line) => JSON.parse(line)).map(({ line, field }) => [line, field])).toEqual([
    [3, "code"],
    [5, "code"],
    [6, "code"],
    [7, "redemptions_max"],
    [8, "expires_at"],
    [9, "metadata"],
    [10, "kind"],
    [11, ""],
  ]);
  expect(JSON.parse(errors[0] ?? "").reason).toBe("The code exists already.");
  expect(JSON.parse(errors[1] ?? "").reason).toBe("The code stands in line 2 already.");
  expect(await errorsOf(shop, job.id, "text/csv")).toMatch(
    /^line,field,reason\r\n3,code,The code exists already\.\r\n/,
  );
  expect(await voucher(shop, "plain-1")).toMatchObject({
    campaign_id: shop.campaignId,
    kind: "unique",
    status: "created",
    redemptions_max: 3,
    customer: { identifier: "ann" },
    expires_at: "2190-01-01T00:00:00.000Z",
    metadata: { list: "a" },
  });
  expect(await voucher(shop, "ALL")).toMatchObject({ kind: "generic", redemptions_max: null });
  expect((await shop.project.request("GET", "/v1/customers/bea")).status).toBe(404);
  const events = await context.db
    .selectFrom("outbox")
    .select("payload")
    .where("project_id", "=", shop.project.projectId)
    .where("type", "=", "voucher.created")
    .execute();
  const codes = events.map(({ payload }) => (payload as unknown as { code: string }).code);
  expect(codes).toEqual(expect.arrayContaining(["PLAIN-1", "ALL", "LAST"]));
  expect(codes.filter((code) => code === "PLAIN-1")).toHaveLength(1);
  const body = redeemBody({ codes: ["PLAIN-1"], orderId: "o-1", customer: "ann" });
  expect((await send(shop.project, "POST", "/v1/redemptions", body, { "idempotency-key": "o-1" })).status).toBe(201);
  expect(await staged(shop)).toBe(0);
});

it("reads NDJSON too", async () => {
  const shop = await newShop();
  const file =
    '{"code":"N1","metadata":{"n":1}}\n{"code":"N2","redemptions_max":2}\n{"code":"N3","kind":7}\n{"code":"N4","x":1}\n';
  const job = await imported(shop, file, { "content-type": "application/x-ndjson" });
  expect(job).toMatchObject({ status: "done", imported: 2, failed: 2 });
  expect(await voucher(shop, "N1")).toMatchObject({ metadata: { n: 1 }, redemptions_max: 1 });
});

it("imports gift cards with their balance into a gift card campaign, and nothing else", async () => {
  const project = await context.newProject();
  const main = await send(project, "POST", "/v1/campaigns", {
    type: "main",
    name: "Cards",
    currency: "EUR",
    template: "gift_card",
  });
  const sub = await send(project, "POST", "/v1/campaigns", {
    type: "sub",
    parent_id: main.body.id,
    name: "Cards",
    triggers_on: "redemption",
    currency: "EUR",
    rewards: [],
  });
  const shop = { project, campaignId: sub.body.id };
  const job = await imported(shop, "code,balance_amount,kind\nG1,2500,\nG2,,\nG3,0,\nG4,100,unique\n");
  expect(job).toMatchObject({ imported: 1, failed: 3 });
  expect(await voucher(shop, "G1")).toMatchObject({ kind: "gift_card", balance_amount: 2500, redemptions_max: null });
});

/** 12,000 rows; every hundredth is bad. */
function largeFile(): { file: string; good: number; bad: number } {
  const rows = Array.from({ length: 12_000 }, (_, n) => (n % 100 === 99 ? `bad code ${n},` : `ROW-${n},c-${n % 50}`));
  return { file: `code,customer_identifier\n${rows.join("\n")}\n`, good: 11_880, bad: 120 };
}

it("loses and doubles nothing when workers stop and their connections are cut midway", async () => {
  const shop = await newShop();
  const { file, good, bad } = largeFile();
  const { id } = (await upload(shop, file)).body;
  await workUntil([worker], async () => (await progress(shop, id)).imported > 0);
  const halfway = await progress(shop, id);
  expect(halfway.imported).toBeLessThan(good);
  expect(halfway.imported + halfway.failed + (await staged(shop))).toBe(12_000);
  let cuts = 0;
  await workUntil([worker, worker], async () => {
    if (cuts < 3) {
      const cut = await context.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and xact_start is not null
           and (query like 'insert into voucher%' or query like '%outbox%')`,
      );
      cuts += cut.rowCount ?? 0;
    }
    return (await progress(shop, id)).status !== "running";
  });
  expect(cuts).toBeGreaterThan(0);
  expect(await progress(shop, id)).toMatchObject({ status: "done", imported: good, failed: bad, rows_read: 12_000 });
  const counted = await context.pool.query(
    "select count(*) as n, count(distinct code) as codes from voucher where project_id = $1 and code like 'ROW-%'",
    [shop.project.projectId],
  );
  expect(counted.rows).toEqual([{ n: good, codes: good }]);
  const events = await context.pool.query(
    "select count(*) as n from outbox where project_id = $1 and type = 'voucher.created' and payload ->> 'code' like 'ROW-%'",
    [shop.project.projectId],
  );
  expect(events.rows).toEqual([{ n: good }]);
  expect((await errorsOf(shop, id)).trimEnd().split("\n")).toHaveLength(bad);
  expect(await staged(shop)).toBe(0);
});

it("imports a code once when two files with it are imported at the same time", async () => {
  const shop = await newShop();
  const { file, good } = largeFile();
  const ids = [(await upload(shop, file)).body.id, (await upload(shop, file)).body.id];
  const jobs = () => Promise.all(ids.map((id) => progress(shop, id)));
  await workUntil([worker, worker], async () => (await jobs()).every((job) => job.status === "done"));
  expect((await jobs()).reduce((sum, job) => sum + job.imported, 0)).toBe(good);
});

it("makes one job of a file that is sent again under its key, and forgets the second copy", async () => {
  const shop = await newShop();
  const headers = { "idempotency-key": "file-1" };
  const first = await upload(shop, "code\nONE\n", headers);
  const second = await upload(shop, "code\nONE\n", headers);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(await upload(shop, "code\nTWO\n", headers)).toMatchObject({
    status: 422,
    body: { code: "idempotency_key_reused" },
  });
  await workUntil([worker], async () => (await staged(shop)) === 0);
  expect(await progress(shop, first.body.id)).toMatchObject({ status: "done", imported: 1 });
  expect((await voucher(shop, "TWO")).status).toBe(404);
});

it("cleans up after an upload that broke off, and after one whose process died", async () => {
  const shop = await newShop();
  const broken = await upload(shop, `code\n${"A1\n".repeat(3000)}\n`.replace("code", "kode"));
  expect(broken).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  await context.pool.query(
    `insert into voucher_import (project_id, id, campaign_id, status, created_at, updated_at)
     values ($1, 'imp_dead', $2, 'receiving', now(), now() - interval '16 minutes')`,
    [shop.project.projectId, shop.campaignId],
  );
  await context.pool.query(
    `insert into voucher_import_row (project_id, import_id, line, content)
     select $1, 'imp_dead', n, '{"code":"DEAD"}' from generate_series(2, 50) n`,
    [shop.project.projectId],
  );
  await workUntil([worker], async () => (await staged(shop)) === 0);
  expect(await progress(shop, "imp_dead")).toMatchObject({
    status: "failed",
    error: "The upload broke off.",
    imported: 0,
  });
  expect((await voucher(shop, "DEAD")).status).toBe(404);
  const left = await context.pool.query("select status from voucher_import where project_id = $1 and staged", [
    shop.project.projectId,
  ]);
  expect(left.rows).toEqual([]);
});

it("refuses other media types, main campaigns and campaigns that are not there", async () => {
  const shop = await newShop();
  expect((await upload(shop, "{}", { "content-type": "application/json" })).status).toBe(415);
  expect((await upload({ ...shop, campaignId: "cam_none" }, "code\nA\n")).status).toBe(404);
  const stranger = await context.newProject();
  expect((await upload({ ...shop, project: stranger }, "code\nA\n")).status).toBe(404);
});

it("exports what it imports: the same vouchers, in either format", async () => {
  const from = await newShop();
  const rows = ["code,customer_identifier,metadata", '-dash,ann,"{""a"":""=1,2""}"', "plain,,"];
  await imported(from, rows.join("\n"));
  const path = `/v1/campaigns/${from.campaignId}/vouchers/export`;
  const csv = await (await from.project.request("GET", path)).text();
  const [header, ...lines] = csv.trimEnd().split("\r\n");
  expect(header).toBe(
    "code,kind,status,customer_identifier,redemptions_max,redemptions_count,discount_amount,balance_amount,starts_at,expires_at,metadata",
  );
  expect(lines).toHaveLength(3);
  expect(lines[1]).toBe('\'-DASH,unique,created,ann,1,0,0,,,,"{""a"":""=1,2""}"');
  const ndjson = await from.project.request("GET", path, undefined, { accept: "application/x-ndjson" });
  const exported = (await ndjson.text()).trimEnd().split("\n");
  expect(JSON.parse(exported[1] ?? "")).toMatchObject({
    code: "-DASH",
    customer_identifier: "ann",
    metadata: { a: "=1,2" },
  });
  const to = await newShop();
  const importable = lines.slice(1).map((line) => line.split(",")[0]);
  const copy = await imported(to, ["code", ...importable].join("\n"));
  expect(copy).toMatchObject({ imported: 2, failed: 0 });
  expect(await voucher(to, "-DASH")).toMatchObject({ code: "-DASH" });
});
