import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadProgress, newProgress, type Progress } from "../../ingest/replay/checkpoint.ts";
import { type Call, createCall } from "../../ingest/replay/client.ts";
import { type Plan, readPlan } from "../../ingest/replay/plan.ts";
import { openProject } from "../../ingest/replay/project.ts";
import { run } from "../../ingest/replay/run.ts";
import { useApp } from "../support/app.ts";
import { writeJourney } from "../unit/replay/journey-files.ts";

const context = useApp();
let server: ServerType;
let base: string;
let folder: string;
let work: string;
let plan: Plan;

beforeAll(async () => {
  server = await new Promise<ServerType>((resolve) => {
    const listening = serve({ fetch: context.app.fetch, hostname: "127.0.0.1", port: 0 }, () => resolve(listening));
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await writeJourney();
  plan = await readPlan(folder);
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "tessera-replay-"));
});

afterEach(() => rm(work, { recursive: true }));

function play(call: Call, progress: Progress, daysMax = Number.MAX_SAFE_INTEGER): Promise<void> {
  const checkpointFile = join(work, "progress.json");
  return run({ call, plan, progress, checkpointFile, concurrency: 4, daysMax, onProgress: () => undefined });
}

/** Everything the replay could have written, in an order of its own. */
async function contents(projectId: string) {
  const { pool } = context;
  const tables = [
    "customer",
    "orders",
    "order_status",
    "campaign",
    "voucher",
    "publication",
    "redemption",
    "rejection",
  ];
  const rows: Record<string, unknown> = {};
  for (const table of [...tables, "redemption_code", "campaign_usage", "customer_usage", "outbox"]) {
    const query = `select to_jsonb(t) as row from ${table} t where project_id = $1 order by to_jsonb(t)::text`;
    rows[table] = (await pool.query(query, [projectId])).rows;
  }
  return rows;
}

const quiet = new AbortController().signal;

describe("a replay through the HTTP API", () => {
  it("brings in households, campaigns, coupons, publications, baskets and redemptions at their own times", async () => {
    const project = await context.newProject();
    const progress = newProgress();
    await play(createCall(base, project.key, quiet), progress);

    expect(progress.tally).toMatchObject({ publications: 3, orders: 4, accepted: 3, rejected: {} });
    expect(progress.lastDay).toBe("2017-03-10");
    const redeemed = await context.pool.query(
      "select order_id, occurred_at, discount_amount from redemption where project_id = $1 order by occurred_at, order_id",
      [project.projectId],
    );
    expect(redeemed.rows.map((row) => [row.order_id, row.occurred_at.toISOString()])).toEqual([
      ["basket-b2", "2017-03-04T08:00:00.000Z"],
      ["basket-b1", "2017-03-04T09:30:00.000Z"],
      ["assumed-9-2017-03-10", "2017-03-10T12:00:00.000Z"],
    ]);
    const total = redeemed.rows.reduce((sum, row) => sum + row.discount_amount, 0);
    expect(total).toBeGreaterThan(0);
    expect(progress.tally.discountAmount).toBe(total);
    const paid = await context.pool.query(
      "select id, amount, paid_at from orders where project_id = $1 and id = 'basket-b1'",
      [project.projectId],
    );
    expect(paid.rows).toEqual([{ id: "basket-b1", amount: 3325, paid_at: new Date("2017-03-04T09:30:00Z") }]);
  });

  it("changes nothing when it runs again, even without its checkpoint", async () => {
    const project = await context.newProject();
    const call = createCall(base, project.key, quiet);
    const first = newProgress();
    await play(call, first);
    const before = await contents(project.projectId);
    const second = newProgress();
    await play(call, second);
    expect(await contents(project.projectId)).toEqual(before);
    expect(second.tally).toMatchObject({ accepted: first.tally.accepted, orders: first.tally.orders });
  });

  it("still changes nothing when the stored answers have been forgotten", async () => {
    const project = await context.newProject();
    const call = createCall(base, project.key, quiet);
    await play(call, newProgress());
    const before = await contents(project.projectId);
    await context.pool.query("delete from idempotency_key where project_id = $1", [project.projectId]);
    const again = newProgress();
    await play(call, again);
    expect(await contents(project.projectId)).toEqual(before);
    expect(again.tally.accepted).toBe(3);
  });

  it("continues where it was cut off, and ends with what an uninterrupted run gives", async () => {
    const whole = await context.newProject();
    const wholeProgress = newProgress();
    await play(createCall(base, whole.key, quiet), wholeProgress);

    const cut = await context.newProject();
    const call = createCall(base, cut.key, quiet);
    let redemptions = 0;
    const failing: Call = (request) => {
      if (request.path === "/v1/redemptions") redemptions += 1;
      return redemptions === 2 ? Promise.reject(new Error("the plug was pulled")) : call(request);
    };
    await expect(play(failing, newProgress())).rejects.toThrow("the plug was pulled");
    const resumed = await loadProgress(join(work, "progress.json"));
    expect(resumed).toMatchObject({ prepared: true, lastDay: "2017-03-03" });
    await play(call, resumed);

    const { redemptionMs: _a, seconds: _b, ...tally } = resumed.tally;
    expect(wholeProgress.tally).toMatchObject(tally);
    const summary = async (projectId: string) => {
      const query = `select order_id, status, amount, discount_amount, occurred_at from redemption
        where project_id = $1 order by order_id`;
      return (await context.pool.query(query, [projectId])).rows;
    };
    expect(await summary(cut.projectId)).toEqual(await summary(whole.projectId));
  });

  it("plays at most the days it is told to, and the rest next time", async () => {
    const project = await context.newProject();
    const call = createCall(base, project.key, quiet);
    await play(call, newProgress(), 2);
    const progress = await loadProgress(join(work, "progress.json"));
    expect(progress).toMatchObject({ lastDay: "2017-03-03", tally: { publications: 3, orders: 0 } });
    await play(call, progress);
    expect(progress.tally).toMatchObject({ publications: 3, orders: 4, accepted: 3 });
  });

  it("reports what the service refuses, with its reason", async () => {
    const project = await context.newProject();
    const call = createCall(base, project.key, quiet);
    const progress = newProgress();
    await play(call, progress, 2);
    const paused = await project.request("POST", `/v1/campaigns/${progress.campaigns["1"]}/pause`);
    expect(paused.status).toBe(200);
    await play(call, progress);
    expect(progress.tally).toMatchObject({ accepted: 1, rejected: { campaign_not_active: 2 }, orders: 4 });
  });
});

describe("the project of a replay", () => {
  it("is made once, and its key is kept for the next run", async () => {
    const first = await openProject(context.db, work, "complete-journey");
    const second = await openProject(context.db, work, "complete-journey");
    expect(second).toEqual(first);
    const answer = await context.app.request("/v1/campaigns", { headers: { authorization: `Bearer ${first.key}` } });
    expect(answer.status).toBe(200);
  });

  it("gets another key when the file with the first is gone", async () => {
    const first = await openProject(context.db, work, "complete-journey-2");
    await rm(first.keyFile);
    const second = await openProject(context.db, work, "complete-journey-2");
    expect(second.id).toBe(first.id);
    expect(second.key).not.toBe(first.key);
  });
});
