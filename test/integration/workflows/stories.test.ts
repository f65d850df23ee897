/** Workflows as stories; the clock of the test is the only one. */
import type { KyselyPlugin } from "kysely";
import { describe, expect, it } from "vitest";
import { deliveryFollower } from "../../../api/publications/follow-deliveries.ts";
import { dryRunOf } from "../../../api/workflows/dry-run.ts";
import { scanDue } from "../../../api/workflows/scan.ts";
import { drainConsumer } from "../../../ingest/consumer.ts";
import { toRow } from "../../../ingest/rows.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { newEmailChannel, newTemplate } from "../../support/messages.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { given, newCardCampaign, orderPaid, runsOf, storyOf } from "../../support/workflows.ts";

const app = useApp();

const pointsOf = async (project: TestProject, customer = "ada"): Promise<number> =>
  (await send(project, "GET", `/v1/customers/${customer}/points`)).body.balance;

const tenPoints = { type: "points", points: 10 };
const ping = { trigger: { on: "custom", name: "ping" } };
const pinged = (properties: object = {}) => ({ custom_event_id: "x", name: "ping", properties });
const outcomes = async (project: TestProject, id: string) =>
  (await runsOf(project, id)).map((run) => [run.status, run.reason, ...run.log.map(({ reason }) => reason)]);

describe("a workflow", () => {
  it("waits, and then does what it says, once", async () => {
    const project = await app.newProject();
    const story = await given(app, project, {
      trigger: { on: "order.paid" },
      conditions: { on: "order.amount", op: "greater_or_equal", value: 5000 },
      steps: [{ type: "wait", hours: 2 }, tenPoints],
    });
    await story.when("order.paid", orderPaid("small", 4999)).expect(null);
    await story.when("order.paid", orderPaid("o1", 5000), { eventId: "evt_1" }).expect({ status: "running" });
    await story.when("order.paid", orderPaid("o1", 5000), { eventId: "evt_1" }).after("119 minutes").done();
    expect(await pointsOf(project)).toBe(0);
    await story.after("1 minute").expect({
      status: "finished",
      log: [
        { type: "wait", outcome: "waiting" },
        { type: "points", outcome: "done", at: "2026-03-02T12:00:00.000Z", detail: { points: 10, balance: 10 } },
      ],
    });
    await story.after("3 days").done();
    expect([await pointsOf(project), (await runsOf(project, story.id)).length]).toEqual([10, 1]);
  });

  it("asks its conditions again before it acts, and whether the order still stands", async () => {
    const project = await app.newProject();
    const put = (attributes: object) => send(project, "PUT", "/v1/customers/ada", { attributes });
    await put({ tier: "gold" });
    const story = await given(app, project, {
      trigger: { on: "order.paid" },
      conditions: { on: "customer.attributes.tier", op: "equals", value: "gold" },
      steps: [tenPoints, { type: "wait", days: 1 }, tenPoints],
    });
    await story
      .when("order.paid", orderPaid("o1", 1000))
      .meanwhile(() => put({ tier: "iron" }))
      .after("1 day")
      .done();
    expect(await outcomes(project, story.id)).toEqual([
      ["stopped", "conditions_not_met", null, null, "conditions_not_met"],
    ]);
    await put({ tier: "gold" });
    const order = {
      id: "o2",
      customer: { identifier: "ada" },
      currency: "EUR",
      items: [{ sku: "a", quantity: 1, unit_amount: 1 }],
    };
    const report = (status: string) => send(project, "POST", "/v1/orders", { ...order, status });
    await report("paid");
    await story
      .when("order.paid", orderPaid("o2", 1000))
      .meanwhile(() => report("cancelled"))
      .after("1 day")
      .done();
    expect((await runsOf(project, story.id))[0]).toMatchObject({ status: "stopped", reason: "order_cancelled" });
    expect(await pointsOf(project)).toBe(20);
  });

  it("asks what the event says, and goes on only where a condition among its steps is met", async () => {
    const project = await app.newProject();
    const story = await given(app, project, {
      ...ping,
      conditions: { on: "event.size", op: "greater_than", value: 3 },
      steps: [{ type: "condition", rule: { on: "event.colours", op: "any_of", value: ["red"] } }, tenPoints],
    });
    await story.when("custom.recorded", pinged({ size: 3, colours: ["red"] })).expect(null);
    await story.when("custom.recorded", pinged({ size: 4, colours: ["red", "blue"] })).expect({ status: "finished" });
    await story
      .when("custom.recorded", pinged({ size: 4, colours: ["blue"] }))
      .expect({ status: "stopped", reason: "condition_not_met" });
    expect(await pointsOf(project)).toBe(10);
  });

  it("begins nothing for what happened long before it was told, or before it was activated", async () => {
    const project = await app.newProject();
    const story = await given(app, project, { ...ping, steps: [tenPoints] });
    const late = new Date(story.now().getTime() + 25 * 3_600_000);
    await story.when("custom.recorded", pinged(), { recordedAt: late }).expect(null);
    const early = new Date(story.now().getTime() - 1);
    await story.when("custom.recorded", pinged(), { recordedAt: early }).expect(null);
  });

  it("holds its runs while it is paused, and ends them when it is archived", async () => {
    const project = await app.newProject();
    const story = await given(app, project, { ...ping, steps: [{ type: "wait", hours: 1 }, tenPoints] });
    await story.when("custom.recorded", pinged()).pause().after("5 hours").expect({ status: "running", held: true });
    await story.when("custom.recorded", pinged()).done();
    expect(await runsOf(project, story.id)).toHaveLength(1);
    await story.activate().expect({ status: "finished" });
    expect(await pointsOf(project)).toBe(10);
    await story.when("custom.recorded", pinged()).done();
    expect((await send(project, "POST", `/v1/workflows/${story.id}/archive`)).status).toBe(200);
    await story.after("1 hour").expect({ status: "cancelled", reason: "workflow_archived" });
    expect((await send(project, "POST", `/v1/workflows/${story.id}/activate`)).status).toBe(409);
  });

  it("keeps the version that a run began with", async () => {
    const project = await app.newProject();
    const story = await given(app, project, { ...ping, steps: [{ type: "wait", hours: 1 }, tenPoints] });
    await story.when("custom.recorded", pinged()).done();
    const steps = [{ type: "points", points: 1 }];
    const changed = await send(project, "PATCH", `/v1/workflows/${story.id}`, { steps });
    expect([changed.status, changed.body.version, changed.body.sentence]).toEqual([
      200,
      2,
      'When the event "ping" comes, give 1 point.',
    ]);
    await story.when("custom.recorded", pinged(), {}).after("1 hour").done();
    expect((await runsOf(project, story.id)).map((run) => [run.version, run.status])).toEqual([
      [2, "finished"],
      [1, "finished"],
    ]);
    expect(await pointsOf(project)).toBe(11);
    const versions = await send(project, "GET", `/v1/workflows/${story.id}/versions`);
    expect(versions.body.data.map((row: { version: number }) => row.version)).toEqual([2, 1]);
  });

  it("lets a customer in as often as its entry rule says", async () => {
    const project = await app.newProject();
    const wait = { type: "wait", hours: 1 };
    const counts: number[] = [];
    for (const settings of [{ entry: "once" }, { entry: "not_while_running" }, { entry_gap_days: 2 }, {}]) {
      const story = await given(app, project, { ...ping, steps: [wait, tenPoints], settings });
      // Others of the project see the same events.
      await story.when("custom.recorded", pinged()).when("custom.recorded", pinged()).after("1 day").done();
      await story.when("custom.recorded", pinged()).after("2 days").when("custom.recorded", pinged()).done();
      counts.push((await runsOf(project, story.id)).length);
      await send(project, "POST", `/v1/workflows/${story.id}/archive`);
    }
    expect(counts).toEqual([1, 3, 2, 4]);
  });

  it("gives a voucher and sends it: not in quiet hours, not too often, and not to whom does not want it", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
    const consent = { consent: { email: true }, email: "ada@people.example", attributes: { time_zone: "Asia/Tokyo" } };
    await send(project, "PUT", "/v1/customers/ada", consent);
    await send(project, "PUT", "/v1/workflow-settings", { cap: { deliveries_max: 2, days: 7 } });
    const story = await given(app, project, {
      ...ping,
      steps: [
        { type: "publish_voucher", campaign_id: campaignId },
        { type: "deliver", ...to },
      ],
      // 10:00 in UTC is 19:00 in Tokyo.
      settings: { quiet_hours: { from: "19:00", to: "08:00" }, cap: { deliveries_max: 1, days: 2 } },
    });
    await story.when("custom.recorded", pinged()).expect({ status: "running", due_at: "2026-03-02T23:00:00.000Z" });
    await story
      .after("13 hours")
      .expect({ status: "finished", log: [{ outcome: "done" }, { outcome: "held" }, { outcome: "done" }] });
    await story.when("custom.recorded", pinged()).after("1 day").when("custom.recorded", pinged()).done();
    await story.after("2 days").when("custom.recorded", pinged()).done();
    await story.when("custom.recorded", pinged({})).done();
    await send(project, "PUT", "/v1/customers/bob", {
      email: "bob@people.example",
      attributes: { time_zone: "Asia/Tokyo" },
    });
    await story.when("custom.recorded", { ...pinged(), customer: "bob" }).done();
    expect((await outcomes(project, story.id)).map((run) => run.at(-1))).toEqual([
      "no_consent",
      "frequency_cap",
      null,
      "frequency_cap",
      "frequency_cap",
      null,
    ]);
    const { rows } = await app.pool.query(
      `select d.status, p.source_id, d.workflow_run_id is not null as of_run from delivery d
       join publication p on p.project_id = d.project_id and p.id = d.publication_id
       where d.project_id = $1 and d.status = 'queued'`,
      [project.projectId],
    );
    expect(rows).toHaveLength(2);
    expect(rows.every((row) => row.of_run && /^workflow:wfr_\w+:0$/.test(row.source_id))).toBe(true);
  });

  it("withholds a voucher from whom the campaign holds out, and does not tell of it", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, { sub: { holdout_percent: 100 } });
    const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
    const story = await given(app, project, {
      ...ping,
      steps: [{ type: "publish_voucher", campaign_id: campaignId }, { type: "deliver", ...to }, tenPoints],
    });
    await story.when("custom.recorded", pinged()).expect({
      status: "finished",
      log: [{ reason: "in_holdout" }, { reason: "nothing_to_deliver" }, { outcome: "done" }],
    });
  });

  it("brings to each person what they were given, also where nobody else was given anything", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
    await send(project, "PUT", "/v1/customers/ada", { email: "ada@people.example", consent: { email: true } });
    const gift = { type: "publish_voucher", campaign_id: campaignId };
    const story = await given(app, project, {
      trigger: { on: "redemption.succeeded" },
      steps: [gift, { ...gift, to: "referrer" }, { type: "deliver", ...to }],
    });
    const redemption = { ...orderPaid("o1", 1000), redemption_id: "red_1", codes: [], source: "api" };
    await story.when("redemption.succeeded", redemption).expect({
      status: "finished",
      log: [{ outcome: "done" }, { reason: "no_referrer" }, { type: "deliver", outcome: "done" }],
    });
  });

  it("does not tell of a voucher that went back because an earlier message did not arrive", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, { voucher: { kind: "unique" } });
    const channel_id = await newEmailChannel(project, 2525);
    const marketing = await newTemplate(project);
    const transactional = await newTemplate(project, { name: "Anyway", purpose: "transactional" });
    await send(project, "PUT", "/v1/customers/ada", { email: "ada@people.example" });
    const story = await given(app, project, {
      ...ping,
      steps: [
        { type: "publish_voucher", campaign_id: campaignId },
        { type: "deliver", channel_id, template_id: marketing },
        { type: "wait", hours: 1 },
        { type: "deliver", channel_id, template_id: transactional },
      ],
    });
    await story
      .when("custom.recorded", pinged())
      .meanwhile(() => drainConsumer(deliveryFollower({ db: app.db, log: app.deps.log })))
      .after("1 hour")
      .expect({
        status: "finished",
        log: [{ outcome: "done" }, { reason: "no_consent" }, { type: "wait" }, { reason: "nothing_to_deliver" }],
      });
  });

  it("begins with the points that reach theirs", async () => {
    const project = await app.newProject();
    const trigger = { on: "points.reached", points: 15 };
    const rich = await given(app, project, { trigger, steps: [tenPoints] });
    const points = { entry_id: "x", kind: "earned", reason: null, reference_id: null };
    await rich.when("points.changed", { ...points, points: 4, balance: 14 }).expect(null);
    await rich.when("points.changed", { ...points, points: 10, balance: 20 }).expect({ status: "finished" });
    await rich.when("points.changed", { ...points, points: 10, balance: 30 }).done();
    expect(await runsOf(project, rich.id)).toHaveLength(1);
  });

  it("ends the runs of a customer who is erased", async () => {
    const project = await app.newProject();
    const story = await given(app, project, { ...ping, steps: [{ type: "wait", hours: 1 }, tenPoints] });
    await story.when("custom.recorded", pinged()).when("customer.erased", {}).after("1 hour").done();
    expect(await runsOf(project, story.id)).toMatchObject([{ status: "cancelled", reason: "customer_erased" }]);
  });

  it("rewards the referrer", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, { main: { template: "referral" } });
    const customer = { identifier: "rita" };
    const code = await send(project, "POST", `/v1/campaigns/${campaignId}/referral-codes`, { customer });
    expect(code.status, JSON.stringify(code.body)).toBe(201);
    const story = await given(app, project, {
      trigger: { on: "redemption.succeeded", campaign_ids: [campaignId] },
      steps: [{ ...tenPoints, to: "referrer" }],
    });
    const part = { voucher_id: code.body.id, campaign_id: campaignId, main_campaign_id: null, code: "R" };
    const codes = [{ ...part, discount_amount: 0, reasons: [] }];
    const redemption = { ...orderPaid("o1", 1000), redemption_id: "red_1", codes, source: "api" };
    await story.when("redemption.succeeded", redemption).expect({ status: "finished" });
    expect([await pointsOf(project), await pointsOf(project, "rita")]).toEqual([0, 10]);
  });

  it("fails with a reason, keeps what was done, and goes on from there when it is replayed", async () => {
    const project = await app.newProject();
    const segment = await send(project, "POST", "/v1/segments", { name: "vip" });
    const unique = await setUpPromotion(project, { voucher: { kind: "unique" } });
    const story = await given(app, project, {
      ...ping,
      steps: [
        tenPoints,
        { type: "publish_voucher", campaign_id: unique.campaignId },
        { type: "add_to_segment", segment_id: segment.body.id },
      ],
    });
    await app.pool.query("update voucher set status = 'disabled' where project_id = $1", [project.projectId]);
    await story.when("custom.recorded", pinged()).expect({ status: "failed", reason: "out_of_stock", position: 1 });
    const early = await send(project, "POST", `/v1/workflows/${story.id}/retry-failed`, { reason: "unexpected" });
    expect(early.body).toEqual({ retried: 0, more: false });
    await app.pool.query("update voucher set status = 'created' where project_id = $1", [project.projectId]);
    const [run] = await runsOf(project, story.id);
    const retry = () => send(project, "POST", `/v1/workflow-runs/${run?.id}/retry`);
    expect((await retry()).body.status).toBe("running");
    expect((await retry()).status).toBe(409);
    await storyOf(app, project, story.id, new Date()).after("1 minute").expect({ status: "finished" });
    expect(await pointsOf(project)).toBe(10);
    const members = await send(project, "GET", `/v1/segments/${segment.body.id}/members`);
    expect(members.body.data).toMatchObject([{ identifier: "ada" }]);
  });
});

describe("a day that comes by itself", () => {
  it("is celebrated once a year where the customer is, on the 28th by those of 29 February", async () => {
    const project = await app.newProject();
    const born = (identifier: string, birthday: string, time_zone?: string) =>
      send(project, "PUT", `/v1/customers/${identifier}`, { birthday, attributes: time_zone ? { time_zone } : {} });
    await born("leap", "1996-02-29", "Asia/Tokyo");
    await born("kolkata", "1990-02-28", "Asia/Kolkata");
    await born("other", "1990-06-01");
    const workflow = { trigger: { on: "customer.birthday", at: "08:00" }, steps: [tenPoints] };
    const story = await given(app, project, workflow, "2027-02-27T22:30:00.000Z");
    await story.after("30 minutes").done();
    expect([await pointsOf(project, "leap"), await pointsOf(project, "kolkata")]).toEqual([10, 0]);
    await story.after("4 hours").done();
    expect((await runsOf(project, story.id)).map((run) => run.log[0]?.at)).toEqual([
      "2027-02-28T02:30:00.000Z",
      "2027-02-27T23:00:00.000Z",
    ]);
    await app.pool.query("update workflow_scan set scanned_until = '2027-02-27T20:00Z' where project_id = $1", [
      project.projectId,
    ]);
    await story.after("1 hour").done();
    expect(await runsOf(project, story.id)).toHaveLength(2);
    expect(await pointsOf(project, "other")).toBe(0);
  });

  it("is looked for before the transaction that begins its runs: readers of the outbox do not wait for the looking", async () => {
    const project = await app.newProject();
    await send(project, "PUT", "/v1/customers/ada", { birthday: "1990-06-01" });
    // Those of other stories first.
    await scanDue(app.db, new Date("2027-06-01T07:30:00.000Z"));
    const story = await given(
      app,
      project,
      {
        trigger: { on: "customer.birthday", at: "08:00" },
        conditions: { on: "customer.orders_count", op: "equals", value: 0 },
        steps: [tenPoints],
      },
      "2027-06-01T07:30:00.000Z",
    );
    const holding: boolean[] = [];
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        const { rows } = await app.pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and backend_xid is not null",
        );
        holding.push(rows.length > 0);
        return result;
      },
    };
    const db = app.db.withPlugin(plugin);
    await scanDue(db, story.now());
    expect(await runsOf(project, story.id)).toHaveLength(1);
    // Where the scan stands, its turn, its run, its event and its job.
    expect(holding.filter((isHolding) => isHolding).length).toBeLessThanOrEqual(7);
    expect(holding.slice(0, 4)).toEqual([false, false, false, false]);
  });

  it("is so many days before a voucher of somebody ends, once, and not when it is used by then", async () => {
    const project = await app.newProject();
    const expires_at = "2026-03-05T12:00:00Z";
    const mine = { kind: "unique", customer: { identifier: "ada" } };
    const { campaignId } = await setUpPromotion(project, { voucher: { ...mine, expires_at } });
    const used = await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, {
      ...mine,
      code: "USED",
      expires_at,
    });
    const trigger = { on: "voucher.expiring", days_before: 3 };
    const story = await given(app, project, { trigger, steps: [tenPoints] });
    await story.after("1 hour").done();
    expect(await runsOf(project, story.id)).toEqual([]);
    await app.pool.query("update voucher set status = 'redeemed' where project_id = $1 and id = $2", [
      project.projectId,
      used.body.id,
    ]);
    await story.after("1 hour").after("3 hours").done();
    expect((await runsOf(project, story.id)).map((run) => run.log[0]?.at)).toEqual(["2026-03-02T12:00:00.000Z"]);
  });
});

describe("the warehouse", () => {
  it("counts runs by what became of them", async () => {
    const project = await app.newProject();
    const conditions = { on: "event.size", op: "equals", value: 1 };
    const story = await given(app, project, { ...ping, steps: [{ type: "condition", rule: conditions }, tenPoints] });
    await story
      .when("custom.recorded", pinged({ size: 1 }))
      .when("custom.recorded", pinged({ size: 2 }))
      .done();
    await story.when("custom.recorded", { ...pinged({ size: 1 }), customer: "bob" }).done();
    const { rows } = await app.pool.query(
      `select xid::text, seq, event_id, project_id, type, version, payload::text,
         to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
         to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at
       from outbox where project_id = $1 and type like 'workflow_run.%'`,
      [project.projectId],
    );
    const values = rows.map((stored) => {
      const mapped = toRow(stored);
      if ("error" in mapped) throw new Error(mapped.error);
      return mapped.row;
    });
    await app.warehouse.insert({
      table: "events_raw",
      values,
      format: "JSONEachRow",
      clickhouse_settings: { date_time_input_format: "best_effort" },
    });
    const mart = await app.warehouse.query({
      query: `SELECT outcome, workflow_id, toString(day) AS day, toInt32(runs_count) AS runs,
                toInt32(customers_count) AS customers, reasons['condition_not_met'] AS not_met
              FROM workflow_runs_daily WHERE project_id = {project: String} ORDER BY outcome`,
      query_params: { project: project.projectId },
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    const of = { workflow_id: story.id, day: "2026-03-02" };
    expect(await mart.json()).toEqual([
      { outcome: "finished", ...of, runs: 2, customers: 2, not_met: 0 },
      { outcome: "started", ...of, runs: 3, customers: 2, not_met: 0 },
      { outcome: "stopped", ...of, runs: 1, customers: 1, not_met: 1 },
    ]);
  });
});

describe("a dry run", () => {
  it("says whom it would have reached and what would have been withheld, and changes nothing", async () => {
    const project = await app.newProject();
    const { campaignId } = await setUpPromotion(project, {});
    for (const customer of ["ada", "bob"]) await send(project, "PUT", `/v1/customers/${customer}`, {});
    await send(project, "PUT", "/v1/customers/bob", { attributes: { tier: "iron" } });
    const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
    const workflow = await send(project, "POST", "/v1/workflows", {
      name: "Draft",
      trigger: { on: "order.paid" },
      conditions: { on: "customer.attributes.tier", op: "not_equals", value: "iron" },
      steps: [
        { type: "wait", hours: 1 },
        { type: "publish_voucher", campaign_id: campaignId },
        { type: "gift_credit", amount: 500, currency: "EUR", campaign_id: await newCardCampaign(project) },
        { type: "deliver", ...to },
      ],
      settings: { entry: "once" },
    });
    const event = (id: string, customer: string) => ({
      ...{ project_id: project.projectId, event_id: id, type: "order.paid", version: 1, customer },
      ...{ occurred_at: "2026-03-02 10:00:00.000", recorded_at: "2026-03-02 10:00:01.000" },
      payload: JSON.stringify(orderPaid(id, 5000, customer)),
    });
    const values = [event("e1", "ada"), event("e2", "ada"), event("e3", "bob"), event("e4", "gone")];
    await app.warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
    const path = `/v1/workflows/${workflow.body.id}/dry-run`;
    const { status, body } = await send(project, "POST", path, { from: "2026-03-02T00:00:00Z" });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({
      to: "2026-03-03T00:00:00.000Z",
      events: { count: 4, read: 4 },
      truncated: false,
      kept_out: { conditions: 1, entry: 1 },
      began: 1,
      customers_reached: 1,
      steps: [
        { reached: 1, done: 1 },
        { reached: 1, done: 1, withheld: {} },
        { reached: 1, done: 1, sentence: expect.stringMatching(/^Put 5\.00 EUR on their gift card of /) },
        { reached: 1, done: 0, withheld: { no_address: 1 } },
      ],
      sample: [{ customer: { identifier: "ada" }, steps: [{}, { at: "2026-03-02T11:00:00.000Z" }, {}, {}] }],
      cut_after: null,
    });
    let moments = 0;
    const stores = { db: app.db, warehouse: app.warehouse };
    const window = { from: "2026-03-02T00:00:00Z" };
    const cut = await dryRunOf(stores, project.projectId, workflow.body.id, window, () => ++moments > 6);
    expect(cut).toMatchObject({ cut_after: 2, began: 1, kept_out: { conditions: 0, entry: 1 } });
    expect(await runsOf(project, workflow.body.id)).toEqual([]);
    const bad = await send(project, "POST", path, { from: "2026-01-01T00:00:00Z", to: "2026-03-01T00:00:00Z" });
    expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, "/to"]);
  });
});
