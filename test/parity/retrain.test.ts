/** The schedule: which projects are due, a training in a process of its own, and what is stored of one that fails. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { findDueProjects, retrainProject } from "../../api/models/retrain-worker.ts";
import { createProject } from "../../api/projects/create-project.ts";
import { recordTraining } from "../../models/training/record.ts";
import { useStores } from "../support/stores.ts";
import { History, insertEvents } from "./warehouse-events.ts";

const stores = useStores();
const log = pino({ level: "silent" });
const begin = Date.UTC(2025, 0, 1);
let busy: string;
let quiet: string;
let torn: string;

async function newProject(name: string): Promise<string> {
  const project = await stores.db.transaction().execute((tx) => createProject(tx, { name }));
  if (project === undefined) throw new Error("the name was taken");
  return project.id;
}

beforeAll(async () => {
  [busy, quiet, torn] = [await newProject("busy"), await newProject("quiet"), await newProject("torn")];
  const many = new History(busy);
  // All at one moment: there is enough to look at it, and nothing to split by time.
  for (let index = 0; index < 320; index += 1) many.redeemed(null, "cam", "main", begin);
  const few = new History(quiet);
  few.redeemed(null, "cam", "main", begin);
  const orphan = new History("prj_that_only_the_warehouse_knows");
  for (let index = 0; index < 330; index += 1) orphan.redeemed(null, "cam", "main", begin);
  const source = new History("prj_source");
  source.customer("ann", begin);
  source.redeemed("ann", "cam", "main", begin);
  await insertEvents(stores.warehouse, [...many.events, ...few.events, ...orphan.events, ...source.events]);
  // Its profile cannot be read: the training of offers fails over it, that of risk does not look at it.
  await stores.warehouse.command({
    query: `INSERT INTO events_raw
      SELECT * REPLACE ({torn:String} AS project_id, replaceOne(payload, '"created_at":"2025', '"created_at":"once') AS payload)
      FROM events_raw WHERE startsWith(event_id, 'evt_prj_source')`,
    query_params: { torn },
  });
});

describe("training by the schedule", () => {
  it("is due for who has redeemed enough, and again after a while with enough that is new", async () => {
    const due = () => findDueProjects(stores, 24);
    expect(await due()).toEqual([busy]);
    const record = { projectId: busy, name: "risk", outcome: "kept", version: "v", detail: "as good" } as const;
    const trained = async (redemptions: number, hoursAgo: number) => {
      await recordTraining(stores.pool, { ...record, redemptions });
      await stores.pool.query(
        "update model_training set trained_at = now() - make_interval(hours => $2) where project_id = $1",
        [busy, hoursAgo],
      );
    };
    await trained(300, 1);
    expect(await due()).toEqual([]);
    await trained(300, 25);
    expect(await due()).toEqual([busy]);
    await trained(319, 25);
    expect(await due()).toEqual([]);
  });

  it("happens in a process of its own, which stores what became of it", async () => {
    const { databaseUrl, clickhouseUrl } = stores;
    await retrainProject({ pool: stores.pool, log }, { databaseUrl, clickhouseUrl, hours: 24 }, busy, never());
    const { rows } = await stores.pool.query(
      "select name, outcome, detail, rows_count from model_training where project_id = $1 order by name",
      [busy],
    );
    expect(rows).toEqual([
      { name: "personalisation", outcome: "too_little_data", detail: expect.any(String), rows_count: 320 },
      { name: "risk", outcome: "too_little_data", detail: expect.stringMatching(/split by time/), rows_count: 320 },
      { name: "uplift", outcome: "too_little_data", detail: expect.stringMatching(/^0 customers/), rows_count: 320 },
    ]);
  }, 240_000);

  it("of one model does not stand or fall with that of another", async () => {
    const { databaseUrl, clickhouseUrl } = stores;
    await retrainProject({ pool: stores.pool, log }, { databaseUrl, clickhouseUrl, hours: 24 }, torn, never());
    const { rows } = await stores.pool.query(
      "select name, outcome, rows_count from model_training where project_id = $1 order by name",
      [torn],
    );
    expect(rows).toEqual([
      { name: "personalisation", outcome: "failed", rows_count: 0 },
      { name: "risk", outcome: "too_little_data", rows_count: 1 },
      { name: "uplift", outcome: "too_little_data", rows_count: 1 },
    ]);
  }, 240_000);

  it("stores a failure, says what it was, and leaves what was learnt before alone", async () => {
    const { databaseUrl } = stores;
    const clickhouseUrl = "http://127.0.0.1:9/nothing";
    await retrainProject({ pool: stores.pool, log }, { databaseUrl, clickhouseUrl, hours: 24 }, quiet, never());
    const { rows } = await stores.pool.query(
      "select outcome, version, detail from model_training where project_id = $1",
      [quiet],
    );
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      expect(row).toEqual({ outcome: "failed", version: null, detail: expect.stringMatching(/^ended with 1: .*\S/) });
    }
  }, 240_000);
});

function never(): AbortSignal {
  return new AbortController().signal;
}
