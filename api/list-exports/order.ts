/** Orders an export, which a worker then writes. */
import type { z } from "@hono/zod-openapi";
import type { Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import { databaseNow } from "../http/occurred-at.ts";
import { invalid, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { faultOfUrl } from "../outbound/url.ts";
import { countExports, insertExport, isCampaign, stateOfSource } from "./queries.ts";
import type { ExportWire } from "./read.ts";
import { type exportBody, toExportWire } from "./schemas.ts";
import { exportPlace } from "./work.ts";

const most = { open: 5, kept: 50 };

type Body = z.output<typeof exportBody>;

/** @throws Problem `invalid_request`, `conflict` */
export async function orderExport(
  tx: Transaction<DB>,
  { sealer, outbound }: Pick<Deps, "sealer" | "outbound">,
  projectId: string,
  body: Body,
): Promise<ExportWire> {
  await checkSources(tx, projectId, body);
  const to = body.to === "file" ? undefined : body.to;
  const fault = to && faultOfUrl(to.url, outbound);
  if (fault !== undefined) throw invalid("/to/url", `The URL ${fault}.`);
  const { open, kept } = await countExports(tx, projectId);
  if (open >= most.open) throw new Problem("conflict", `At most ${most.open} exports are unfinished at once.`);
  if (kept >= most.kept) throw new Problem("conflict", `At most ${most.kept} files are kept; each goes after 7 days.`);
  const id = newId("lex");
  const at = await databaseNow(tx);
  const row = await insertExport(tx, {
    project_id: projectId,
    id,
    segment_id: body.segment_id ?? null,
    publication_job_id: body.publication_job_id ?? null,
    campaign_id: body.campaign_id ?? null,
    columns: body.columns,
    consent: body.consent ?? null,
    url: to === undefined ? null : sealer.seal(to.url, exportPlace(projectId, id)),
    url_origin: to === undefined ? null : new URL(to.url).origin,
    method: to?.method ?? null,
    status: "queued",
    due_at: at,
    created_at: at,
    updated_at: at,
  });
  return toExportWire(row);
}

async function checkSources(tx: Transaction<DB>, projectId: string, body: Body): Promise<void> {
  const { segment_id, publication_job_id, campaign_id, columns } = body;
  if ((segment_id === undefined) === (publication_job_id === undefined)) {
    throw invalid("", "Name a segment_id or a publication_job_id, and not both.");
  }
  const asksForCodes = columns.some((column) => column.startsWith("code"));
  if (segment_id !== undefined && asksForCodes && campaign_id === undefined) {
    throw invalid("/campaign_id", "Name the campaign whose codes are meant.");
  }
  if (publication_job_id !== undefined && campaign_id !== undefined) {
    throw invalid("/campaign_id", "A publication job has its own campaign.");
  }
  const from = { segment_id: segment_id ?? null, publication_job_id: publication_job_id ?? null };
  const state = await stateOfSource(tx, projectId, from);
  const [field, name] =
    segment_id === undefined ? ["publication_job_id", "publication job"] : ["segment_id", "segment"];
  if (state === "unknown") throw invalid(`/${field}`, `There is no such ${name}.`);
  if (state === "forgotten") throw new Problem("conflict", "The job's customers are forgotten by now.");
  if (campaign_id !== undefined && !(await isCampaign(tx, projectId, campaign_id))) {
    throw invalid("/campaign_id", "There is no such campaign.");
  }
}
