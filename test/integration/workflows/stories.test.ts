import { describe, expect, it } from "vitest";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { setUpPromotion } from "../../support/promotions.ts";
import { given, orderPaid, runsOf } from "../../support/workflows.ts";

const app = useApp();

const points = async (project: TestProject, customer = "ada"): Promise<number> =>
  (await send(project, "GET", `/v1/customers/${customer}/points`)).body.balance;

const thanks = { trigger: { on: "order.paid" }, steps: [{ type: "points", points: 10 }] };

describe("a workflow", () => {
  it("waits, and then does what it says, once", async () => {
    const project = await app.newProject();
    const story = await given(app, project, {
      trigger: { on: "order.paid" },
      conditions: { on: "order.amount", op: "greater_or_equal", value: 5000 },
      steps: [
        { type: "wait", hours: 2 },
        { type: "points", points: 10 },
      ],
    });
    await story.when("order.paid", orderPaid("small", 4999)).expect(null);
    await story.when("order.paid", orderPaid("o1", 5000), { eventId: "evt_1" }).expect({ status: "running" });
    expect(await points(project)).toBe(0);
    await story.when("order.paid", orderPaid("o1", 5000), { eventId: "evt_1" }).after("119 minutes").done();
    expect(await points(project)).toBe(0);
    await story.after("1 minute").expect({
      status: "finished",
      log: [
        { type: "wait", outcome: "waiting" },
        { type: "points", outcome: "done", at: "2026-03-02T12:00:00.000Z", detail: { points: 10, balance: 10 } },
      ],
    });
    await story.after("3 days").done();
    expect([await points(project), (await runsOf(project, story.id)).length]).toEqual([10, 1]);
  });
});
