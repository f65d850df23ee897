/** What is wrong with the delivery is noticed, said once, shown everywhere, and said again when it is over. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createWatcher } from "../../api/alerts/watch.ts";
import { watchDelivery } from "../../api/health/delivery-metrics.ts";
import { addJob } from "../../api/jobs/add-job.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { newCustomer, newEmailChannel, newTemplate, order } from "../support/messages.ts";
import { stockPool } from "../support/pool-stock.ts";

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly kind: string;
  readonly detail: string;
}

describe("alerts", () => {
  const app = useApp();
  let server: Server;
  let webhook: string;
  let posts: Record<string, unknown>[] = [];
  let answers: number[] = [];
  let lines: Line[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const watcher = (startedAt = Date.now()) =>
    createWatcher({ ...app, log, alerts: { lagSeconds: 60, webhook } }, startedAt);
  const standing = async () =>
    (await app.pool.query("select kind from alert where resolved_at is null order by 1")).rows.map((row) => row.kind);
  const letter = `insert into dead_letter (xid, seq, event_id, project_id, type, error)
                  values ('1', 1, 'evt_dead', 'prj_1', 'custom.recorded', 'name: wrong')`;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        posts.push(JSON.parse(body));
        const status = answers.shift() ?? 204;
        response.writeHead(status, status === 302 ? { location: `${webhook}elsewhere` } : {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());
  beforeEach(async () => {
    [posts, answers, lines] = [[], [], []];
    await app.pool.query("delete from dead_letter; delete from alert; delete from reconciliation_drift");
  });

  it("are raised at the second look, told once by one of several watchers, and told again when they are over", async () => {
    const [one, two] = [watcher(), watcher()];
    await app.pool.query(letter);
    await Promise.all([one.look(), two.look()]);
    expect(await standing()).toEqual([]);
    await Promise.all([one.look(), two.look()]);
    await one.look();
    expect(await standing()).toEqual(["dead_letters"]);
    await app.pool.query("delete from dead_letter");
    await Promise.all([one.look(), two.look()]);
    await one.look();
    await Promise.all([one.told(), two.told()]);
    expect(await standing()).toEqual([]);
    expect(lines.map(({ level, msg, kind, detail }) => [level, msg, kind, detail])).toEqual([
      [50, "alert", "dead_letters", "1 event could not be delivered"],
      [50, "alert resolved", "dead_letters", "1 event could not be delivered"],
    ]);
    expect(posts.map(({ state, kind }) => [state, kind]).sort()).toEqual([
      ["firing", "dead_letters"],
      ["resolved", "dead_letters"],
    ]);
  });

  it("are raised for drift, for events that wait too long, and when nothing was compared for half an hour", async () => {
    await app.pool.query(
      `insert into reconciliation_drift values ('orders by status', 'prj_1', 'paid', '2026-11-22', 2, 0, 1, 0),
         ('orders by status', 'prj_1', 'paid', '2026-11-21', 2, 0, 1, 0)`,
    );
    await app.pool.query(
      `insert into outbox (event_id, project_id, type, occurred_at, recorded_at, payload)
       values ('evt_waits', 'prj_1', 'custom.recorded', now(), now() - interval '61 seconds', '{}')`,
    );
    const young = watcher();
    await young.look();
    await young.look();
    expect(await standing()).toEqual(["ingest_lag", "reconciliation_drift"]);
    const old = watcher(Date.now() - 31 * 60_000);
    await old.look();
    await old.look();
    expect(await standing()).toEqual(["ingest_lag", "reconciliation_drift", "reconciliation_overdue"]);
    const metrics = await (await app.app.request("/metrics")).text();
    expect(metrics).toMatch(/^tessera_alert\{kind="reconciliation_drift"\} 1$/m);
    expect(metrics).toMatch(/^tessera_alert\{kind="dead_letters"\} 0$/m);
    expect(metrics).toMatch(/^reconcile_drift_groups 2$/m);
    expect(metrics).toMatch(/^outbox_oldest_seconds (6[1-9]|[7-9]\d|\d{3,})/m);
    expect(metrics).not.toMatch(/^reconcile_last_success_seconds /m);

    await app.pool.query(
      `insert into reconciliation_run (kind, started_at, ended_at, outcome, horizon)
       values ('full', now(), now() - interval '40 seconds', 'compared', '3')`,
    );
    await app.pool.query("delete from outbox; delete from reconciliation_drift");
    await old.look();
    await Promise.all([old.told(), young.told()]);
    expect(await standing()).toEqual([]);
    expect(await (await app.app.request("/metrics")).text()).toMatch(
      /^reconcile_last_success_seconds ([4-9]\d|\d{3,})/m,
    );
  });

  it("are raised for stocks that are low and messages that are late, and shown to whom they concern", async () => {
    const [project, other] = [await app.newProject(), await app.newProject()];
    const poolId = await stockPool(app.pool, project.projectId, 1);
    await app.pool.query("update pool set low_stock = 5, low_stock_at = now() where id = $1", [poolId]);
    const channelId = await newEmailChannel(project, 25);
    const reachable = { channelId, templateId: await newTemplate(project), customerId: await newCustomer(project) };
    const { id } = await order(app, project, reachable, new Date(Date.now() - 20 * 60_000));
    const one = watcher();
    await one.look();
    await one.look();
    expect(await standing()).toEqual(["deliveries_late", "low_stock"]);
    const kindsOf = async (of: TestProject) =>
      (await send(of, "GET", "/v1/data-health")).body.alerts.map(({ kind }: { kind: string }) => kind).sort();
    expect(await kindsOf(project)).toEqual(["deliveries_late", "low_stock"]);
    expect(await kindsOf(other)).toEqual([]);
    await addJob(app.db, { name: "test", payload: z.object({}), attemptsMax: 1 }, {}, { runAt: new Date(0) });
    const metrics = await (await app.app.request("/metrics")).text();
    expect(metrics).toMatch(/^deliveries_waiting\{kind="email"\} 1$/m);
    expect(metrics).toMatch(/^deliveries_due_seconds\{kind="email"\} 12\d\d/m);
    expect(metrics).toMatch(/^jobs_waiting\{task="test"\} 1$/m);
    expect(metrics).toMatch(/^jobs_due_seconds\{task="test"\} \d{9,}/m);
    await app.pool.query("update delivery set next_attempt_at = now() where id = $1", [id]);
    await app.pool.query("update pool set low_stock_at = null where id = $1", [poolId]);
    await one.look();
    await one.told();
    expect(await standing()).toEqual([]);
  });

  it("are read from the database once for all who scrape at the same time", async () => {
    let queries = 0;
    const pool = new Proxy(app.pool, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (name === "query") queries += 1;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const read = watchDelivery({ pool, log, metrics: new Registry() });
    await read();
    const ofOne = queries;
    await Promise.all(Array.from({ length: 20 }, read));
    expect([ofOne > 0, queries]).toEqual([true, 2 * ofOne]);
  });

  it("are posted again when the receiver fails, and follow no redirect", async () => {
    answers = [500, 302];
    const one = watcher();
    await app.pool.query(letter);
    await one.look();
    const stop = new AbortController();
    await one.look(stop.signal);
    await expect.poll(() => posts.length, { timeout: 15_000 }).toBe(2);
    // A process that stops tries once more and then lets it be.
    stop.abort();
    await one.told();
    expect(posts).toHaveLength(3);
    expect(new Set(posts.map((post) => post.kind))).toEqual(new Set(["dead_letters"]));
  });
});
