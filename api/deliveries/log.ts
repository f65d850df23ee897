/** The delivery log as it is read. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { AttemptWire, DeliveryWire } from "./schemas.ts";

export interface LogFilter {
  readonly limit: number;
  readonly before: string | undefined;
  readonly status: DB["delivery"]["status"] | undefined;
  readonly channelId: string | undefined;
  readonly templateId: string | undefined;
  readonly customer: string | undefined;
  readonly publicationId: string | undefined;
  readonly workflowRunId: string | undefined;
  readonly campaignId: string | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

function selectLog(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("delivery as d")
    .innerJoin("channel as c", (join) =>
      join.onRef("c.project_id", "=", "d.project_id").onRef("c.id", "=", "d.channel_id"),
    )
    .innerJoin("template as t", (join) =>
      join.onRef("t.project_id", "=", "d.project_id").onRef("t.id", "=", "d.template_id"),
    )
    .innerJoin("customer as u", (join) =>
      join.onRef("u.project_id", "=", "d.project_id").onRef("u.id", "=", "d.customer_id"),
    )
    .selectAll("d")
    .select(["c.name as channel_name", "t.name as template_name", "u.identifier as customer"])
    .where("d.project_id", "=", projectId);
}

type LogRow = Awaited<ReturnType<typeof findInLog>> & object;

export function findInLog(db: Kysely<DB>, projectId: string, id: string) {
  return selectLog(db, projectId).where("d.id", "=", id).executeTakeFirst();
}

/** Newest first. */
export function listLog(db: Kysely<DB>, projectId: string, filter: LogFilter): Promise<LogRow[]> {
  let query = selectLog(db, projectId);
  // Written out: a plan for any status could not count on an index of some (`delivery_by_status`, `delivery_waiting`).
  if (filter.status !== undefined) query = query.where("d.status", "=", sql.lit(filter.status));
  if (filter.channelId !== undefined) query = query.where("d.channel_id", "=", filter.channelId);
  if (filter.templateId !== undefined) query = query.where("d.template_id", "=", filter.templateId);
  if (filter.publicationId !== undefined) query = query.where("d.publication_id", "=", filter.publicationId);
  if (filter.workflowRunId !== undefined) query = query.where("d.workflow_run_id", "=", filter.workflowRunId);
  if (filter.campaignId !== undefined) query = query.where("d.campaign_id", "=", filter.campaignId);
  if (filter.from !== undefined) query = query.where("d.created_at", ">=", filter.from);
  if (filter.to !== undefined) query = query.where("d.created_at", "<", filter.to);
  if (filter.before !== undefined) query = query.where("d.id", "<", filter.before);
  const { customer } = filter;
  if (customer !== undefined) {
    query = query.where("d.customer_id", "=", (eb) =>
      eb.selectFrom("customer").select("id").where("project_id", "=", projectId).where("identifier", "=", customer),
    );
  }
  return query.orderBy("d.id", "desc").limit(filter.limit).execute();
}

export async function listAttempts(db: Kysely<DB>, projectId: string, id: string): Promise<AttemptWire[]> {
  const rows = await db
    .selectFrom("delivery_attempt")
    .select(["number", "outcome", "reason", "provider_id", "started_at", "ended_at"])
    .where("project_id", "=", projectId)
    .where("delivery_id", "=", id)
    .orderBy("number")
    .limit(100)
    .execute();
  return rows.map((row) => ({
    ...row,
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at.toISOString(),
  }));
}

export function deliveryToWire(row: LogRow): DeliveryWire {
  return {
    ...{ id: row.id, status: row.status, reason: row.reason, customer: row.customer, address: row.address },
    channel: { id: row.channel_id, name: row.channel_name, kind: row.channel_kind },
    template: { id: row.template_id, name: row.template_name, version: row.template_version },
    ...{ purpose: row.purpose, source_id: row.source_id, publication_id: row.publication_id },
    ...{ workflow_run_id: row.workflow_run_id, campaign_id: row.campaign_id, provider_id: row.provider_id },
    ...{ attempts: row.attempts_count, may_have_arrived: row.may_have_arrived },
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    sent_at: row.sent_at?.toISOString() ?? null,
  };
}
