import { describe, expect, it } from "vitest";
import { shippedRules } from "../../../api/risk/shipped-rules.ts";
import { flagThreshold } from "../../../models/serving.ts";
import { type Body, send, withKey } from "../../support/answers.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { redeemed, setPolicy, useScoredApp } from "./scored-app.ts";

const app = useScoredApp();

const definition = {
  name: "Large orders",
  when: { on: "order.amount", op: "greater_or_equal", value: 4000 },
};

describe("rules", () => {
  it("of the product are there from the beginning, enabled, and can be changed like any other", async () => {
    const project = await app.newProject();
    const { body } = await send(project, "GET", "/v1/risk/rules?limit=100");
    expect(body.data.map((rule: Body) => rule.id)).toEqual(shippedRules.map(({ id }) => id).sort());
    expect(body.data[0]).toMatchObject({ status: "enabled", action: "flag", shipped: true, version: 0 });

    const changed = await send(project, "PATCH", "/v1/risk/rules/rul_velocity", { status: "disabled" });
    expect(changed.body).toMatchObject({ status: "disabled", shipped: true, version: 1 });
    expect((await send(project, "PATCH", "/v1/risk/rules/rul_velocity", { status: "disabled" })).body.version).toBe(1);
    expect((await send(project, "DELETE", "/v1/risk/rules/rul_velocity")).body.code).toBe("conflict");
    const others = await app.newProject();
    expect((await send(others, "GET", "/v1/risk/rules/rul_velocity")).body.status).toBe("enabled");
  });

  it("are written, read, changed and deleted; the next attempt is judged by each change", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    app.score(project, 0);
    let orders = 0;
    const score = async () => {
      orders += 1;
      return (await redeemed(project, redeemBody({ codes: [code], orderId: `o-${orders}` }))).body.risk;
    };
    expect(await score()).toMatchObject({ score: 0, action: "allow" });
    const created = await send(project, "POST", "/v1/risk/rules", { ...definition, status: "enabled" });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      status: "enabled",
      weight: 0.5,
      action: null,
      shipped: false,
      version: 1,
      sentence: "Order amount: at least 40.00",
    });
    const path = `/v1/risk/rules/${created.body.id}`;
    expect(await score()).toMatchObject({ score: 0.5, action: "allow" });
    await send(project, "PATCH", path, { action: "flag", weight: 0.9 });
    expect(await score()).toEqual({
      score: 0.9,
      action: "flag",
      reasons: ["Large orders: Order amount: at least 40.00."],
    });
    await send(project, "PATCH", path, { when: { on: "order.amount", op: "greater_than", value: 5000 } });
    expect(await score()).toMatchObject({ score: 0, action: "allow" });
    expect((await project.request("DELETE", path)).status).toBe(204);
    expect((await send(project, "GET", path)).body.code).toBe("not_found");
    const versions = await send(project, "GET", `${path}/versions`);
    expect(versions.body.data.map(({ rule }: Body) => rule?.version ?? null)).toEqual([null, 3, 2, 1]);
  });

  it("are refused with the pointer of what is wrong, and how it is wrong", async () => {
    const project = await app.newProject();
    const when = { all: [definition.when, { on: "no_such_feature", op: "equals", value: 1 }] };
    const unknown = await send(project, "POST", "/v1/risk/rules", { ...definition, when });
    expect(unknown.status).toBe(400);
    expect(unknown.body.errors).toMatchObject([{ pointer: "/when/all/1/on" }]);
    const heavy = await send(project, "POST", "/v1/risk/rules", { ...definition, weight: 1 });
    expect(heavy.body.errors).toMatchObject([{ pointer: "/weight" }]);
    const strict = await send(project, "POST", "/v1/risk/rules", { ...definition, action: "reject" });
    expect(strict.body.errors).toMatchObject([{ pointer: "/action" }]);
  });

  it("are at most 80 a project beside the shipped ones, also when many are written at once", async () => {
    const project = await app.newProject();
    await app.pool.query(
      `insert into risk_rule (project_id, id, name, status, condition, weight, version, created_at, updated_at)
       select $1, 'rul_' || n, 'n', 'draft', '{"on": "order.amount", "op": "equals", "value": 1}', 0, 1, now(), now()
       from generate_series(1, 77) n`,
      [project.projectId],
    );
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => send(project, "POST", "/v1/risk/rules", definition)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ body }) => body.code === "conflict")).toHaveLength(3);
  });

  it("are in the audit log with who changed them", async () => {
    const project = await app.newProject();
    const { body } = await send(project, "POST", "/v1/risk/rules", definition);
    await send(project, "PATCH", `/v1/risk/rules/${body.id}`, { status: "shadow" });
    await setPolicy(project, null, { hold: 0.995 });
    const log = await send(project, "GET", `/v1/audit-log?subject_type=risk_rule&subject_id=${body.id}`);
    expect(log.body.data.map(({ action }: Body) => action)).toEqual(["status_changed", "created"]);
    expect(log.body.data[0].actor.id).toMatch(/^key_/);
    expect(log.body.data[0].after).toMatchObject({ status: "shadow" });
    const policies = await send(project, "GET", "/v1/audit-log?subject_type=risk_policy");
    expect(policies.body.data).toMatchObject([{ action: "created", after: { hold: 0.995 } }]);
  });

  it("are read by reviewers and written by managers", async () => {
    const project = await app.newProject();
    const reviewer = await withKey(app, project, { kind: "secret", scopes: ["review"] });
    expect((await reviewer.request("GET", "/v1/risk/rules")).status).toBe(200);
    expect((await reviewer.request("POST", "/v1/risk/rules", definition)).status).toBe(403);
    expect((await reviewer.request("PUT", "/v1/risk/policy", { reject: 0.9 })).status).toBe(403);
    const checkout = await withKey(app, project, { kind: "secret", scopes: ["checkout"] });
    expect((await checkout.request("GET", "/v1/risk/rules")).status).toBe(403);
  });

  it("can ask for what the list of features says", async () => {
    const project = await app.newProject();
    const { body } = await send(project, "GET", "/v1/risk/features");
    const named = new Map(body.data.map((feature: Body) => [feature.name, feature]));
    expect(named.get("device_shoppers_90d")).toMatchObject({ label: "customers on this device in the last 90 days" });
    expect(named.get("code_burst")).toMatchObject({ relative: true });
    expect(named.get("campaign_id")).toMatchObject({ type: "text" });
  });
});

describe("policies", () => {
  it("are the nearest one's, and say whose they are", async () => {
    const project = await app.newProject();
    const { mainId, campaignId } = await setUpPromotion(project, {});
    const path = `/v1/campaigns/${campaignId}/risk-policy`;
    const effective = async () => (await send(project, "GET", path)).body.effective;
    expect(await effective()).toMatchObject({ from: "product", flag: flagThreshold, hold: null, reject: null });
    await setPolicy(project, null, { hold: 0.99 });
    expect(await effective()).toMatchObject({ from: "project", hold: 0.99 });
    await setPolicy(project, mainId, { hold: 0.995, hold_seconds: 900 });
    expect(await effective()).toMatchObject({ from: "main_campaign", hold_seconds: 900 });
    await setPolicy(project, campaignId, { flag: null, reject: 0.999 });
    expect(await effective()).toMatchObject({ from: "campaign", flag: null, hold: null, reject: 0.999 });
    await setPolicy(project, campaignId, { status: "shadow", hold: 0.99 });
    expect((await send(project, "GET", path)).body).toMatchObject({
      live: { reject: 0.999 },
      shadow: { hold: 0.99, reject: null },
    });
    expect((await project.request("DELETE", `${path}?status=live`)).status).toBe(204);
    expect(await effective()).toMatchObject({ from: "main_campaign" });
    expect((await project.request("DELETE", path)).status).toBe(204);
    expect((await project.request("DELETE", path)).status).toBe(404);
  });

  it("have their thresholds in order, from 0 to 1", async () => {
    const project = await app.newProject();
    for (const [policy, pointer] of [
      [{ hold: 0.9, reject: 0.8 }, "/reject"],
      [{ flag: 0.9, hold: 0.8 }, "/hold"],
      [{ hold: 0 }, "/hold"],
      [{ reject: 1.1 }, "/reject"],
      [{ hold_seconds: 1 }, "/hold_seconds"],
    ] as const) {
      const { status, body } = await send(project, "PUT", "/v1/risk/policy", policy);
      expect([status, body.errors[0].pointer]).toEqual([400, pointer]);
    }
    // What is shown can be sent back.
    const { body } = await send(project, "PUT", "/v1/risk/policy", { hold: 0.75 });
    expect(body.live).toMatchObject({ flag: 0.75, hold: 0.75 });
    const { updated_at: _, ...shown } = body.live;
    expect((await send(project, "PUT", "/v1/risk/policy", shown)).status).toBe(200);
    expect((await send(project, "PUT", "/v1/campaigns/cam_none/risk-policy", { hold: 0.9 })).status).toBe(404);
  });

  it("are at most 1,000 a project; those that are there can be changed nevertheless", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    await setPolicy(project, null, { hold: 0.99 });
    await app.pool.query(
      `insert into risk_policy (project_id, campaign_id, status, id, hold_seconds, created_at, updated_at)
       select $1, 'cam_' || n, 'live', 'cam_' || n || ':live', 60, now(), now() from generate_series(1, 999) n`,
      [project.projectId],
    );
    const further = await send(project, "PUT", `/v1/campaigns/${campaignId}/risk-policy`, { hold: 0.99 });
    expect([further.status, further.body.code]).toEqual([409, "conflict"]);
    expect((await setPolicy(project, null, { hold: 0.995 })).live).toMatchObject({ hold: 0.995 });
  });

  it("of another project are not there, and hold for nobody else", async () => {
    const [owner, stranger] = [await app.newProject(), await app.newProject()];
    const { campaignId } = await setUpPromotion(owner, {});
    await setPolicy(owner, null, { reject: 0.5 });
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      const answer = await stranger.request(
        method,
        `/v1/campaigns/${campaignId}/risk-policy`,
        method === "PUT" ? {} : undefined,
      );
      expect([method, answer.status]).toEqual([method, 404]);
    }
    const { code } = await setUpPromotion(stranger, {});
    app.score(stranger, 0.9);
    expect((await redeemed(stranger, redeemBody({ codes: [code], orderId: "o-1" }))).status).toBe(201);
  });
});
