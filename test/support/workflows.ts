/**
 * Workflows told as stories, with time as an input: nothing sleeps, and the clock of the test is the only one that the
 * engine sees.
 *
 *     const story = await given(context, project, { trigger: { on: "order.paid" }, steps: [...] });
 *     await story.when("order.paid", orderPaid("o1", 5000)).after("2 hours").expect({ status: "finished" });
 */
import { expect } from "vitest";
import { newId } from "../../api/ids.ts";
import { setStatus } from "../../api/workflows/change.ts";
import { followEvents, type Consumed as StoryEvent } from "../../api/workflows/follow.ts";
import { releaseRuns } from "../../api/workflows/release.ts";
import { scanDue } from "../../api/workflows/scan.ts";
import { tryStep } from "../../api/workflows/tasks.ts";
import { payloads } from "../../ingest/events/events.ts";
import { send } from "./answers.ts";
import type { TestApp, TestProject } from "./app.ts";

/** When stories begin, unless they say otherwise: a Monday in March, 10:00 in UTC. */
const storyBegins = "2026-03-02T10:00:00.000Z";

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** "90 minutes", "2 hours", "1 day" in milliseconds. */
function lengthOf(text: string): number {
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new Error(`no length of time: ${text}`);
  return Number(count) * units[unit as keyof typeof units];
}

export interface Story {
  readonly id: string;
  /** The clock of the test. */
  now(): Date;
  /** The event comes, and all that is due at once is done. The customer of the payload is made first. */
  when(type: StoryEvent["type"], payload: object, options?: EventOptions): Story;
  /** So much time goes by, and what comes due meanwhile is done, each thing at its moment. */
  after(length: string): Story;
  /** Something else happens in between. */
  meanwhile(act: () => Promise<unknown>): Story;
  pause(): Story;
  activate(): Story;
  /** Plays the story, and holds the newest run of its customer against what is expected; `null`: there is none. */
  expect(wanted: object | null): Promise<void>;
  /** Plays the story. */
  done(): Promise<void>;
}

interface EventOptions {
  readonly eventId?: string;
  readonly recordedAt?: Date;
}

/** Makes the workflow and activates it at the beginning of the story. */
export async function given(
  context: TestApp,
  project: TestProject,
  definition: object,
  begins = storyBegins,
): Promise<Story> {
  const created = await send(project, "POST", "/v1/workflows", { name: `Story ${newId("wfl")}`, ...definition });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  const clock = { now: new Date(begins) };
  const id: string = created.body.id;
  await setStatusAt(context, project, id, "active", clock.now);
  return tellStory(context, project, id, clock);
}

/** Of a workflow that is there. */
export function storyOf(context: TestApp, project: TestProject, id: string, begins: Date): Story {
  return tellStory(context, project, id, { now: begins });
}

function setStatusAt(context: TestApp, project: TestProject, id: string, status: "active" | "paused", at: Date) {
  return context.db.transaction().execute((tx) => setStatus(tx, project.projectId, id, status, at));
}

function tellStory(context: TestApp, project: TestProject, id: string, clock: { now: Date }): Story {
  const acts: (() => Promise<unknown>)[] = [];
  const add = (act: () => Promise<unknown>) => {
    acts.push(act);
    return self;
  };
  const play = async () => {
    for (const act of acts.splice(0)) await act();
  };
  const self: Story = {
    id,
    now: () => clock.now,
    when: (type, payload, options) => add(() => tell(context, project, type, payload, clock.now, options)),
    after: (length) => add(() => pass(context, project, clock, new Date(clock.now.getTime() + lengthOf(length)))),
    meanwhile: (act) => add(act),
    pause: () => add(() => setStatusAt(context, project, id, "paused", clock.now)),
    activate: () =>
      add(async () => {
        await setStatusAt(context, project, id, "active", clock.now);
        await release(context, project, id, clock.now);
        await workUp(context, project, clock.now);
      }),
    done: play,
    expect: async (wanted) => {
      await play();
      const runs = await runsOf(project, id);
      if (wanted === null) expect(runs).toEqual([]);
      else expect(runs[0]).toMatchObject(wanted);
    },
  };
  return self;
}

async function tell(
  context: TestApp,
  project: TestProject,
  type: StoryEvent["type"],
  payload: object,
  at: Date,
  { eventId = newId("evt"), recordedAt = at }: EventOptions = {},
): Promise<void> {
  const event = {
    event_id: eventId,
    project_id: project.projectId,
    xid: "1",
    type,
    occurred_at: at.toISOString(),
    recorded_at: recordedAt.toISOString(),
    payload: payloads[type].parse({ customer: "ada", ...payload }),
  } as StoryEvent;
  const { customer } = event.payload;
  if (customer !== null) await send(project, "PUT", `/v1/customers/${customer}`, {});
  await context.db.transaction().execute((tx) => followEvents(tx, [event], at));
  await workUp(context, project, at);
}

/** What comes due until then, in its order, the clock standing at the moment of each. */
async function pass(context: TestApp, project: TestProject, clock: { now: Date }, until: Date): Promise<void> {
  for (;;) {
    await scanDue(context.db, clock.now);
    await workUp(context, project, clock.now);
    const moments = [(await nextDue(context, project))?.due_at, await nextScan(context, project)];
    const next = moments.filter((moment) => moment !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
    if (next === undefined || next > until) break;
    if (next > clock.now) clock.now = next;
  }
  clock.now = until;
  await scanDue(context.db, clock.now);
  await workUp(context, project, clock.now);
}

/** When the days of a workflow are looked at again: a moment after there is less than a quarter of an hour left. */
async function nextScan(context: TestApp, project: TestProject): Promise<Date | undefined> {
  const row = await context.db
    .selectFrom("workflow_scan as s")
    .innerJoin("workflow as w", (join) =>
      join.onRef("w.project_id", "=", "s.project_id").onRef("w.id", "=", "s.workflow_id"),
    )
    .select("s.scanned_until")
    .where("s.project_id", "=", project.projectId)
    .where("w.status", "=", "active")
    .orderBy("s.scanned_until")
    .executeTakeFirst();
  return row && new Date(row.scanned_until.getTime() - lengthOf("15 minutes") + 1);
}

async function nextDue(context: TestApp, project: TestProject) {
  return context.db
    .selectFrom("workflow_run")
    .select(["project_id", "id as run_id", "position", "due_at"])
    .where("project_id", "=", project.projectId)
    .where("status", "=", "running")
    .where("held", "=", false)
    .orderBy("due_at")
    .orderBy("id")
    .executeTakeFirst();
}

/** Does every step that is due, once: a step that fails has failed. */
async function workUp(context: TestApp, project: TestProject, at: Date): Promise<void> {
  for (let next = await nextDue(context, project); next !== undefined && next.due_at <= at; ) {
    await tryStep(context.db, next, { number: 1, isLast: true }, at);
    next = await nextDue(context, project);
  }
}

async function release(context: TestApp, project: TestProject, id: string, at: Date): Promise<void> {
  await context.db.transaction().execute((tx) => releaseRuns(tx, project.projectId, id, 1_000, at));
}

interface ShownRun {
  readonly id: string;
  readonly version: number;
  readonly depth: number;
  readonly status: string;
  readonly reason: string | null;
  readonly log: readonly {
    readonly type: string | null;
    readonly outcome: string;
    readonly reason: string | null;
    readonly at: string;
  }[];
}

/** With their logs, the newest first. */
export async function runsOf(project: TestProject, workflowId: string): Promise<ShownRun[]> {
  const { body } = await send(project, "GET", `/v1/workflows/${workflowId}/runs?limit=100`);
  const runs: ShownRun[] = [];
  for (const { id } of body.data) runs.push((await send(project, "GET", `/v1/workflow-runs/${id}`)).body);
  return runs;
}

/** A campaign of gift cards in EUR. @returns the sub-campaign's id. */
export async function newCardCampaign(project: TestProject, name = newId("cam")): Promise<string> {
  const all = { name, currency: "EUR" };
  const main = await send(project, "POST", "/v1/campaigns", { type: "main", template: "gift_card", ...all });
  const cards = { type: "sub", parent_id: main.body.id, triggers_on: "redemption", rewards: [], ...all };
  const sub = await send(project, "POST", "/v1/campaigns", cards);
  for (const { body } of [main, sub]) {
    const { status } = await send(project, "POST", `/v1/campaigns/${body.id}/activate`);
    expect(status, JSON.stringify(body)).toBe(200);
  }
  return sub.body.id;
}

/** The payload of an order of one line. */
export function orderPaid(id: string, amount: number, customer = "ada", currency = "EUR"): object {
  return {
    customer,
    order: {
      ...{ id, currency, amount, shipping_amount: 0, discount_amount: 0, total_amount: amount },
      ...{ channel: null, store_id: null },
      items: [
        { sku: "coffee", product_id: null, quantity: 1, unit_amount: amount, categories: [], discount_amount: 0 },
      ],
    },
  };
}
