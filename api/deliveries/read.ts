/** Reading the delivery log, page by page. */
import { z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { type Page, readCursor, toPage } from "../http/pagination.ts";
import { notFound } from "../http/problem.ts";
import { deliveryToWire, findInLog, listAttempts, listLog } from "./log.ts";
import type { DeliveryWire, deliveriesQuery, deliveryWithAttempts } from "./schemas.ts";

export type DeliveryWithAttempts = z.output<typeof deliveryWithAttempts>;

/** Newest first. */
export async function pageOfDeliveries(
  db: Kysely<DB>,
  projectId: string,
  { limit, cursor, from, to, ...query }: z.output<typeof deliveriesQuery>,
): Promise<Page<DeliveryWire>> {
  const rows = await listLog(db, projectId, {
    limit: limit + 1,
    before: readCursor(cursor, z.tuple([z.string()]))?.[0],
    status: query.status,
    channelId: query.channel_id,
    templateId: query.template_id,
    customer: query.customer,
    publicationId: query.publication_id,
    workflowRunId: query.workflow_run_id,
    campaignId: query.campaign_id,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  });
  return toPage(rows, limit, (row) => [row.id], deliveryToWire);
}

/** @throws Problem `not_found` */
export async function readDelivery(db: Kysely<DB>, projectId: string, id: string): Promise<DeliveryWithAttempts> {
  const row = await findInLog(db, projectId, id);
  if (!row) throw notFound("delivery");
  return { ...deliveryToWire(row), attempts_log: await listAttempts(db, projectId, id) };
}
