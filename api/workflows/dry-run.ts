/** Whom a workflow would have reached, had it been active: reads, and changes nothing. */
import type { z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { invalid, notFound } from "../http/problem.ts";
import { customerKey, readCustomers } from "./customers.ts";
import { parseStoredDefinition } from "./definition.ts";
import type { dryRunWire } from "./dry-run-schema.ts";
import { type Due, dueOf } from "./due.ts";
import { type Customer, meets } from "./facts.ts";
import { fitsCurrency } from "./follow.ts";
import { crossesOrders } from "./orders-reached.ts";
import { readPastEvents } from "./past-events.ts";
import { findWorkflow, type WorkflowRow } from "./queries.ts";
import { stepSentences } from "./sentence.ts";
import { type Setting, type SimulatedStep, simulateRun } from "./simulate.ts";
import { admits, type Entries } from "./start.ts";
import { type Occurrence, occurrenceOf, triggerKeyOf } from "./trigger-match.ts";
import { isTimed } from "./trigger-schema.ts";
import { namesOf } from "./wire.ts";

const eventsMax = 2_000;
const sampleMax = 20;
const dayMs = 86_400_000;
const daysMax = 31;

/** Yesterday, unless it is said. @throws Problem `invalid_request` for a time that is none, too long or to come. */
function dryRunWindow(from: string | undefined, to: string | undefined, now: Date): Past {
  const today = Math.floor(now.getTime() / dayMs) * dayMs;
  const begins = from === undefined ? new Date(today - dayMs) : new Date(from);
  const ends = to === undefined ? new Date(Math.min(begins.getTime() + dayMs, now.getTime())) : new Date(to);
  if (begins >= now) throw invalid("/from", "Expected an instant in the past.");
  if (ends <= begins) throw invalid("/to", "Expected an instant after `from`.");
  if (ends.getTime() - begins.getTime() > daysMax * dayMs) throw invalid("/to", `Expected at most ${daysMax} days.`);
  return { from: begins, to: ends > now ? now : ends };
}

type Stores = Pick<Deps, "db" | "warehouse">;

interface Beginning {
  readonly customer: Customer;
  readonly occurrence: Occurrence;
  readonly triggerKey: string;
  readonly at: Date;
}

interface Found {
  readonly beginnings: readonly Beginning[];
  readonly count: number;
  readonly read: number;
  /** The time was over before all of them were matched. */
  readonly isCut: boolean;
}

async function dryRun(
  { db, warehouse }: Stores,
  row: WorkflowRow,
  window: { readonly from: Date; readonly to: Date },
  isOver: () => boolean,
): Promise<z.output<typeof dryRunWire>> {
  const projectId = row.project_id;
  const definition = parseStoredDefinition(row.definition);
  const { trigger, conditions, settings, steps } = definition;
  const found = isTimed(trigger.on)
    ? await findDue({ db, warehouse }, projectId, definition, window, isOver)
    : await findPast({ db, warehouse }, projectId, definition, window, isOver);
  const setting: Setting = { db, projectId, definition, sent: new Map() };
  const entries = new Map<string, Entries>();
  const seen = new Set<string>();
  const kept = { conditions: 0, entry: 0 };
  const tally = steps.map(() => ({ reached: 0, done: 0, withheld: new Map<string, number>() }));
  const runs: { readonly customer: string; readonly at: string; readonly steps: readonly SimulatedStep[] }[] = [];
  const reached = new Set<string>();
  let lookedAt = 0;
  for (const { customer, occurrence, triggerKey, at } of found.beginnings) {
    if (isOver()) break;
    lookedAt += 1;
    const asked = { projectId, customer, settings, occurrence, at };
    if (conditions !== null && !(await meets(db, conditions, asked))) {
      kept.conditions += 1;
      continue;
    }
    const key = `${triggerKey} ${customer.id}`;
    if (seen.has(key) || !admits(entries, { workflow: { id: row.id, settings }, customerId: customer.id }, at)) {
      kept.entry += 1;
      continue;
    }
    seen.add(key);
    const simulated = await simulateRun(setting, customer, occurrence, at);
    for (const step of simulated) count(tally[step.position], step);
    if (simulated.some((step) => step.outcome === "done")) reached.add(customer.id);
    runs.push({ customer: customer.identifier, at: at.toISOString(), steps: simulated });
  }
  const sentences = stepSentences(definition, await namesOf(db, projectId, [definition]));
  return {
    from: window.from.toISOString(),
    to: window.to.toISOString(),
    version: row.version,
    events: { count: found.count, read: found.read },
    truncated: found.count > found.read,
    cut_after: found.isCut || lookedAt < found.beginnings.length ? lookedAt : null,
    kept_out: kept,
    began: runs.length,
    customers_reached: reached.size,
    steps: steps.map(({ type }, position) => {
      const { reached: came, done, withheld } = tally[position] ?? { reached: 0, done: 0, withheld: new Map() };
      const sentence = sentences[position] ?? "";
      return { position, type, sentence, reached: came, done, withheld: Object.fromEntries(withheld) };
    }),
    sample: runs.slice(0, sampleMax).map((run) => ({
      customer: { identifier: run.customer },
      at: run.at,
      steps: run.steps.map((step) => ({ ...step, at: step.at.toISOString() })),
    })),
  };
}

interface Tally {
  reached: number;
  done: number;
  readonly withheld: Map<string, number>;
}

function count(tally: Tally | undefined, { outcome, reason }: SimulatedStep): void {
  if (tally === undefined) return;
  tally.reached += 1;
  if (outcome === "done" || outcome === "met" || outcome === "waiting") tally.done += 1;
  else tally.withheld.set(reason ?? outcome, (tally.withheld.get(reason ?? outcome) ?? 0) + 1);
}

type Definition = Setting["definition"];
type Past = { readonly from: Date; readonly to: Date };

async function findPast(
  { db, warehouse }: Stores,
  projectId: string,
  definition: Definition,
  window: Past,
  isOver: () => boolean,
): Promise<Found> {
  const { trigger } = definition;
  const past = await readPastEvents(warehouse, projectId, trigger, { ...window, limit: eventsMax });
  const customers = await readCustomers(
    db,
    past.events.map(({ payload }) => ({ projectId, identifier: payload.customer })),
  );
  const beginnings: Beginning[] = [];
  let isCut = false;
  for (const event of past.events) {
    isCut = isOver();
    if (isCut) break;
    const occurrence = occurrenceOf(trigger, event);
    const customer = customers.get(customerKey(projectId, event.payload.customer ?? ""));
    if (occurrence === null || customer === undefined || !fitsCurrency({ definition }, occurrence)) continue;
    const isCrossing =
      trigger.on !== "orders.reached" || (await crossesOrders(db, trigger, projectId, customer, occurrence));
    if (!isCrossing) continue;
    const triggerKey = triggerKeyOf(trigger, event.event_id);
    beginnings.push({ customer, occurrence, triggerKey, at: new Date(event.occurred_at) });
  }
  return { beginnings, count: past.count, read: past.events.length, isCut };
}

/** Days and hours are counted again from what is known of customers and vouchers now. */
async function findDue(
  { db }: Stores,
  projectId: string,
  definition: Definition,
  window: Past,
  isOver: () => boolean,
): Promise<Found> {
  const due: Due[] = [];
  let after: string | null = "";
  let isCut = false;
  while (after !== null && due.length < eventsMax && !isCut) {
    const page: Awaited<ReturnType<typeof dueOf>> = await dueOf(
      db,
      { projectId, definition },
      { since: window.from, upto: window.to },
      after,
    );
    due.push(...page.due);
    after = page.next;
    isCut = after !== null && isOver();
  }
  const beginnings = due.slice(0, eventsMax).map(({ moment, ...rest }) => ({ ...rest, at: moment }));
  return { beginnings, count: after === null ? due.length : due.length + 1, read: beginnings.length, isCut };
}

/** Somebody waits for the answer: what was found by then is told. */
const timeMaxMs = 10_000;

function timer(): () => boolean {
  const began = performance.now();
  return () => performance.now() - began > timeMaxMs;
}

/** Of the workflow with this id. @throws Problem `not_found`, `invalid_request` */
export async function dryRunOf(
  stores: Stores,
  projectId: string,
  id: string,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  isOver: () => boolean = timer(),
): Promise<z.output<typeof dryRunWire>> {
  const row = await findWorkflow(stores.db, projectId, id);
  if (row === undefined) throw notFound("workflow");
  return dryRun(stores, row, dryRunWindow(from, to, await databaseNow(stores.db)), isOver);
}
