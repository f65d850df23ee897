/** Models of a project over real stores: what was trained serves, is promoted, rolled back and refused. */
import type pg from "pg";
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../api/app.ts";
import { modelsWire } from "../../api/models/schemas.ts";
import type { Manifest } from "../../models/registry/manifest.ts";
import { writeProjectModel } from "../../models/registry/project.ts";
import { sha256 } from "../../models/registry/refuse.ts";
import { projectTarget } from "../../models/registry/target.ts";
import { loadModels, type ServedModels } from "../../models/serving.ts";
import type { Trained } from "../../models/training/report.ts";
import { insertEvents } from "../parity/warehouse-events.ts";
import { send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { scoredRedemption } from "../support/scored.ts";
import { ordinary, regular } from "../unit/models/synthetic.ts";
import { trainOffers, trainOrdinary } from "../unit/models/trained.ts";

const context = useApp();
const none = "/nowhere/at/all";

let trained: Trained;
let project: TestProject;

beforeAll(async () => {
  trained = await trainOrdinary();
  project = await context.newProject();
}, 240_000);

/** The same model under another name: what it was made of and how it scores is the same. */
function renamed(version: string, change: (manifest: Manifest) => Manifest = (manifest) => manifest): Manifest {
  return change({ ...trained.manifest, version });
}

function listener() {
  const lines: string[] = [];
  const keep = (about: { err?: Error } | undefined, message?: string) =>
    void lines.push(`${message ?? ""} ${about?.err?.message ?? ""}`.trim());
  return { lines, log: { info: keep, warn: keep, error: keep } };
}

/** An API process of its own, as far as models go. */
async function processOf(log = listener().log): Promise<{ models: ServedModels; app: ReturnType<typeof createApp> }> {
  const models = await loadModels({ log, directory: none, pool: context.pool });
  return { models, app: createApp({ ...context.deps, models, metrics: new Registry() }) };
}

const write = (version: string, owner = project, manifest = renamed(version), files = trained.files) =>
  writeProjectModel(context.pool, owner.projectId, manifest, files, "a test");
const promote = (version: string, owner = project) =>
  send(owner, "POST", `/v1/models/risk/versions/${version}/promote`, undefined);
const rollBack = (version: string, owner = project) =>
  send(owner, "POST", `/v1/models/risk/versions/${version}/rollback`, undefined);
const served = (models: ServedModels, owner = project) => models.scoreRisk(owner.projectId, ordinary).model;

describe("a project's models", () => {
  it("serve in every process once promoted, without a restart, and only in their project", async () => {
    const other = await context.newProject();
    const [first, second] = [await processOf(), await processOf()];
    await write("v1");
    await Promise.all([first.models.refresh(), second.models.refresh()]);
    expect(served(first.models)).toBeNull();

    expect((await promote("v1")).body).toEqual({ name: "risk", champion: "v1" });
    await Promise.all([first.models.refresh(), second.models.refresh()]);
    expect([served(first.models), served(second.models)]).toEqual(["risk@v1", "risk@v1"]);
    expect(served(first.models, other)).toBeNull();

    await write("v2");
    expect((await promote("v2")).status).toBe(200);
    expect(served(second.models)).toBe("risk@v1");
    await second.models.refresh();
    expect(served(second.models)).toBe("risk@v2");
  });

  it("score redemptions, which say so", async () => {
    const owner = await context.newProject();
    await write("scoring", owner);
    await promote("scoring", owner);
    const { app } = await processOf();
    const promotion = await setUpPromotion(owner, {});
    const response = await app.request("/v1/redemptions", {
      method: "POST",
      headers: {
        authorization: `Bearer ${owner.key}`,
        "content-type": "application/json",
        "idempotency-key": "models-1",
      },
      body: JSON.stringify(redeemBody({ codes: [promotion.code], orderId: "models-1" })),
    });
    expect(response.status, await response.clone().text()).toBe(201);
    const { risk } = (await response.json()) as { risk: { score: number } };
    expect(risk.score).toBeGreaterThanOrEqual(0);
    expect(risk.score).toBeLessThanOrEqual(1);
  });

  it("are listed with what they learned, how good they are, and which one serves", async () => {
    const owner = await context.newProject();
    await write("old", owner);
    await write("new", owner);
    await promote("new", owner);
    const { body } = await send(owner, "GET", "/v1/models");
    const risk = body.data.find((model: { name: string }) => model.name === "risk");
    expect(risk.champion).toMatchObject({
      version: "new",
      status: "champion",
      source: "project",
      reason: "promoted by hand",
    });
    expect(risk.champion.metrics.baselines.independent_z_scores.auc).toBeGreaterThan(0);
    expect(risk.champion.data.rows.train).toBe(420);
    expect(risk.challengers.map(({ version }: { version: string }) => version)).toEqual(["old"]);
    expect(risk.freshness_days).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(body)).not.toContain("probe");
  });

  it("say how far what they are asked lies from what the one that serves learned from, and when that is not known", async () => {
    const owner = await context.newProject();
    await write("kept", owner);
    await promote("kept", owner);
    const { reference: _, ...older } = renamed("older");
    await write("older", owner, older);
    const vector = trained.manifest.probe[0]?.row as number[];
    const features = Object.fromEntries(trained.manifest.features.map(({ name }, at) => [name, vector[at] ?? 0]));
    const risk = { score: 0.5, model: "risk@kept", features };
    const events = Array.from({ length: 250 }, (_, index) =>
      scoredRedemption(owner.projectId, index, Date.now() - index * 60_000 - 1_000, risk),
    );
    await insertEvents(context.warehouse, events);
    const learned = async () => {
      const { app } = await processOf();
      const headers = { authorization: `Bearer ${owner.key}` };
      const body = modelsWire.parse(await (await app.request("/v1/models", { headers })).json());
      return body.data.find(({ name }) => name === "risk")?.learned_drift;
    };
    const drift = await learned();
    expect(drift).toMatchObject({ version: "kept", source: "project", recent_count: 250, reference_count: 560 });
    // The same row again and again is no custom: whatever varied has moved.
    expect(drift?.features.find(({ feature }) => feature === "account_age_days")).toMatchObject({ level: "much" });
    expect(drift?.features.find(({ feature }) => feature === "codes_count")).toMatchObject({ psi: 0, level: "none" });
    // 140 held-back rows gave the scores that there are to compare with: too few.
    expect(drift?.score).toEqual({ psi: null, level: null, recent_count: 250, reference_count: 140 });

    await promote("older", owner);
    expect(await learned()).toEqual({
      ...{ version: "older", source: "project", recent_count: 250, reference_count: null, score: null, features: [] },
    });
    const { body } = await send(owner, "GET", "/v1/models");
    const unserved = body.data.find((model: { name: string }) => model.name === "personalisation");
    expect(unserved.serving === null || unserved.learned_drift.reference_count === null).toBe(true);
  });

  it("go back step by step, to what comes with the product in the end; the audit log says who did it", async () => {
    const owner = await context.newProject();
    for (const version of ["a", "b"]) {
      await write(version, owner);
      await promote(version, owner);
    }
    expect((await rollBack("a", owner)).status).toBe(409);
    expect((await rollBack("b", owner)).body).toEqual({ name: "risk", champion: "a" });
    expect((await rollBack("a", owner)).body).toEqual({ name: "risk", champion: null });
    expect((await rollBack("a", owner)).status).toBe(409);
    const { models } = await processOf();
    expect(served(models, owner)).toBeNull();

    const { body } = await send(owner, "GET", "/v1/audit-log?subject_type=model&subject_id=risk@b");
    expect(
      body.data.map((entry: { action: string; after: { status: string } }) => [entry.action, entry.after.status]),
    ).toEqual([
      ["status_changed", "retired"],
      ["status_changed", "champion"],
      ["created", "challenger"],
    ]);
    expect(body.data[0].actor.id).toMatch(/^key_/);
  });

  it("promoted in turn go back one by one as well, and do not go round in a circle", async () => {
    const owner = await context.newProject();
    for (const version of ["a", "b"]) await write(version, owner);
    for (const version of ["a", "b", "a"]) expect((await promote(version, owner)).status).toBe(200);
    expect((await rollBack("a", owner)).body.champion).toBe("b");
    expect((await rollBack("b", owner)).body.champion).toBeNull();
  });

  it("of another project are not there, nor are versions that nobody trained", async () => {
    const stranger = await context.newProject();
    await write("hidden");
    expect((await promote("hidden", stranger)).status).toBe(404);
    expect((await rollBack("hidden", stranger)).status).toBe(404);
    expect((await promote("never")).status).toBe(404);
    const { status, body } = await send(project, "POST", "/v1/models/other/versions/v1/promote", undefined);
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, "/name"]);
  });

  it("promoted by many at once leave one champion, and each one's predecessor is another", async () => {
    const owner = await context.newProject();
    const versions = Array.from({ length: 8 }, (_, index) => `race-${index}`);
    for (const version of versions) await write(version, owner);
    const answers = await Promise.all(versions.map((version) => promote(version, owner)));
    expect(answers.map(({ status }) => status)).toEqual(versions.map(() => 200));
    const { rows } = await context.pool.query<{ status: string; replaces: string | null }>(
      "select status, replaces from model_version where project_id = $1",
      [owner.projectId],
    );
    expect(rows.filter(({ status }) => status === "champion")).toHaveLength(1);
    expect(new Set(rows.map(({ replaces }) => replaces)).size).toBe(versions.length);
  });

  it.each([
    [
      "a file that was changed",
      "update model_file set bytes = bytes || '\\x00' where project_id = $1 and path = (select min(path) from model_file where project_id = $1)",
      /is not the file that the manifest describes/,
    ],
    ["a file that is gone", "delete from model_file where project_id = $1", /is missing/],
    [
      "a manifest that was changed",
      "update model_version set manifest = manifest - 'files' where project_id = $1",
      /its manifest cannot be read: files/,
    ],
    [
      "a manifest for other features",
      `update model_version set manifest = jsonb_set(manifest, '{feature_set,hash}', to_jsonb(repeat('0', 64))) where project_id = $1`,
      /another feature set/,
    ],
  ])("are refused for %s; the fallback serves, and the log says why", async (_, damage, message) => {
    const owner = await context.newProject();
    await write("damaged", owner);
    await promote("damaged", owner);
    await context.pool.query(damage, [owner.projectId]);
    const { lines, log } = listener();
    const { models } = await processOf(log);
    expect(served(models, owner)).toBeNull();
    expect(models.serving(owner.projectId, "risk")).toBeNull();
    const [line] = lines.filter((each) => each.startsWith("a project's model was refused"));
    expect(line).toMatch(message);
    // It is not read again and again.
    const before = lines.length;
    served(models, owner);
    await models.refresh();
    expect(lines).toHaveLength(before);
  });

  it("never promoted score offers beside the champion, the newest of them, and nobody else's", async () => {
    const owner = await context.newProject();
    const offers = await trainOffers();
    const { models } = await processOf();
    expect(models.scoreChallengerOffers?.(owner.projectId, [regular])).toBeUndefined();
    for (const version of ["older", "newer"]) {
      await write(version, owner, { ...offers.manifest, version }, offers.files);
    }
    await models.refresh();
    // The first to ask makes it come; requests do not wait for it.
    const scores = await vi.waitFor(() => {
      const given = models.scoreChallengerOffers?.(owner.projectId, [regular]);
      if (given === undefined || given === "unavailable") throw new Error("it is not there yet");
      return given;
    }, 20_000);
    expect(scores.model.version).toBe("newer");
    expect(scores.offers).toHaveLength(1);
    expect(models.scoreOffers(owner.projectId, [regular])).toBe("unavailable");
    expect(models.scoreChallengerOffers?.(project.projectId, [regular])).toBeUndefined();
  }, 240_000);

  it("written at once all come to be known, whichever transaction ends last", async () => {
    const [source, slow, fast] = [await context.newProject(), await context.newProject(), await context.newProject()];
    const offers = await trainOffers();
    await write("one", source, { ...offers.manifest, version: "one" }, offers.files);
    const copyTo = async (client: Pick<pg.ClientBase, "query">, owner: TestProject) => {
      for (const [table, columns] of [
        ["model_version", "name, version, manifest"],
        ["model_file", "name, version, path, bytes"],
      ]) {
        const copy = `insert into ${table} (project_id, ${columns}) select $1, ${columns} from ${table} where project_id = $2`;
        await client.query(copy, [owner.projectId, source.projectId]);
      }
    };
    const { models } = await processOf();
    const client = await context.pool.connect();
    try {
      // What it writes has the time at which it began.
      await client.query("begin");
      await client.query("select now()");
      await copyTo(context.pool, fast);
      await models.refresh();
      await copyTo(client, slow);
      await client.query("commit");
    } finally {
      client.release();
    }
    await models.refresh();
    const score = () => models.scoreChallengerOffers?.(slow.projectId, [regular]);
    await vi.waitFor(() => expect(score()).toMatchObject({ model: { version: "one" } }), 20_000);
  }, 240_000);

  it("too large are not stored", async () => {
    const large = { "a.bin": new Uint8Array(5 << 20), "b.bin": new Uint8Array(4 << 20) };
    const files = Object.fromEntries(Object.entries(large).map(([path, bytes]) => [path, sha256(bytes)]));
    const manifest = renamed("large", (own) => ({ ...own, files }));
    await expect(write("large", project, manifest, large)).rejects.toThrow(/8388608 are the most/);
  });

  it("keep the champion and the newest, not all that were ever trained", async () => {
    const owner = await context.newProject();
    await write("first", owner);
    await promote("first", owner);
    for (let index = 0; index < 25; index += 1) await write(`n-${index}`, owner);
    const { rows } = await context.pool.query<{ version: string }>(
      "select version from model_version where project_id = $1 order by created_at",
      [owner.projectId],
    );
    expect(rows).toHaveLength(20);
    expect(rows.map(({ version }) => version)).toContain("first");
    expect(rows.at(-1)?.version).toBe("n-24");
  });
});

it("a training's rival is the project's champion, where that can be loaded", async () => {
  const owner = await context.newProject();
  const target = projectTarget(context.pool, owner.projectId, none);
  expect(await target.champion("risk")).toBeNull();
  const where = await target.write(renamed("own"), trained.files, "better");
  expect(where).toContain("risk@own");
  await target.promote(renamed("own"), "better");
  expect((await target.champion("risk"))?.version).toBe("own");
  await context.pool.query("delete from model_file where project_id = $1", [owner.projectId]);
  expect(await target.champion("risk")).toBeNull();
  await expect(target.promote(renamed("absent"), "better")).rejects.toThrow(/not in the registry/);
});
