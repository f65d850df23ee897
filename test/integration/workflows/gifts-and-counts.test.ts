/** Gift card credit, and numbers of orders that jump; the clock of the test is the only one. */
import { describe, expect, it } from "vitest";
import { forgetRuns } from "../../../api/workflows/forget.ts";
import { workflowTasks } from "../../../api/workflows/tasks.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { newEmailChannel, newTemplate, work } from "../../support/messages.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { given, newCardCampaign, orderPaid, runsOf } from "../../support/workflows.ts";

const app = useApp();
const ping = { trigger: { on: "custom", name: "ping" } };
const pinged = { custom_event_id: "x", name: "ping", properties: {} };

/** A channel of pop-ups, a step that says something over it, and what Ada has been shown. */
async function newSite(project: TestProject, text: string) {
  const channel = await send(project, "POST", "/v1/channels", { name: "Site", kind: "popup", settings: {} });
  const template_id = await newTemplate(project, { kind: "popup", languages: { en: { title: "Hello", text } } });
  return {
    step: { type: "deliver", channel_id: channel.body.id, template_id },
    shown: async (at: Date): Promise<string[]> => {
      const { rows } = await app.pool.query("select id from delivery where project_id = $1 and status = 'queued'", [
        project.projectId,
      ]);
      for (const { id } of rows) await work(app, project, id, at);
      const token = await send(project, "POST", "/v1/popup-tokens", { customer: { identifier: "ada" } });
      const { body } = await send(project, "GET", "/v1/popups", undefined, { "tessera-customer": token.body.token });
      return body.data.map((popup: { text: string }) => popup.text);
    },
  };
}

describe("gift credit", () => {
  it("goes on the customer's card, which is made for the first, told of, and kept from nobody but the blocked", async () => {
    const project = await app.newProject();
    const campaign_id = await newCardCampaign(project);
    const to = { channel_id: await newEmailChannel(project, 2525), template_id: await newTemplate(project) };
    const ada = { email: "ada@people.example", consent: { email: true } };
    await send(project, "PUT", "/v1/customers/ada", ada);
    const credit = { type: "gift_credit", amount: 500, currency: "EUR", campaign_id };
    const story = await given(app, project, { ...ping, steps: [credit, { type: "deliver", ...to }] });
    await story.when("custom.recorded", pinged).expect({
      status: "finished",
      log: [
        { type: "gift_credit", outcome: "done", detail: { amount: 500, currency: "EUR", campaign_id } },
        { type: "deliver", outcome: "done" },
      ],
    });
    await story.when("custom.recorded", pinged).expect({ status: "finished" });
    const wallet = await send(project, "GET", "/v1/customers/ada/wallet");
    expect(wallet.body.gift_cards).toEqual([{ currency: "EUR", cards_count: 1, balance_amount: 1000 }]);
    const { rows } = await app.pool.query(
      `select payload -> 'amount' as amount, payload -> 'balance_amount' as balance, payload ->> 'reason' as reason,
         payload ->> 'customer' as customer
       from outbox where project_id = $1 and type = 'gift_card.credited'
       order by (payload ->> 'balance_amount')::int`,
      [project.projectId],
    );
    const told = { amount: 500, reason: "workflow", customer: "ada" };
    expect(rows).toEqual([
      { ...told, balance: 500 },
      { ...told, balance: 1000 },
    ]);
    const messages = await app.pool.query(
      `select p.voucher_id from delivery d join publication p on p.project_id = d.project_id and p.id = d.publication_id
       where d.project_id = $1`,
      [project.projectId],
    );
    const [first, second] = messages.rows;
    expect(first.voucher_id).toBe(second.voucher_id);
    await send(project, "PUT", "/v1/customers/ada", { ...ada, blocked: true });
    await story.when("custom.recorded", pinged).expect({
      status: "finished",
      log: [{ reason: "customer_blocked" }, { reason: "nothing_to_deliver" }],
    });
  });

  it("is told of with the card, also when that was made for the customer and never published", async () => {
    const project = await app.newProject();
    const campaign_id = await newCardCampaign(project);
    await send(project, "PUT", "/v1/customers/ada", { consent: { popup: true } });
    const mine = { code: "CARD-OF-ADA", kind: "gift_card", balance_amount: 1000, customer: { identifier: "ada" } };
    expect((await send(project, "POST", `/v1/campaigns/${campaign_id}/vouchers`, mine)).status).toBe(201);
    const credit = { type: "gift_credit", amount: 500, currency: "EUR", campaign_id };
    const text = "{{ properties.why }}: {{ voucher.balance_amount | money: voucher.currency }} on {{ voucher.code }}";
    const site = await newSite(project, text);
    const story = await given(app, project, { ...ping, steps: [credit, site.step] }, new Date().toISOString());
    await story.when("custom.recorded", { ...pinged, properties: { why: "Sorry" } }).expect({ status: "finished" });
    expect(await site.shown(story.now())).toEqual(["Sorry: €15.00 on CARD-OF-ADA"]);
  });

  it("names what does not fit when the workflow is made, and fails once and for all when it does no more", async () => {
    const project = await app.newProject();
    const campaign_id = await newCardCampaign(project);
    const { campaignId: discounts } = await setUpPromotion(project, {});
    const credit = { type: "gift_credit", amount: 500, currency: "EUR", campaign_id };
    const make = (step: object) =>
      send(project, "POST", "/v1/workflows", { name: "Credit", ...ping, steps: [{ ...credit, ...step }] });
    for (const [step, field] of [
      [{ campaign_id: discounts }, "campaign_id"],
      [{ currency: "USD" }, "currency"],
      [{ amount: 0 }, "amount"],
    ] as const) {
      const { status, body } = await make(step);
      expect([status, body.errors[0].pointer]).toEqual([400, `/steps/0/${field}`]);
    }
    const story = await given(app, project, { ...ping, steps: [credit] });
    for (const verb of ["pause", "archive"]) await send(project, "POST", `/v1/campaigns/${campaign_id}/${verb}`);
    await story.when("custom.recorded", pinged).expect({ status: "failed", reason: "campaign_archived" });
  });
});

describe("a voucher that ends soon", () => {
  it("is told of by its code, also when it was never published, and to nobody whose it is no more", async () => {
    const project = await app.newProject();
    const expires_at = new Date(Date.now() + 3 * 86_400_000 + 3_600_000).toISOString();
    const { campaignId } = await setUpPromotion(project, {});
    for (const [code, identifier] of [
      ["OF-ADA", "ada"],
      ["OF-BOB", "bob"],
    ]) {
      await send(project, "PUT", `/v1/customers/${identifier}`, { consent: { popup: true } });
      const body = { code, kind: "unique", expires_at, customer: { identifier } };
      expect((await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, body)).status).toBe(201);
    }
    const site = await newSite(project, "{{ voucher.code }} of {{ campaign.currency }}");
    const steps = [{ type: "wait", minutes: 30 }, site.step];
    const trigger = { on: "voucher.expiring", days_before: 3 };
    const story = await given(app, project, { trigger, steps }, new Date().toISOString());
    const give = () => send(project, "POST", "/v1/vouchers/OF-BOB/assign", { customer: { identifier: "ada" } });
    await story.after("80 minutes").meanwhile(give).after("1 hour").done();
    expect(await site.shown(story.now())).toEqual(["OF-ADA of EUR"]);
    const told = (await runsOf(project, story.id)).map(({ log }) => log.at(-1)?.reason);
    expect(told.sort()).toEqual([null, "nothing_to_deliver"].sort());
  });
});

describe("a number of orders", () => {
  const began = Date.parse("2026-03-02T10:00:00Z");
  /** As reports and imports store them; minutes since the activation. */
  async function store(project: TestProject, id: string, paidMinutes: number, toldMinutes: number, status = "paid") {
    await send(project, "PUT", "/v1/customers/ada", {});
    await app.pool.query(
      `insert into orders (project_id, id, customer_id, status, currency, amount, items, occurred_at, paid_at, updated_at)
       select $1, $2, c.id, $5, 'EUR', 1000, '[]', $3, $3, $4 from customer c
       where c.project_id = $1 and c.identifier = 'ada'
       on conflict (project_id, id) do update set status = excluded.status, updated_at = excluded.updated_at`,
      [project.projectId, id, new Date(began + paidMinutes * 60_000), new Date(began + toldMinutes * 60_000), status],
    );
  }
  const third = (project: TestProject, more: object = {}) =>
    given(app, project, {
      trigger: { on: "orders.reached", count: 3 },
      steps: [{ type: "points", points: 10 }],
      ...more,
    });
  const orderOf = async (workflowId: string) => {
    const { rows } = await app.pool.query(
      "select trigger #>> '{order,id}' as order_id, status from workflow_run where workflow_id = $1",
      [workflowId],
    );
    return rows.map(({ order_id, status }) => `${order_id} ${status}`);
  };

  it("that jumps from two to five is reached once, with the third, however they are told", async () => {
    const project = await app.newProject();
    const story = await third(project);
    const sum = await third(project, { trigger: { on: "orders.reached", amount: 2_500, currency: "EUR" } });
    for (const [id, minute] of [
      ["o1", 1],
      ["o2", 2],
    ] as const) {
      await store(project, id, minute, minute);
      await story.when("order.paid", orderPaid(id, 1000)).expect(null);
    }
    for (const [id, minute] of [
      ["o3", 3],
      ["o4", 4],
      ["o5", 5],
    ] as const)
      await store(project, id, minute, 9);
    for (const id of ["o3", "o5", "o4", "o3"]) await story.when("order.paid", orderPaid(id, 1000)).done();
    for (const { id } of [story, sum]) expect(await orderOf(id)).toEqual(["o3 finished"]);
  });

  it("is not missed when an earlier one is told last, was imported days later, or was cancelled meanwhile", async () => {
    const late = await app.newProject();
    const told = await third(late);
    await store(late, "o1", 1, 1);
    await store(late, "o3", 30, 30);
    await told.when("order.paid", orderPaid("o1", 1000)).when("order.paid", orderPaid("o3", 1000)).expect(null);
    await store(late, "o2", 20, 40);
    await told.when("order.paid", orderPaid("o2", 1000)).done();
    expect(await orderOf(told.id)).toEqual(["o2 finished"]);

    const imported = await app.newProject();
    const days = await third(imported);
    await store(imported, "o1", 1, 1);
    for (const id of ["o2", "o3"]) await store(imported, id, 2, 5_000);
    const recordedAt = new Date(began + 5_000 * 60_000);
    for (const id of ["o2", "o3"]) await days.when("order.paid", orderPaid(id, 1000), { recordedAt }).expect(null);
    await store(imported, "o4", 5_001, 5_001);
    await days.when("order.paid", orderPaid("o4", 1000)).done();
    expect(await orderOf(days.id)).toEqual(["o4 finished"]);

    const cancelled = await app.newProject();
    const off = await third(cancelled);
    for (const [id, minute] of [
      ["o1", 1],
      ["o2", 2],
      ["o3", 3],
    ] as const)
      await store(cancelled, id, minute, minute);
    await store(cancelled, "o2", 2, 4, "cancelled");
    await off.when("order.paid", orderPaid("o3", 1000)).expect(null);
    await store(cancelled, "o4", 5, 5);
    await off.when("order.paid", orderPaid("o4", 1000)).done();
    expect(await orderOf(off.id)).toEqual(["o4 finished"]);
  });

  it("that was reached before the activation, or with an order that conditions refuse, is not reached again", async () => {
    const project = await app.newProject();
    const story = await third(project);
    const picky = await third(project, { conditions: { on: "order.amount", op: "greater_than", value: 1000 } });
    for (const [id, minute] of [
      ["o1", -9],
      ["o2", -8],
      ["o3", -7],
      ["o4", 1],
    ] as const) {
      await store(project, id, minute, minute);
    }
    await story.when("order.paid", orderPaid("o4", 5000)).expect(null);
    await app.pool.query("update orders set paid_at = paid_at + interval '1 hour' where project_id = $1", [
      project.projectId,
    ]);
    await story.when("order.paid", orderPaid("o3", 1000)).when("order.paid", orderPaid("o4", 5000)).done();
    expect(await orderOf(story.id)).toEqual(["o3 finished"]);
    expect(await runsOf(project, picky.id)).toMatchObject([{ status: "skipped", reason: "conditions_not_met" }]);
  });
});

describe("a run that ended long ago", () => {
  it("is forgotten with its log, but where its row keeps the customer from beginning again", async () => {
    const project = await app.newProject();
    const steps = [{ type: "points", points: 10 }];
    const often = await given(app, project, { ...ping, steps });
    const once = await given(app, project, { ...ping, steps, settings: { entry: "once" } });
    await often.when("custom.recorded", pinged).when("custom.recorded", pinged).done();
    await app.pool.query("update workflow_run set status = 'failed' where workflow_id = $1", [once.id]);
    const daysOn = (days: number) => new Date(often.now().getTime() + days * 86_400_000);
    const left = async (id: string) => {
      const { rows } = await app.pool.query(
        `select r.forgotten, r.trigger ->> 'type' as trigger, (select count(*)::int from workflow_run_entry e
           where e.project_id = r.project_id and e.run_id = r.id) as entries
         from workflow_run r where r.workflow_id = $1`,
        [id],
      );
      return rows;
    };
    expect(await forgetRuns(app.db, 400, { at: daysOn(399) })).toBe(0);
    // In chunks of two: it goes on until there is none left, of whichever project.
    expect(await forgetRuns(app.db, 400, { at: daysOn(401), limit: 2 })).toBeGreaterThanOrEqual(3);
    expect(await forgetRuns(app.db, 400, { at: daysOn(401), limit: 2 })).toBe(0);
    expect(await left(often.id)).toEqual([]);
    expect(await left(once.id)).toEqual([{ forgotten: true, trigger: "custom", entries: 0 }]);
    const [run] = await runsOf(project, once.id);
    expect(run).toMatchObject({ forgotten: true, log: [] });
    expect((await send(project, "POST", `/v1/workflow-runs/${run?.id}/retry`)).status).toBe(409);
    await once.when("custom.recorded", pinged).done();
    expect(await left(once.id)).toHaveLength(1);
    // Archived, it begins nothing again: what stayed goes.
    await send(project, "POST", `/v1/workflows/${once.id}/archive`);
    const cancel = workflowTasks(app).find(({ name }) => name === "workflow-cancel");
    const payload = { project_id: project.projectId, workflow_id: once.id };
    await cancel?.run(payload, { number: 1, isLast: false, signal: new AbortController().signal });
    expect(await left(once.id)).toEqual([]);
    await expect(app.pool.query("delete from workflow_run_entry")).rejects.toThrow("append-only");
  });
});
