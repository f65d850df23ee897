import type { Kysely, Selectable } from "kysely";
import { appendEvents } from "../../../ingest/outbox.ts";
import type { DB } from "../../db/tables.ts";
import { newId } from "../../ids.ts";

type Ended = Pick<
  Selectable<DB["publication_job"]>,
  "project_id" | "id" | "campaign_id" | "status" | "total" | "published" | "skipped" | "failed"
>;

/** Once, when nothing more will come of it. */
export async function announceFinished(tx: Kysely<DB>, { project_id, id, status, ...job }: Ended, at: Date) {
  if (status !== "done" && status !== "cancelled" && status !== "failed") return;
  await appendEvents(tx, [
    {
      event_id: newId("evt"),
      project_id,
      type: "publication_job.finished",
      version: 1,
      occurred_at: at.toISOString(),
      payload: {
        job_id: id,
        campaign_id: job.campaign_id,
        status,
        total: job.total,
        published: job.published,
        skipped: job.skipped,
        failed: job.failed,
      },
    },
  ]);
}
