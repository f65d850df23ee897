/** Matches events to active workflows: a consumer of the outbox, so that no event is missed and none begins two runs. */
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { ConsumerOptions } from "../../ingest/consumer.ts";
import type { DB } from "../db/tables.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { type ActiveWorkflow, readActive } from "./active.ts";
import { customerKey, readCustomers } from "./customers.ts";
import { endRunsOf } from "./end-runs.ts";
import { meets } from "./facts.ts";
import { hasReachedOrders } from "./orders-reached.ts";
import { type Candidate, startRuns } from "./start.ts";
import {
  type Followed,
  followedTypes,
  type Occurrence,
  occurrenceOf,
  triggerKeyOf,
  triggersOf,
} from "./trigger-match.ts";

/** What is told this late is history, an import say: it begins nothing. */
const lateMs = 24 * 3_600_000;

const consumedTypes = [...followedTypes, "customer.erased"] as const;
export type Consumed = Parameters<ConsumerOptions<(typeof consumedTypes)[number]>["handle"]>[1][number];

export function workflowConsumer(deps: {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}): ConsumerOptions<(typeof consumedTypes)[number]> {
  return {
    ...deps,
    name: "workflows",
    types: consumedTypes,
    handle: async (tx, events) => followEvents(tx, events, await databaseNow(tx)),
  };
}

/** @param at what counts as now. */
export async function followEvents(tx: Kysely<DB>, events: readonly Consumed[], at: Date): Promise<void> {
  const followed = events.filter((event): event is Followed => event.type !== "customer.erased");
  const candidates = await findCandidates(tx, followed, at);
  for (const event of events) {
    if (event.type === "customer.erased" && event.payload.customer !== null) {
      await endRunsOf(tx, event.project_id, event.payload.customer, at);
    }
  }
  await startRuns(tx, candidates, at);
}

async function findCandidates(tx: Kysely<DB>, events: readonly Followed[], at: Date): Promise<Candidate[]> {
  const projectIds = [...new Set(events.map((event) => event.project_id))];
  const triggers = [...new Set(events.flatMap((event) => triggersOf[event.type]))];
  const workflows = await readActive(tx, projectIds, triggers);
  if (workflows.length === 0) return [];
  const matched = events.flatMap((event) =>
    workflows.flatMap((workflow) => {
      const occurrence = isFresh(event, workflow) ? occurrenceOf(workflow.definition.trigger, event) : null;
      return occurrence === null || !fitsCurrency(workflow, occurrence) ? [] : [{ event, workflow, occurrence }];
    }),
  );
  if (matched.length === 0) return [];
  const customers = await readCustomers(
    tx,
    matched.map(({ event }) => ({ projectId: event.project_id, identifier: event.payload.customer })),
  );
  const depths = await readDepths(tx, [...new Set(matched.map(({ event }) => event.xid))]);
  const candidates: Candidate[] = [];
  for (const { event, workflow, occurrence } of matched) {
    const customer = customers.get(customerKey(event.project_id, event.payload.customer ?? ""));
    // A guest, or somebody who is erased since.
    if (customer === undefined) continue;
    const { trigger, conditions, settings } = workflow.definition;
    const triggerKey = triggerKeyOf(trigger, event.event_id);
    const isReached = trigger.on === "orders.reached";
    if (isReached && !(await hasReachedOrders(tx, trigger, workflow, customer, occurrence))) continue;
    const asked = { projectId: event.project_id, customer, settings, occurrence, at };
    const isMet = conditions === null || (await meets(tx, conditions, asked));
    // What is reached once is asked about once: a later order does not reach it again.
    if (!isMet && !isReached) continue;
    candidates.push({
      projectId: event.project_id,
      workflow: { id: workflow.id, version: workflow.version, settings },
      customerId: customer.id,
      triggerKey,
      comesOnce: isReached,
      refused: isMet ? null : "conditions_not_met",
      occurrence,
      depth: depths.get(event.xid) ?? 0,
      dueAt: at,
    });
  }
  return candidates;
}

function isFresh(event: Followed, workflow: ActiveWorkflow): boolean {
  if (event.project_id !== workflow.projectId) return false;
  const [occurred, recorded] = [Date.parse(event.occurred_at), Date.parse(event.recorded_at)];
  return recorded >= workflow.activeSince.getTime() && recorded - occurred <= lateMs;
}

export function fitsCurrency({ definition }: Pick<ActiveWorkflow, "definition">, { order }: Occurrence): boolean {
  const { currency } = definition.settings;
  return order === null || currency === undefined || order.currency === currency;
}

/** Of events that a step of a run caused: they are of its transaction. One more than the run's own. */
async function readDepths(tx: Kysely<DB>, xids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ xid: string; depth: number }>`
    select e.xid::text as xid, max(r.depth) + 1 as depth
    from workflow_run_entry e join workflow_run r on r.project_id = e.project_id and r.id = e.run_id
    where e.outcome = 'done' and e.xid = any(${xids}::text[]::xid8[])
    group by 1`.execute(tx);
  return new Map(rows.map((row) => [row.xid, row.depth]));
}
