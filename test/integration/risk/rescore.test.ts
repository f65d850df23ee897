import { describe, expect, it } from "vitest";
import { rescoreMarker } from "../../../api/risk/rescore/mark.ts";
import { rescorePass, simultaneous } from "../../../api/risk/rescore/worker.ts";
import { signalsFollower } from "../../../api/signals/follow.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { createRelay } from "../../../ingest/relay.ts";
import type { RiskInput } from "../../../models/features/risk.ts";
import { send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { redeemBody, setUpPromotion } from "../../support/promotions.ts";
import { announced, redeemed, useScoredApp } from "./scored-app.ts";

const app = useScoredApp();

/** What has happened reaches the online store, the warehouse, and those who look again. */
async function settled(): Promise<void> {
  await drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));
  await drainConsumer(rescoreMarker({ db: app.db, log: app.deps.log }));
  await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
}

/** @returns how many became suspect. */
const lookAgain = () => rescorePass({ ...app.deps, models: undefined }, undefined, 0);

function from(project: TestProject, code: string, nth: number, order: object = {}) {
  const body = redeemBody({
    codes: [code],
    orderId: `o-${nth}`,
    customer: `stranger-${nth}`,
    order: { device: { id: `device-${nth}`, ip: `198.51.${nth}.7` }, ...order },
  });
  return redeemed(project, body);
}

async function lateOf(project: TestProject) {
  return (await announced(app, project, "risk.rescored")).map(({ redemption_id }) => redemption_id).sort();
}

describe("late scores", () => {
  it("flag the first redemptions of a code that turned out to be leaked, once", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { code: quiet } = await setUpPromotion(project, {});
    const unsuspected: string[] = [];
    for (let nth = 1; nth <= 14; nth += 1) {
      const { body } = await from(project, code, nth);
      expect(body.risk.action).toBe("allow");
      unsuspected.push(body.id);
    }
    const apart = await from(project, quiet, 90);
    await settled();
    const last = await from(project, code, 15);
    expect(last.body.risk).toMatchObject({ action: "flag" });
    await settled();

    expect(await lookAgain()).toBe(14);
    expect(await lateOf(project)).toEqual([...unsuspected].sort());
    const [event] = await announced(app, project, "risk.rescored");
    expect(event).toMatchObject({
      customer: expect.stringMatching(/^stranger-/),
      risk: { action: "flag", rules: ["rul_leaked_code"] },
    });
    expect(event.risk.reasons[0].text).toMatch(/^Leaked code: /);
    const { rows } = await app.pool.query("select id, risk from redemption where project_id = $1 and risk ? 'late'", [
      project.projectId,
    ]);
    expect(rows).toHaveLength(14);
    expect(rows[0].risk).toMatchObject({ action: "allow", late: { action: "flag", rules: ["rul_leaked_code"] } });
    expect(rows.map(({ id }) => id)).not.toContain(apart.body.id);

    // More of the same asks again, and announces nothing twice.
    await from(project, code, 16);
    await settled();
    expect(await lookAgain()).toBe(0);
    expect(await lateOf(project)).toHaveLength(14);
  });

  it("flag whom a device linked to others only afterwards, of this project alone", async () => {
    const [project, other] = [await app.newProject(), await app.newProject()];
    for (const each of [project, other]) {
      const { code } = await setUpPromotion(each, {});
      const shared = { device: { id: "tablet" } };
      const rounds = each === project ? 5 : 1;
      for (let nth = 1; nth <= rounds; nth += 1) {
        await from(each, code, nth, shared);
        await settled();
      }
    }
    // From the third on the request itself saw it: new accounts on a shared device. The first two are found now.
    expect(await lookAgain()).toBe(2);
    expect(await lateOf(project)).toHaveLength(2);
    expect(await lateOf(other)).toEqual([]);
  });

  it("take a state that cannot be read for one of which nothing is known, as requests do", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (let nth = 1; nth <= 5; nth += 1) {
      await from(project, code, nth, { device: { id: "tablet" } });
      await settled();
    }
    const spoilt = await app.pool.query(
      "update signal_state set state = '{' where project_id = $1 and kind = 'customer'",
      [project.projectId],
    );
    expect(spoilt.rowCount).toBe(5);
    expect(await lookAgain()).toBe(2);
  });

  it("look at a customer's redemptions again when one is undone", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const customer = "cycler";
    const ids: string[] = [];
    for (let nth = 1; nth <= 4; nth += 1) {
      const { body } = await redeemed(project, redeemBody({ codes: [code], orderId: `o-${nth}`, customer }));
      ids.push(body.id);
    }
    for (const id of ids.slice(0, 3)) await send(project, "POST", `/v1/redemptions/${id}/rollback`, {});
    await settled();
    expect(await lookAgain()).toBe(1);
    // What was given back already is nobody's business any more.
    expect(await lateOf(project)).toEqual([ids[3]]);
  });

  it("are not lost when a pass ends half-way, and wait for the warehouse", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (let nth = 1; nth <= 5; nth += 1) {
      await from(project, code, nth, { device: { id: "tablet" } });
      await drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));
    }
    await drainConsumer(rescoreMarker({ db: app.db, log: app.deps.log }));
    // The warehouse has heard of nothing: what is marked stays.
    expect(await lookAgain()).toBe(0);
    const marks = async () =>
      (await app.pool.query("select 1 from risk_rescore where project_id = $1", [project.projectId])).rowCount;
    expect(await marks()).toBe(3);
    await settled();
    const broken = {
      scoreRisk: () => {
        throw new Error("broken");
      },
    };
    await expect(rescorePass({ ...app.deps, models: broken }, undefined, 0)).rejects.toThrow("broken");
    expect(await marks()).toBe(3);
    expect(await lookAgain()).toBe(2);
    expect(await marks()).toBe(0);
  });

  it("see an earlier redemption as the request did, without itself, and with what came since", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body } = await from(project, code, 1);
    const { body: second } = await from(project, code, 2);
    app.score(project, 0.999);
    await from(project, code, 3);
    await settled();
    const seen: RiskInput["known"][] = [];
    const models = {
      scoreRisk: (_: string, { known }: RiskInput) => {
        seen.push(known);
        return { score: null, model: null, features: null, reasons: [] };
      },
    };
    await rescorePass({ ...app.deps, models }, undefined, 0);
    expect([body.status, second.status]).toEqual(["redeemed", "redeemed"]);
    expect(seen).toHaveLength(2);
    for (const known of seen) {
      expect(known).toMatchObject({ customer_seconds_since_last: null, customer_redeemed_90d: 0 });
      expect(known).toMatchObject({ device_shoppers_90d: 0, device_attempted_minute: 0, ip_shoppers_day: 0 });
      expect(known).toMatchObject({ code_shoppers_hour: 2, code_networks_day: 2, code_steps: 2 });
      expect(known).toMatchObject({ campaign_redemptions_28d: 2, project_redemptions_28d: 2 });
    }
  });

  it("wait for the online store as for the warehouse", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (let nth = 1; nth <= 5; nth += 1) {
      await from(project, code, nth, { device: { id: "tablet" } });
      if (nth < 5) await drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));
    }
    await drainConsumer(rescoreMarker({ db: app.db, log: app.deps.log }));
    await createRelay({ pool: app.pool, warehouse: app.warehouse, log: app.deps.log }).drain();
    // A minute of work lies before the online store.
    await app.pool.query("update outbox set recorded_at = recorded_at - interval '1 minute' where project_id = $1", [
      project.projectId,
    ]);
    expect(await lookAgain()).toBe(0);
    await settled();
    expect(await lookAgain()).toBe(2);
  });

  it("know nothing that came after what they are asked for by", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    for (let nth = 1; nth <= 5; nth += 1) {
      await from(project, code, nth, { device: { id: "tablet" } });
      await drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));
    }
    await settled();
    const { rows } = await app.pool.query("select * from risk_rescore where project_id = $1", [project.projectId]);
    await app.pool.query("update risk_rescore set at = at - interval '1 hour'");
    expect(await lookAgain()).toBe(0);
    await app.pool.query(
      "insert into risk_rescore select r.* from jsonb_populate_recordset(null::risk_rescore, $1) r",
      [JSON.stringify(rows)],
    );
    expect(await lookAgain()).toBe(2);
  });

  it("ask more of a model that looks again and again than in the request", async () => {
    const project = await app.newProject();
    const { code } = await setUpPromotion(project, {});
    const { body } = await from(project, code, 1);
    app.score(project, 0.996);
    expect((await from(project, code, 2)).body.risk.action).toBe("flag");
    await settled();
    const said = (score: number) => ({
      scoreRisk: () => ({
        ...{ score, model: "risk@test", features: null },
        reasons: [{ feature: "codes_count", value: 1, contribution: score, text: "Codes in one request: 1." }],
      }),
    });
    expect(await rescorePass({ ...app.deps, models: said(0.999) }, undefined, 0)).toBe(0);
    await from(project, code, 3);
    await settled();
    expect(await rescorePass({ ...app.deps, models: said(0.9999) }, undefined, 0)).toBe(1);
    const [event] = await announced(app, project, "risk.rescored");
    expect(event).toMatchObject({ redemption_id: body.id, risk: { score: expect.closeTo(0.999, 9) } });
    expect(event?.risk.reasons).toMatchObject([{ contribution: expect.closeTo(0.999, 9) }]);
  });

  it("of a backlog are of the time of each mark, not of the end", () => {
    const minute = 60_000;
    const marks = [0, 9, 10, 11, 25].map((at) => ({ subject: `s${at}`, at: at * minute }));
    const groups = simultaneous(marks.toReversed()).map((group) => group.map(({ subject }) => subject));
    expect(groups).toEqual([["s0", "s9", "s10"], ["s11"], ["s25"]]);
  });

  it("of one project do not wait for another's that fail", async () => {
    const [broken, project] = [await app.newProject(), await app.newProject()];
    for (const each of [broken, project]) {
      const { code } = await setUpPromotion(each, {});
      for (let nth = 1; nth <= 5; nth += 1) {
        await from(each, code, nth, { device: { id: "tablet" } });
        await drainConsumer(signalsFollower({ db: app.db, log: app.deps.log }));
      }
    }
    await settled();
    const models = {
      scoreRisk: (projectId: string) => {
        if (projectId === broken.projectId) throw new Error("broken");
        return { score: null, model: null, features: null, reasons: [] };
      },
    };
    await expect(rescorePass({ ...app.deps, models }, undefined, 0)).rejects.toThrow("broken");
    expect(await lateOf(project)).toHaveLength(2);
    expect(await lateOf(broken)).toEqual([]);
    // Later, it is tried again.
    await app.pool.query("update risk_rescore set since = since - interval '1 hour'");
    expect(await lookAgain()).toBe(2);
  });
});
