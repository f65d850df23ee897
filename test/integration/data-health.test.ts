import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { dataHealthWire } from "../../api/data-health/schemas.ts";
import { createRelay } from "../../ingest/relay.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";

const log = pino({ level: "silent" });

describe("data health", () => {
  const app = useApp();
  let project: TestProject;
  let other: TestProject;
  const read = async (of: TestProject) => dataHealthWire.parse((await send(of, "GET", "/v1/data-health")).body);

  beforeAll(async () => {
    project = await app.newProject();
    other = await app.newProject();
  });

  it("counts the project's events by type, and those that wait", async () => {
    const visited = { name: "visited", customer: { identifier: "anna" } };
    await send(project, "POST", "/v1/events", visited);
    expect((await read(project)).ingest_lag.rows).toBe(2);
    await createRelay({ ...app, log }).drain();
    const health = await read(project);
    expect(health.ingest_lag).toEqual({ rows: 0, seconds: 0 });
    expect(health.events.map(({ type, count }) => [type, count])).toEqual([
      ["custom.recorded", 1],
      ["customer.created", 1],
    ]);
    expect(health.dead_letters).toEqual({ count: 0, newest: null });
    expect(health.reconciliation).toMatchObject({ at: null, full_at: null, drifts_count: 0, drifts: [] });
    expect(health.alerts).toEqual([]);
    expect((await read(other)).events).toEqual([]);
  });

  it("tells a project of its own dead letters, drifts and alerts only", async () => {
    await app.pool.query(
      `insert into dead_letter (xid, seq, event_id, project_id, type, error)
       values ('1', 1, 'evt_dead', $1, 'custom.recorded', 'name: wrong')`,
      [project.projectId],
    );
    await app.pool.query(
      `insert into reconciliation_drift (check_name, project_id, key, day, postgres_count, postgres_amount,
         warehouse_count, warehouse_amount)
       values ('redeemed codes by campaign', $1, 'cmp_1', '2026-11-22', 2, 98765432109876543210, 1, 500)`,
      [project.projectId],
    );
    await app.pool.query(
      `insert into alert (kind, detail)
       values ('reconciliation_drift', '1 group differs'), ('dead_letters', '1 event'), ('ingest_lag', '90 s')`,
    );
    const health = await read(project);
    expect(health.dead_letters).toMatchObject({ count: 1, newest: { event_id: "evt_dead", error: "name: wrong" } });
    expect(health.reconciliation.drifts).toMatchObject([
      {
        key: "cmp_1",
        postgres: { count: "2", amount: "98765432109876543210" },
        warehouse: { count: "1", amount: "500" },
      },
    ]);
    expect(health.alerts.map((alert) => alert.kind).sort()).toEqual([
      "dead_letters",
      "ingest_lag",
      "reconciliation_drift",
    ]);
    const elsewhere = await read(other);
    expect(elsewhere.dead_letters.count).toBe(0);
    expect(elsewhere.reconciliation.drifts).toEqual([]);
    expect(elsewhere.alerts.map((alert) => alert.kind)).toEqual(["ingest_lag"]);
  });
});
